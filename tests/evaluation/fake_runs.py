"""Runs without classifiers: probabilities drawn so that the truth about the arms is known."""

from __future__ import annotations

import numpy as np

from rebal_core.arm import Arm, CellResult, Protocol
from rebal_core.data.split import make_splits
from rebal_core.evaluation import ArmCells


def cells_of(y, proba, splits, *, prior=None, prior_fit=None):
    """Cells as if a model had given these probabilities."""
    k = proba.shape[1]
    found = []
    for s in splits:
        train = np.bincount(y[s.train], minlength=k) / s.train.size if prior is None else prior
        fit = train if prior_fit is None else prior_fit
        seconds = {"resample": 0.1, "fit": 0.2, "predict": 0.3}
        found.append(
            CellResult(s.repeat, s.fold, s.test, y[s.test], proba[s.test], train, fit, seconds)
        )
    return tuple(found)


def arm_cells(name, cells, *, untreated=False, threshold="tuned", repair="chosen", status="done"):
    strategy, classifier = name.split("/")
    family = "reference" if untreated else "over"
    reason = None if status == "done" else "it broke"
    return ArmCells(
        Arm(strategy, classifier), repair, threshold, family, untreated, status, reason, cells
    )


def binary_scores(rng, y, strength, noise, shared):
    """Calibrated-looking probabilities of shape (n, 2) from a shared and an own signal."""
    z = shared + strength * y + noise * rng.normal(size=y.size) - 3.0
    p = 1.0 / (1.0 + np.exp(-z))
    return np.column_stack([1.0 - p, p])


def binary_run(
    seed=0, n=600, positives=60, arms=3, better=0.0, metric="average_precision", rule="f1", **more
):
    """A run of none, threshold and ``arms`` remedies; the first is better by ``better``."""
    rng = np.random.default_rng(seed)
    y = np.zeros(n, dtype=np.int64)
    y[rng.choice(n, positives, replace=False)] = 1
    protocol = Protocol(metric, rule, **more)
    splits = make_splits(y, protocol)
    shared = rng.normal(size=n)
    plain = cells_of(y, binary_scores(rng, y, 1.5, 0.5, shared), splits)
    run = [
        arm_cells("none/logistic", plain, untreated=True, threshold="default"),
        arm_cells("threshold/logistic", plain, untreated=True),
    ]
    for a in range(arms):
        strength = 1.5 + (better if a == 0 else 0.0)
        cells = cells_of(y, binary_scores(rng, y, strength, 0.5, shared), splits)
        run.append(arm_cells(f"remedy{a}/logistic", cells))
    return run, protocol, ("no", "yes"), 1


def many_run(seed=0, sizes=(500, 60, 8, 3, 1), arms=2, metric="macro_f1", rule="macro_f1", **more):
    """Many classes of these sizes; all arms equally good."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int64)
    protocol = Protocol(metric, rule, **more)
    splits = make_splits(y, protocol)
    base = rng.normal(size=(y.size, len(sizes))) + np.log(np.array(sizes) / y.size)
    base[np.arange(y.size), y] += 2.0

    def proba():
        z = base + 0.3 * rng.normal(size=base.shape)
        p = np.exp(z)
        return p / p.sum(1, keepdims=True)

    plain = cells_of(y, proba(), splits)
    run = [
        arm_cells("none/logistic", plain, untreated=True, threshold="default"),
        arm_cells("threshold/logistic", plain, untreated=True),
    ]
    run += [arm_cells(f"remedy{a}/logistic", cells_of(y, proba(), splits)) for a in range(arms)]
    return run, protocol, tuple(f"c{k}" for k in range(len(sizes))), len(sizes) - 1
