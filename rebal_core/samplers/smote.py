"""SMOTE on a ready neighbour graph."""

from __future__ import annotations

import numpy as np

from rebal_core.rows import Recipe, TypedRows
from rebal_core.samplers.base import (
    Counts,
    RowSampler,
    copies,
    counts_after,
    interpolations,
    joined,
    kept,
)
from rebal_core.samplers.neighbors import Graphs


class SMOTE(RowSampler):
    """Make rows between a row of a class and one of its nearest neighbours in the same class.

    Parameters
    ----------
    k_neighbors : int
        Neighbours to choose from; a class of n rows uses at most n - 1.
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    A class of one row has no neighbour: its row is repeated, and a note says so.

    References
    ----------
    Chawla et al. (2002), SMOTE: Synthetic Minority Over-sampling Technique, JAIR 16, 321-357.
    """

    def __init__(
        self,
        k_neighbors: int = 5,
        ratio: float = 1.0,
        counts: Counts = None,
        random_state: int | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.ratio = ratio
        self.counts = counts
        self.random_state = random_state

    def recipe(self, rows: TypedRows, graph: Graphs, rng: np.random.Generator) -> Recipe:
        """Keep all rows and add the made ones, class by class."""
        now = np.bincount(rows.y)
        after = counts_after(tuple(now.tolist()), self.ratio, "over", self.counts)
        parts = [kept(np.arange(len(rows)))]
        lonely = 0
        for label in np.flatnonzero(np.array(after) > now):
            own, size = np.flatnonzero(rows.y == label), after[label] - now[label]
            if len(own) == 1:
                parts.append(copies(np.repeat(own, size)))
                lonely += 1
                continue
            _, mates = graph.within(int(label), self.k_neighbors)
            row, column = np.divmod(rng.integers(0, mates.size, size), mates.shape[1])
            parts.append(interpolations(own[row], np.asarray(mates[row, column]), rng))
        if lonely:
            note = (
                "One class of one training row was copied: there is no neighbour."
                if lonely == 1
                else f"{lonely} classes of one training row were copied: there is no neighbour."
            )
            parts.append(kept(np.zeros(0, dtype=np.int64), (note,)))
        return joined(*parts)
