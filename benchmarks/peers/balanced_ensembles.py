"""Hold ``self_paced``, ``balance_cascade`` and ``under_bagging`` against the code of imbens.

ROC-AUC and average precision on small imbalanced sets, the same five stratified folds, the same
base (an unpruned tree), as many models, and the same number of seeds on both sides. As it comes,
imbens draws with replacement, rows of the rare class too; ours keeps these rows as they are, as the
papers say. So each is held against the one that draws alike: its cascade without replacement
and its under-bagging without the bootstrap against ours, and ours made to draw with replacement
(under-bagging: ``balanced_bagging``) against its own. (Its self-paced ensemble stops with an error
without replacement.) A gap counts where it is larger than ``FAR`` and than three of its standard
errors over the seeds; the last numbers are what drawing with replacement is worth.

    bash benchmarks/peers/make.sh
    REBAL_DATA=<folder of the real tables> python benchmarks/peers/balanced_ensembles.py

It takes some minutes on one core, and writes ``balanced_ensembles.json`` beside it.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from beside import asked, hash_of, keep
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from rebal_core.arm import Protocol
from rebal_core.classifiers import SklearnModel
from rebal_core.data.split import make_splits
from rebal_core.ensembles import BalanceCascade, BalancedBagging, SelfPaced, UnderBagging
from rebal_core.model import FitJob
from rebal_core.rows import Floats, Ints, Layout, TypedRows

SETS = ("page-blocks0", "vowel0", "segment0", "glass-0-1-6_vs_2", "new_thyroid1", "glass4")
#: In the order of imbens_side.py: the step, and whether it is made to draw with replacement.
KINDS = {
    "self_paced, replacement": (SelfPaced, True),
    "balance_cascade, replacement": (BalanceCascade, True),
    "balance_cascade": (BalanceCascade, False),
    "under_bagging, bootstrap": (BalancedBagging, False),
    "under_bagging": (UnderBagging, False),
    "self_paced": (SelfPaced, False),
}
MEMBERS, SEEDS, FAR = 10, 10, 0.01


def table(folder: Path, name: str) -> tuple[Floats, Ints]:
    """Return numbers and labels, 1 the rarer; the last column is the label."""
    frame = pd.read_parquet(folder / "small" / f"{name}.parquet")
    label = frame.iloc[:, -1]
    y = (label == label.value_counts().index[-1]).to_numpy().astype(np.int64)
    return frame.iloc[:, :-1].to_numpy(dtype=np.float64), y


class WithReplacement:
    """Random numbers whose choices may repeat, whatever is asked."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rng, name)

    def choice(self, values: Any, size: int, replace: bool = True) -> Any:
        """Choose with replacement."""
        return self._rng.choice(values, size)


def scored(x: Floats, y: Ints, fold: Ints) -> Floats:
    """Return both scores of each kind, seed and fold."""
    names = tuple(f"x{j}" for j in range(x.shape[1]))
    codes, layout = np.zeros((len(y), 0), dtype=np.int32), Layout(names, players=names)
    rows = TypedRows(x.astype(np.float32), codes, y, layout)

    def tree(seed: int) -> SklearnModel:
        return SklearnModel(DecisionTreeClassifier(random_state=seed), "ordinal")

    scores = np.zeros((len(KINDS), SEEDS, fold.max() + 1, 2))
    for k, (step, again) in enumerate(KINDS.values()):
        for seed in range(SEEDS):
            for f in range(scores.shape[2]):
                test = np.flatnonzero(fold == f)
                model = step(MEMBERS).build(tree, seed)
                if again and (grow := model.grow) is not None:
                    model.grow = partial(_grown, grow)
                model.fit(FitJob(rows.take(np.flatnonzero(fold != f)), None, 2))
                p = model.predict_proba(rows.take(test))[:, 1]
                truth = y[test]
                scores[k, seed, f] = roc_auc_score(truth, p), average_precision_score(truth, p)
    return scores


def _grown(grow: Any, members: Any, job: FitJob, rng: np.random.Generator) -> Any:
    return grow(members, job, WithReplacement(rng))


def main() -> None:
    """Score both sides and print the gaps."""
    folder = Path(os.environ["REBAL_DATA"])
    found: dict[str, Any] = {}
    hashes, apart, worth = {}, 0, []
    for name in SETS:
        x, y = table(folder, name)
        fold = np.zeros(len(y), dtype=np.int64)
        for split in make_splits(y, Protocol("roc_auc", "none", folds=5)):
            fold[split.test] = split.fold
        theirs = asked("imbens", {"x": x, "y": y, "fold": fold, "seeds": np.arange(SEEDS),
                                  "members": np.array(MEMBERS)})  # fmt: skip
        ours, peer = scored(x, y, fold).mean(2), theirs["scores"].mean(2)
        hashes[name] = hash_of({"x": x, "y": y})
        for k, kind in enumerate([*KINDS][: len(peer)]):
            gap = ours[k].mean(0) - peer[k].mean(0)
            error = np.sqrt((ours[k].var(0, ddof=1) + peer[k].var(0, ddof=1)) / SEEDS)
            apart += int((np.abs(gap) > np.maximum(FAR, 3 * error)).sum())
            for j, metric in enumerate(("roc_auc", "average_precision")):
                found[f"{name} {kind} {metric}"] = {
                    "ours": round(float(ours[k, :, j].mean()), 4),
                    "imbens": round(float(peer[k, :, j].mean()), 4),
                    "gap": round(float(gap[j]), 4),
                    "error": round(float(error[j]), 4),
                }
        means = dict(zip(KINDS, ours.mean(1).tolist(), strict=True))
        for kind, drawn in (("self_paced", "self_paced, replacement"),
                            ("balance_cascade", "balance_cascade, replacement"),
                            ("under_bagging", "under_bagging, bootstrap")):  # fmt: skip
            worth.append([b - a for a, b in zip(means[kind], means[drawn], strict=True)])
    gaps = np.array([cell["gap"] for cell in found.values()])
    numbers = {
        "mean gap": round(float(gaps.mean()), 4),
        "mean |gap|": round(float(np.abs(gaps).mean()), 4),
        "apart": f"{apart} of {gaps.size}",
        "worth of replacement": dict(
            zip(
                ("roc_auc", "average_precision"),
                np.round(np.mean(worth, 0), 4).tolist(),
                strict=True,
            )
        ),
        "scores": found,
    }
    keep("balanced_ensembles", numbers, repr(hashes), theirs["versions"])


if __name__ == "__main__":
    main()
