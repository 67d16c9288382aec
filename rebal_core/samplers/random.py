"""Random oversampling and undersampling."""

from __future__ import annotations

import numpy as np

from rebal_core.rows import Recipe, TypedRows
from rebal_core.samplers.base import Counts, RowSampler, copies, counts_after, joined, kept
from rebal_core.samplers.neighbors import Graphs


class RandomOver(RowSampler):
    """Repeat rows of the rarer classes, drawn with replacement.

    Parameters
    ----------
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio.
    random_state : int, optional
        For :meth:`fit_resample` alone.
    """

    def __init__(
        self, ratio: float = 1.0, counts: Counts = None, random_state: int | None = None
    ) -> None:
        self.ratio = ratio
        self.counts = counts
        self.random_state = random_state

    def recipe(self, rows: TypedRows, graph: Graphs, rng: np.random.Generator) -> Recipe:
        """Keep all rows and add the copies, class by class."""
        now = np.bincount(rows.y)
        after = counts_after(tuple(now.tolist()), self.ratio, "over", self.counts)
        parts = [kept(np.arange(len(rows)))]
        for label in np.flatnonzero(np.array(after) > now):
            own = np.flatnonzero(rows.y == label)
            parts.append(copies(own[rng.integers(0, len(own), after[label] - len(own))]))
        return joined(*parts)


class RandomUnder(RowSampler):
    """Keep a random part of the more frequent classes, drawn without replacement.

    Parameters
    ----------
    ratio : float
        Rows of the rarest class per row of each more frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio.
    random_state : int, optional
        For :meth:`fit_resample` alone.
    """

    def __init__(
        self, ratio: float = 1.0, counts: Counts = None, random_state: int | None = None
    ) -> None:
        self.ratio = ratio
        self.counts = counts
        self.random_state = random_state

    def recipe(self, rows: TypedRows, graph: Graphs, rng: np.random.Generator) -> Recipe:
        """Keep rows in their order."""
        now = np.bincount(rows.y)
        after = counts_after(tuple(now.tolist()), self.ratio, "under", self.counts)
        parts = [
            rng.choice(np.flatnonzero(rows.y == label), size=size, replace=False)
            for label, size in enumerate(after)
        ]
        return kept(np.sort(np.concatenate(parts)))
