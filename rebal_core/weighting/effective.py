"""Class weights by the effective number of rows, and by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from rebal_core.params import Number, Table
from rebal_core.rows import Floats, Ints
from rebal_core.step import Fold, Weights
from rebal_core.wording import Text

BETA = Number(
    "beta",
    "Overlap of rows β",
    "How much of each further row is new: near 1 all of it, which is the inverse of the class "
    "size; 0 nothing, and the classes weigh as they are.",
    0.999,
    0.0,
    0.999999,
)
CLASS_WEIGHTS = Table(
    "class_weights",
    "Weights of the classes",
    "How much a row of each class counts; a class that is not named counts 1.",
    low=1e-6,
    high=1e6,
)


def effective_weights(counts: Ints, beta: float) -> Floats:
    """Return ``(1 - beta) / (1 - beta ** N_k)`` of each class, that of one row where it has none.

    Parameters
    ----------
    counts : ndarray of shape (K,)
    beta : float
        From 0, below 1.
    """
    rows = np.maximum(counts, 1)
    # 1 - beta ** n without the loss of digits where beta is near 1.
    seen = -np.expm1(rows * np.log(beta)) if beta > 0 else np.ones(len(rows))
    return np.asarray((1 - beta) / seen)


class EffectiveNumber(Weights):
    """Weigh each row by ``(1 - beta) / (1 - beta ** N_k)`` of its class, mean 1 over the rows.

    Parameters
    ----------
    beta : float
        0 changes nothing, towards 1 it becomes the inverse of the class size.

    References
    ----------
    Cui, Jia, Lin, Song, Belongie (2019), Class-balanced loss based on effective number of samples,
    CVPR, 9268-9277, eq. 2.
    """

    parameters = (BETA,)

    def __init__(self, beta: float = 0.999) -> None:
        self.beta = beta

    def weights(self, fold: Fold) -> Floats:
        """Return the weight of each row, shape (n,)."""
        y = fold.rows.y
        weights = effective_weights(np.bincount(y), self.beta)[y]
        return np.asarray(weights / weights.mean())


class ManualWeight(Weights):
    """Weigh each row by what its class was given, mean 1 over the rows.

    Parameters
    ----------
    class_weights : mapping of label code to number, or its items, optional
        A class that is not named has 1.
    """

    parameters = (CLASS_WEIGHTS,)

    def __init__(
        self, class_weights: Mapping[int, float] | Iterable[tuple[int, float]] | None = None
    ) -> None:
        self.class_weights = class_weights

    def weights(self, fold: Fold) -> Floats:
        """Return the weight of each row, shape (n,)."""
        by_class = np.full(fold.n_classes, CLASS_WEIGHTS.rest)
        for label, weight in dict(self.class_weights or ()).items():
            by_class[label] = weight
        weights = by_class[fold.rows.y]
        return np.asarray(weights / weights.mean())

    def idle(self) -> Text | None:
        """Tell that nobody has said what the classes weigh."""
        if self.class_weights:
            return None
        return Text("No class was given a weight; set how much a row of each class counts.")
