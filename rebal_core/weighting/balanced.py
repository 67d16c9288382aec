"""Class weights by frequency."""

from __future__ import annotations

import numpy as np

from rebal_core.params import Number
from rebal_core.rows import Floats, Ints
from rebal_core.step import Fold, Weights

POWER = Number(
    "power",
    "Weight power",
    "1 balances the classes, 0 leaves them as they are.",
    1.0,
    0.0,
    2.0,
)


class ClassWeight(Weights):
    """Weigh each row by its class: ``w_k ~ N_k ** -power``, mean 1 over the rows.

    Parameters
    ----------
    power : float
        1 is "balanced" (every class weighs the same in total), 0 changes nothing; .5 is a
        compromise that moves the probabilities less.
    """

    parameters = (POWER,)

    def __init__(self, power: float = 1.0) -> None:
        self.power = power

    def weights(self, fold: Fold) -> Floats:
        """Return the weight of each row, shape (n,)."""
        y = fold.rows.y
        counts = np.bincount(y)
        by_class = np.maximum(counts, 1).astype(np.float64) ** -self.power
        weights = by_class[y]
        return np.asarray(weights / weights.mean())


def prior(y: Ints, n_classes: int, weight: Floats | None = None) -> Floats:
    """Return the class shares that a classifier sees: weighted rows of each class, sum 1.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels 0..K-1.
    n_classes : int
        K; a class without rows has share 0.
    weight : ndarray of shape (n,), optional
    """
    mass = np.bincount(y, weights=weight, minlength=n_classes).astype(np.float64)
    return np.asarray(mass / mass.sum())


def even(weight: Floats, y: Ints, by: Floats | None = None) -> Floats:
    """Return weights with mean 1 within each class: they move no class shares.

    Parameters
    ----------
    weight : ndarray of shape (n,)
    y : ndarray of shape (n,)
        Labels 0..K-1.
    by : ndarray of shape (n,), optional
        By which the mean is weighted.
    """
    mass = np.bincount(y, by)
    total = np.bincount(y, weight if by is None else weight * by)
    return np.asarray(weight * np.divide(mass, total, out=np.ones(len(mass)), where=total > 0)[y])
