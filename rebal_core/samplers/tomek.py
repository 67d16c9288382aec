"""Tomek links: of two nearest rows of different classes, one goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rebal_core.samplers.cleaning import CLASSES, Cleaner
from rebal_core.step import Fold
from rebal_core.wording import Text


class Tomek(Cleaner):
    """Drop rows whose nearest row is of another class, and has them as its own nearest row.

    Parameters
    ----------
    classes : {"others", "majority", "all"}
        Which row of a link goes: by default that of the more frequent class.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    References
    ----------
    Tomek (1976), Two modifications of CNN, IEEE Trans. SMC 6, 769-772.
    """

    parameters = (CLASSES,)
    goes = Text(
        "halves of Tomek links, which are two rows of different classes nearest to each other"
    )

    def __init__(self, classes: str = "others", random_state: int | None = None) -> None:
        self.classes = classes
        self.random_state = random_state

    def disputed(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows are half of a link, shape (n,)."""
        y = fold.rows.y
        _, positions = fold.neighbors.all(1)
        if not positions.shape[1]:
            return np.zeros(len(y), dtype=bool)
        near = np.asarray(positions[:, 0])
        return np.asarray((near[near] == np.arange(len(y))) & (y[near] != y))
