"""Compare our paired bootstrap of average precision and AUC with a loop over scikit-learn.

20,000 out-of-fold rows, 2 % positive, ten arms, five folds. Every draw weighs the rows anew, with
the same weights for all arms.

    python benchmarks/bootstrap.py [rows]

``ranking``: our time for both scores of all arms in 400 draws, and the loop's time for a draw
divided by ours for a draw (above 1 we are faster); the loop runs 3 draws. ``largest gap`` is the
largest difference between the two on those draws. ``every metric``: what the whole report costs,
five scores and eight decision metrics at two cut-offs, against the loop's two scores, per draw.

The bound: each weight is read once for each arm, 4 bytes a row, arm and draw. ``times one reading``
is our time over that of summing the same weights in the same order of memory.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from rebal_core.arm import CellResult, Protocol
from rebal_core.data.split import make_splits
from rebal_core.decisions import decide, parse_rule
from rebal_core.evaluation.bootstrap import POISSON, score_arms
from rebal_core.metrics.probabilities import rank_scores
from rebal_core.rows import Floats, Ints

ROWS, SHARE, ARMS, DRAWS, NAIVE = 20_000, 0.02, 10, 400, 3


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU seconds, which one thread on a busy machine does not stretch, and the result."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def probabilities(y: Ints, rng: np.random.Generator) -> Floats:
    p = 1.0 / (1.0 + np.exp(4.5 - 1.5 * y - rng.normal(size=(ARMS, y.size))))
    return np.stack([1.0 - p, p], axis=2)


def cells(y: Ints, proba: Floats, protocol: Protocol) -> list[CellResult]:
    prior = np.array([1.0 - y.mean(), y.mean()])
    return [
        CellResult(s.repeat, s.fold, s.test, y[s.test], proba[s.test], prior, prior)
        for s in make_splits(y, protocol)
    ]


def ours(folds: list[Ints], y: Ints, proba: Floats, weights: list[Floats]) -> Floats:
    """Return both scores, shape (arms, 2, folds, draws)."""
    pairs = [(rows, w) for rows, w in zip(folds, weights, strict=True)]
    found = [[rank_scores(p[rows, 1], y[rows] == 1, w) for rows, w in pairs] for p in proba]
    return np.array(found).swapaxes(1, 2)


def loop(folds: list[Ints], y: Ints, proba: Floats, weights: list[Floats]) -> Floats:
    """Return the same for the first draws, one call of scikit-learn a number."""
    found = np.empty((ARMS, 2, len(folds), NAIVE))
    for i, p in enumerate(proba):
        for f, (rows, w) in enumerate(zip(folds, weights, strict=True)):
            for b in range(NAIVE):
                for m, score in enumerate((roc_auc_score, average_precision_score)):
                    found[i, m, f, b] = score(y[rows], p[rows, 1], sample_weight=w[:, b])
    return found


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    rng = np.random.default_rng(0)
    y = (rng.random(n) < SHARE).astype(np.int64)
    proba, protocol = probabilities(y, rng), Protocol("average_precision", "f1")
    folds = [s.test for s in make_splits(y, protocol)]
    weights = [POISSON[rng.integers(0, POISSON.size, (f.size, DRAWS))] for f in folds]
    ours([f[:50] for f in folds], y, proba, [w[:50] for w in weights])  # compiles
    fast, found = timed(lambda: ours(folds, y, proba, weights))
    slow, expected = timed(lambda: loop(folds, y, proba, weights))
    gap = np.abs(found[..., :NAIVE] - expected).max()
    reading, _ = timed(lambda: [w.sum(axis=0) for w in weights for _ in range(ARMS)])
    print(f"ranking {n:,} rows, {ARMS} arms, {DRAWS} draws: {fast:.2f} s")
    print(f"  loop / ours per draw {slow / NAIVE / (fast / DRAWS):.1f}, largest gap {gap:.1e}")
    print(f"  times one reading {fast / reading:.1f}")
    rule = parse_rule("f1")
    arms = {str(i): decide(cells(y, p, protocol), "none", rule, "stratified", 1)
            for i, p in enumerate(proba)}  # fmt: skip
    whole, scores = timed(lambda: score_arms(arms, 2, 1, 0))
    draws = scores["0"].series("roc_auc").draws.shape[1]
    print(f"every metric, {draws} draws: {whole:.2f} s, "
          f"loop of two / ours of all per draw {slow / NAIVE / (whole / draws):.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
