"""What repairs do to verdicts: no false alarms on equal arms, and a planted gain still found.

``planted``: ten arms and an untreated one on n = 1,000 rows, 100 of the class, 5x1; nine arms see
equally informative columns of their own, one sees better ones: +.12 AUC. Counted are the runs in
which it HELPS, with every arm's probabilities left alone and with repairs as they are chosen.
``equal``: the same without the better arm; any HELPS is false, and so is a run without a verdict.
``noise``: whole comparisons of the quick plan on tables in which there is nothing to learn.
Run it with

    python benchmarks/repaired_verdicts.py planted|equal|noise [runs]

A hundred runs of ``planted`` or ``equal`` take about three minutes on one core.
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rebal_core import compare
from rebal_core.arm import Arm, CellResult, Protocol, Split
from rebal_core.data.split import make_splits
from rebal_core.evaluation import ArmCells, Evaluation, evaluate
from rebal_core.rows import Floats, Ints

ARMS, ROWS, POSITIVES = 10, 1_000, 100


def simulated(
    seed: int, *, planted: bool, metric: str, repair: str = "chosen"
) -> tuple[Evaluation, float]:
    """Return one judged run of exchangeable arms, and the AUC gain of the first."""
    rng = np.random.default_rng(seed)
    y = rng.permutation((np.arange(ROWS) < POSITIVES).astype(np.int64))
    protocol = Protocol(metric, "f1", seed=seed)
    splits = make_splits(y, protocol)
    base = rng.normal(size=(ROWS, 2)) + 0.5 * y[:, None]

    def columns(strength: float) -> Floats:
        own = rng.normal(size=(ROWS, 3)) + strength * y[:, None]
        return np.column_stack([base, own])

    arms = [_arm("threshold", _cells(columns(0.35), y, splits), repair)]
    for a in range(ARMS):
        strength = 0.8 if planted and a == 0 else 0.35
        arms.append(_arm(f"remedy{a}", _cells(columns(strength), y, splits), repair))
    e = evaluate(arms, protocol, ("no", "yes"), 1)
    auc = [np.mean([roc_auc_score(c.y, c.proba[:, 1]) for c in arm.cells]) for arm in arms[:2]]
    return e, float(auc[1] - auc[0])


def _cells(x: Floats, y: Ints, splits: list[Split]) -> tuple[CellResult, ...]:
    found = []
    for s in splits:
        proba = LogisticRegression().fit(x[s.train], y[s.train]).predict_proba(x[s.test])
        share = np.bincount(y[s.train]) / s.train.size
        found.append(CellResult(s.repeat, s.fold, s.test, y[s.test], proba, share, share))
    return tuple(found)


def _arm(name: str, cells: tuple[CellResult, ...], repair: str) -> ArmCells:
    untreated = name == "threshold"
    family = "reference" if untreated else "over"
    return ArmCells(Arm(name, "logistic"), repair, "tuned", family, untreated, "done", None, cells)


def planted(runs: int) -> None:
    """Print the share of runs in which the better arm HELPS."""
    for metric in ("roc_auc", "log_loss"):
        for repair in ("none", "chosen"):
            judged = [
                simulated(seed, planted=True, metric=metric, repair=repair) for seed in range(runs)
            ]
            helps = np.mean([e.verdicts["remedy0/logistic"].code == "HELPS" for e, _ in judged])
            gain = np.mean([auc for _, auc in judged])
            print(f"{metric:18} {repair:7} found {helps:.2f} (AUC +{gain:.3f})", flush=True)


def equal(runs: int) -> None:
    """Print how many runs of equal arms say HELPS of any, and how many say nothing."""
    for metric in ("average_precision", "f1", "log_loss"):
        judged = [simulated(seed, planted=False, metric=metric)[0] for seed in range(runs)]
        codes = [[v.code for v in e.verdicts.values()] for e in judged]
        false = sum("HELPS" in each for each in codes)
        silent = sum(e.run.code == "NO_VERDICT" for e in judged)
        print(f"{metric:18} {runs} runs: {false} false HELPS, {silent} NO_VERDICT", flush=True)


def noise(runs: int) -> None:
    """Print the verdicts of whole comparisons on tables of noise."""
    codes: Counter[str] = Counter()
    helped = 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        table = pd.DataFrame(rng.normal(size=(1_000, 6)), columns=[f"x{j}" for j in range(6)])
        label = rng.permutation(np.where(np.arange(1_000) < 70, "yes", "no"))
        found = compare(table.assign(label=label), "label", seed=seed)
        codes[found.report["verdict"]["code"]] += 1
        helped += int((found.arms["code"] == "HELPS").any())
    print(f"{runs} noise tables: {helped} with a false HELPS, runs {dict(codes)}")


def main() -> None:
    kinds = {"planted": planted, "equal": equal, "noise": noise}
    if len(sys.argv) < 2 or sys.argv[1] not in kinds:
        print(f"Name one of: {', '.join(kinds)}.")
        return
    kinds[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 20)


if __name__ == "__main__":
    main()
