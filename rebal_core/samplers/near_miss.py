"""NearMiss: of the frequent rows those stay that lie in a certain way to the rare ones."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from scipy.spatial.distance import cdist

from rebal_core.facts import TableFacts
from rebal_core.params import Number, Param
from rebal_core.rows import Floats, Ints, Recipe
from rebal_core.samplers.base import COUNTS, RATIO, Counts, ToCounts
from rebal_core.samplers.cleaning import rarest_class
from rebal_core.samplers.nearness import Near
from rebal_core.samplers.random import too_few_to_cut
from rebal_core.samplers.searching import DISTANCES
from rebal_core.samplers.tiles import Points
from rebal_core.step import Fold
from rebal_core.wording import Text

#: More distances than these take many minutes.
MOST_PAIRS = 2e9
#: Rows of each kind of which all distances are in memory at once.
_BLOCK = 2048

N_NEIGHBORS = Number(
    "n_neighbors",
    "Rare rows that are asked",
    "The mean distance to so many rare rows decides.",
    3,
    1,
    100,
)
N_CANDIDATES = Number(
    "n_candidates",
    "Frequent rows around a rare one",
    "So many near rows of every rare row may stay.",
    3,
    1,
    1000,
)


class NearMiss(Near, ToCounts):
    """Base of the three; distances are those to rows of the rarest class.

    Parameters
    ----------
    n_neighbors : int
        Rare rows whose distances are averaged; at most as many as there are.
    ratio : float
        Rows of the rarest class per row of each more frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    random_state : int, optional
        Not used: no number is drawn.

    References
    ----------
    Mani & Zhang (2003), kNN approach to unbalanced data distributions, ICML workshop on learning
    from imbalanced data sets.
    """

    slot = "under"
    direction = "under"
    parameters: ClassVar[tuple[Param, ...]] = (N_NEIGHBORS, RATIO, COUNTS)

    def __init__(
        self,
        n_neighbors: int = 3,
        ratio: float = 1.0,
        counts: Counts = None,
        random_state: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.ratio = ratio
        self.counts = counts
        self.random_state = random_state

    def recipe(self, fold: Fold) -> Recipe:
        """Return the rows that are left, in their order."""
        kept, missing = [], 0
        for label, size in enumerate(self.counts_after(fold.counts)):
            members = fold.members(label)
            if size < len(members):
                members = members[self.chosen(fold, label, size)]
                missing += size - len(members)
            kept.append(members)
        left = Recipe.kept(np.sort(np.concatenate(kept)), fold.rows.y)
        return left.noted(_missing_note(missing)) if missing else left

    @abstractmethod
    def chosen(self, fold: Fold, label: int, size: int) -> Ints:
        """Return which rows of a class stay, as positions among them: at most ``size``."""

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of comparing the frequent rows with the rare ones."""
        return self.pair_seconds(_pairs(facts), facts)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when next to nothing would be left, or too many rows are to be compared."""
        if _pairs(facts) > MOST_PAIRS:
            return Text(
                "NearMiss compares every frequent row with every rare one, which takes too long "
                "for {rows:,} rows of which {rare:,} are rare; choose {strategy}.",
                {
                    "rows": facts.rows,
                    "rare": min(n for n in facts.counts if n),
                    "strategy": "random_under",
                },
            )
        return too_few_to_cut(facts, dict(self.counts or ()))


def _pairs(facts: TableFacts) -> int:
    return facts.rows * min((n for n in facts.counts if n), default=0)


def _missing_note(rows: int) -> Text:
    return Text(
        "{rows:,} rows fewer than asked for are left: no more lie near a rare row.", {"rows": rows}
    )


class NearMiss1(NearMiss):
    """Keep the frequent rows that are nearest to their nearest rare rows."""

    goes = Text("rows far from the rare rows nearest to them")

    def chosen(self, fold: Fold, label: int, size: int) -> Ints:
        """Return the positions of the rows of the smallest mean distance."""
        rare = rarest_class(fold.counts)
        distances, _ = fold.neighbors.towards(label, rare, self.n_neighbors)
        return np.argsort(distances.sum(axis=1), kind="stable")[:size]


class NearMiss2(NearMiss):
    """Keep the frequent rows that are nearest to the rare rows farthest from them."""

    goes = Text("rows far from the rare rows farthest from them")

    def chosen(self, fold: Fold, label: int, size: int) -> Ints:
        """Return the positions of the rows of the smallest mean distance."""
        near, rare = fold.neighbors, fold.members(rarest_class(fold.counts))
        own, others = near.space[fold.members(label)], near.space[rare]
        distances = farthest(own, others, self.n_neighbors, near.p)
        return np.argsort(distances.sum(axis=1), kind="stable")[:size]

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the same, all distances of a frequent row being sorted."""
        return 8 * super().seconds(facts)


class NearMiss3(NearMiss):
    """Of the frequent rows around each rare row, keep those far from their nearest rare rows.

    Parameters
    ----------
    n_neighbors, ratio, counts, random_state
        Of :class:`NearMiss`.
    n_candidates : int
        So many nearest rows of every rare row may stay. Where these are fewer rows than asked for,
        all of them do, and a note says so.
    """

    parameters = (N_NEIGHBORS, N_CANDIDATES, RATIO, COUNTS)
    foretells: ClassVar[bool] = False
    goes = Text("rows that lie around no rare row, then those nearest to one")

    def __init__(
        self,
        n_neighbors: int = 3,
        n_candidates: int = 3,
        ratio: float = 1.0,
        counts: Counts = None,
        random_state: int | None = None,
    ) -> None:
        super().__init__(n_neighbors, ratio, counts, random_state)
        self.n_candidates = n_candidates

    def chosen(self, fold: Fold, label: int, size: int) -> Ints:
        """Return the positions of the candidates of the largest mean distance."""
        rare, members = rarest_class(fold.counts), fold.members(label)
        _, near = fold.neighbors.towards(rare, label, self.n_candidates)
        around = np.searchsorted(members, np.unique(near))
        distances = fold.neighbors.towards(label, rare, self.n_neighbors)[0][around]
        order = np.argsort(-distances.sum(axis=1), kind="stable")
        return np.asarray(around[order[:size]])


def farthest(points: Points, others: Points, k: int, p: int = 2) -> Floats:
    """Return the distances to the k farthest others, as a running maximum over blocks of both.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    others : ndarray of shape (m, d)
    k : int
        At most m.
    p : {1, 2}
        Manhattan or Euclidean distances.

    Returns
    -------
    ndarray of shape (n, k)
        Ascending.
    """
    k = min(k, len(others))
    result = np.zeros((len(points), k))
    for start in range(0, len(points), _BLOCK):
        here = slice(start, start + _BLOCK)
        best = np.zeros((len(points[here]), 0))
        for other in range(0, len(others), _BLOCK):
            gaps = cdist(points[here], others[other : other + _BLOCK], DISTANCES[p])
            best = np.hstack([best, gaps])
            if best.shape[1] > k:
                best = np.partition(best, best.shape[1] - k, axis=1)[:, -k:]
        result[here] = np.sort(best, axis=1)
    return result
