"""Compare our exact neighbour search, and SMOTE on it, with scikit-learn and imbalanced-learn.

50,000 rows x 20 standard normal numbers, a tenth of them positive, one thread.

    python benchmarks/neighbours.py [rows]

``search``: five nearest other rows of every row; our time, scikit-learn's brute force divided by
ours (above 1 we are faster), and whether both name the same rows. ``smote``: from arrays to the
balanced arrays, imbalanced-learn's time divided by ours.

The bound: a score of two rows is 21 multiply-adds in float32, so the search is 2 x 21 x n^2
operations; ``share of peak`` is that over our time, divided by what a large square product reaches
here. It cannot come near 1: the scores are 4 n^2 bytes, written and read once through the cache to
take their block minima, and each is used for no more than those 21 multiply-adds.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from imblearn.over_sampling import SMOTE as TheirSMOTE
from sklearn.neighbors import NearestNeighbors

from rebal_core.samplers import SMOTE, nearest

ROWS, WIDTH, SHARE, K = 50_000, 20, 0.1, 5


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU seconds, which one thread on a busy machine does not stretch, and the result."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def peak(size: int = 2048) -> float:
    """Return the operations a second of a large float32 product."""
    a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    return 2.0 * size**3 / min(timed(lambda: a @ a)[0] for _ in range(3))


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, WIDTH)), (rng.random(n) < SHARE).astype(int)
    ours, (_, found) = timed(lambda: nearest(X, K))
    brute = NearestNeighbors(n_neighbors=K + 1, algorithm="brute", n_jobs=1).fit(X)
    theirs, positions = timed(lambda: brute.kneighbors(X, return_distance=False))
    same = (positions[:, 1:] == found).all(axis=1).mean()
    share = 2.0 * (WIDTH + 1) * n**2 / ours / peak()
    print(
        f"search {n:,} x {WIDTH}: ours {ours:.2f} s, scikit-learn brute / ours {theirs / ours:.2f}"
    )
    print(f"  equal rows {same:.4%}, share of peak {share:.1%}")
    ours, (made, _) = timed(lambda: SMOTE(random_state=0).fit_resample(X, y))
    theirs, (other, _) = timed(lambda: TheirSMOTE(random_state=0).fit_resample(X, y))
    print(f"smote end to end: ours {ours:.2f} s, imbalanced-learn / ours {theirs / ours:.2f}")
    print(f"  rows made {len(made) - n:,} and {len(other) - n:,}")


if __name__ == "__main__":
    main()
