"""SMOTE, then edited nearest neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rebal_core.data.prepare import is_indicator
from rebal_core.data.restore import between, picked
from rebal_core.rows import ORIGINAL, Ints, Recipe, TypedRows
from rebal_core.samplers.base import Counts, RowSampler, chosen, joined, kept
from rebal_core.samplers.neighbors import Graphs, nearest
from rebal_core.samplers.smote import SMOTE


class SMOTEENN(RowSampler):
    """Grow the rarer classes by SMOTE, then drop every row that a near row contradicts.

    Parameters
    ----------
    k_neighbors : int
        Of SMOTE.
    ratio, counts
        Of SMOTE, before the cleaning.
    n_neighbors : int
        A row stays when this many of its nearest rows all have its label.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    A class that the cleaning would remove entirely keeps its own rows, and a note says so.

    References
    ----------
    Batista, Prati & Monard (2004), SIGKDD Explorations 6, 20-29; Wilson (1972), IEEE Trans. SMC 2.
    """

    def __init__(
        self,
        k_neighbors: int = 5,
        ratio: float = 1.0,
        counts: Counts = None,
        n_neighbors: int = 3,
        random_state: int | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.ratio = ratio
        self.counts = counts
        self.n_neighbors = n_neighbors
        self.random_state = random_state

    def recipe(self, rows: TypedRows, graph: Graphs, rng: np.random.Generator) -> Recipe:
        """Return what is left of SMOTE's rows, in their order."""
        grown = SMOTE(self.k_neighbors, self.ratio, self.counts).recipe(rows, graph, rng)
        y = rows.y[grown.base]
        keep = undisputed(_space_after(rows, graph, grown), y, self.n_neighbors)
        gone = np.setdiff1d(rows.y, y[keep])
        keep |= np.isin(y, gone) & (grown.origin == ORIGINAL)
        left = chosen(grown, keep)
        if not len(gone):
            return left
        note = (
            "One class kept its own rows: the cleaning would have removed all."
            if len(gone) == 1
            else f"{len(gone)} classes kept their own rows: the cleaning would have removed all."
        )
        return joined(left, kept(np.zeros(0, dtype=np.int64), (note,)))


def undisputed(points: NDArray[np.floating], y: Ints, n_neighbors: int = 3) -> NDArray[np.bool_]:
    """Tell which rows have nearest rows of their own label only (edited nearest neighbours).

    Parameters
    ----------
    points : ndarray of shape (n, d)
    y : ndarray of shape (n,)
    n_neighbors : int

    Returns
    -------
    ndarray of shape (n,), bool
    """
    _, positions = nearest(points, n_neighbors)
    return np.asarray((y[positions] == y[:, None]).all(axis=1))


def _space_after(rows: TypedRows, graph: Graphs, recipe: Recipe) -> NDArray[np.floating]:
    """Return where the made rows lie in the space of the graph."""
    space = graph.space[picked(recipe)]
    free = np.flatnonzero(~is_indicator(rows.layout))
    space[:, free] = between(graph.space[:, free], recipe)
    return space
