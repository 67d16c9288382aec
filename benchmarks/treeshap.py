"""Compare our interventional TreeSHAP with shap's, and both with the model's own output.

100 trees on 4,000 rows x 12 numbers; 100 rows explained against 100 background rows; the
probability of one class for the forest, the margin for boosting (float64 inputs, as users of shap
pass them).

    python benchmarks/treeshap.py [explained rows]

``shap / ours`` is the ratio of times, above 1 we are faster; ``error`` the largest
|sum of values + base - the model's own output|; ``gap`` the largest difference between the values.
Where shap's error is large and the ratio below 1, speed is not what is compared.

The bound: one walk a tree and pair of rows, which ends in every leaf that a coalition of the two
can reach. ``ns a leaf`` is our time over the leaves that those walks reach, counted on a sample; it
holds the way down, a few cache misses in trees of this size, and the values of the leaf's players.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shap
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from rebal_core.explain import kernel, trees
from rebal_core.explain.kernel import Ensemble
from rebal_core.rows import Floats

TRAIN, WIDTH, EXPLAINED, BACKGROUND, SAMPLE = 4_000, 12, 100, 100, 20


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU seconds, which one thread on a busy machine does not stretch, and the result."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def ours(ensemble: Ensemble, rows: Floats, background: Floats) -> Floats:
    worth = np.zeros((len(rows), len(background), 2))
    worth[:, :, 1] = 1.0
    return kernel.shapley(ensemble, rows, background, np.arange(WIDTH), worth)


def theirs(model: Any, rows: Floats, background: Floats) -> Floats:
    masker = shap.maskers.Independent(background, max_samples=len(background))
    explainer = shap.TreeExplainer(model, masker, feature_perturbation="interventional")
    values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    return values[:, :, 1] if values.ndim == 3 else values


def leaves(ensemble: Ensemble, x: Floats, b: Floats) -> int:
    """Count the leaves that some coalition of x and b reaches."""

    def below(node: int, side: dict[int, Floats]) -> int:
        while ensemble.left[node] >= 0:
            f = int(ensemble.feature[node])
            ways = {
                bool(row[f] <= ensemble.threshold[node]): row
                for row in ([side[f]] if f in side else [x, b])
            }
            if len(ways) == 2:
                return sum(
                    below(ensemble.left[node] if left else ensemble.right[node], {**side, f: row})
                    for left, row in ways.items()
                )
            node = ensemble.left[node] if next(iter(ways)) else ensemble.right[node]
        return 1

    return sum(below(root, {}) for root in ensemble.roots)


def report(
    name: str, model: Any, ensemble: Ensemble, output: Callable[[Floats], Floats], X: Floats, n: int
) -> None:
    rows, background = X[:n], X[-BACKGROUND:]
    ours(ensemble, rows[:1], background[:1])  # compiles
    fast, found = timed(lambda: ours(ensemble, rows, background))
    slow, values = timed(lambda: theirs(model, rows, background))
    wanted = output(rows) - output(background).mean()
    errors = [np.abs(v.sum(axis=1) - wanted).max() for v in (found, values)]
    picks = np.random.default_rng(0).integers(0, (len(rows), BACKGROUND), (SAMPLE, 2))
    reached = np.mean([leaves(ensemble, rows[i], background[j]) for i, j in picks])
    print(f"{name}: ours {fast:.2f} s, shap / ours {slow / fast:.1f}")
    gap = np.abs(found - values).max()
    print(f"  error ours {errors[0]:.1e}, shap {errors[1]:.1e}, gap {gap:.1e}")
    print(f"  {1e9 * fast / (reached * len(rows) * BACKGROUND):.0f} ns a leaf")


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else EXPLAINED
    rng = np.random.default_rng(0)
    X = rng.normal(size=(TRAIN, WIDTH)).astype(np.float32).astype(np.float64)
    y = (X[:, 0] * X[:, 1] + X[:, 2] + rng.normal(size=TRAIN) > 1.5).astype(int)
    forest = RandomForestClassifier(100, random_state=0, n_jobs=1).fit(X, y)
    read = trees.forest(forest.estimators_, np.arange(2), 2)
    report("forest", forest, read, lambda rows: forest.predict_proba(rows)[:, 1], X, n)
    fine = X + 1e-9 * rng.normal(size=X.shape)  # what float32 would round away
    boosted = HistGradientBoostingClassifier(early_stopping=False, random_state=0).fit(fine, y)
    read = trees.boosting(boosted, np.array([1]))
    report("boosting", boosted, read, boosted.decision_function, fine, n)


if __name__ == "__main__":
    main()
