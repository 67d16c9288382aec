"""Every loss against the cross-entropy at its tuned cut-off, on tables fixed before the run.

    python benchmarks/losses.py [equal | tail | hard ...]

Each table is the setting of which a paper claims that its loss is better; a verdict is that of a
comparison of the product, 5 folds, seed 0. A loss that does not win is listed as such.

equal
    A logistic truth of 5 % prevalence, 4,000 rows, on logistic regression, average precision: no
    loss can be better than the cross-entropy here, so none may be said to help.
tail
    Ten Gaussians in five dimensions, class sizes falling exponentially by 100 (Cao et al. 2019; Cui
    et al. 2019; Menon et al. 2021; Ren et al. 2020), 8,000 rows, on a network, balanced accuracy.
    The best balanced accuracy there is, that of equal priors, is told as well.
hard
    2 % positives among many easy rows and a few hard ones (Lin et al. 2017), 12,000 rows, on a
    network, average precision.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.store.store import Store

LOSSES = (
    "weighted_ce",
    "focal",
    "class_balanced",
    "ldam_drw",
    "balanced_softmax",
    "logit_adjusted_loss",
    "label_smoothing",
    "prior_matching",
)


def equal() -> tuple[pd.DataFrame, str, str, float | None]:
    """Return the table on which all are equal, the learner, the metric and the best score."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 6))
    p = 1 / (1 + np.exp(3.6 - x @ np.array([1.0, -0.8, 0.6, 0.4, 0.0, 0.0])))
    frame = pd.DataFrame(x).add_prefix("x")
    frame["label"] = np.where(rng.random(4000) < p, "rare", "common")
    return frame, "torch_logistic", "average_precision", None


def tail() -> tuple[pd.DataFrame, str, str, float | None]:
    """Return the long tail."""
    rng = np.random.default_rng(0)
    sizes = np.geomspace(100, 1, 10)
    sizes = np.maximum((8000 * sizes / sizes.sum()).round().astype(int), 10)
    centres = rng.normal(0, 1.1, (10, 5))
    y = np.repeat(np.arange(10), sizes)
    frame = pd.DataFrame(centres[y] + rng.normal(size=(y.size, 5))).add_prefix("x")
    frame["label"] = pd.Series(y).map("class {}".format)
    fresh = np.repeat(np.arange(10), 20_000)
    x = centres[fresh] + rng.normal(size=(fresh.size, 5))
    nearest = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    return frame, "mlp", "balanced_accuracy", float((nearest == fresh).mean())


def hard() -> tuple[pd.DataFrame, str, str, float | None]:
    """Return the many easy rows."""
    rng = np.random.default_rng(0)
    n = 12_000
    y = rng.random(n) < 0.02
    near = rng.random(n) < np.where(y, 1.0, 0.05)  # the hard ones of the common class lie nearby
    x = rng.normal(size=(n, 6))
    x[:, 0] += np.where(near, 4.0, 0.0)
    x[:, 1] += np.where(y, 1.5, 0.0) * np.sign(x[:, 2])
    frame = pd.DataFrame(x).add_prefix("x")
    frame["label"] = np.where(y, "rare", "common")
    return frame, "mlp", "average_precision", None


TABLES = {"equal": equal, "tail": tail, "hard": hard}


def main(names: list[str]) -> None:
    """Compare and print."""
    for name in names or list(TABLES):
        frame, learner, metric, best = TABLES[name]()
        with tempfile.TemporaryDirectory() as home:
            store = Store(Path(home))
            _, folder = store.new_dataset_folder()
            dataset = from_frame(frame, folder, target="label")
            store.add_dataset(dataset)
            plan = make_plan(dataset, strategies=LOSSES, classifiers=learner, metric=metric)
            told = report(store, run_here(store, plan).run)
            store.close()
        print(f"\n{name}: {len(frame):,} rows, {learner}, {metric}; best there is: {best}")
        print(told["verdict"]["code"], told["verdict"]["sentence"])
        for arm in told["arms"]:
            _line(arm)


def _line(arm: dict[str, Any]) -> None:
    metrics, score, verdict = arm["metrics"], arm["score"], arm["verdict"]
    if not metrics:
        print(f"{arm['strategy']!s:22}{arm['status']} {arm['reason']}")
        return
    loss = metrics["log_loss"]["mean"]
    words = f"{arm['strategy']!s:22}{score['mean']:8.4f}  log loss {loss:.4f}"
    if verdict:
        v = verdict
        words += f"  {v['delta']:+.4f} [{v['low']:+.4f}, {v['high']:+.4f}]  {v['code']}"
    print(words)


if __name__ == "__main__":
    main(sys.argv[1:])
