"""SMOTE where near rows vote on the categories of a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from rebal_core.drawn import Drawn
from rebal_core.facts import TableFacts
from rebal_core.rows import Floats, Ints, Recipe, TypedRows
from rebal_core.samplers.base import Counts
from rebal_core.samplers.nearness import COLUMNS, Near
from rebal_core.samplers.over import K_NEIGHBORS, OverSampler
from rebal_core.samplers.searching import nearest
from rebal_core.samplers.spaces import coded, column_places
from rebal_core.step import Fold
from rebal_core.wording import Text, Unsuitable

#: Above so many rows of a class its rows are not compared with each other.
MOST_ALIKE = 30_000
#: Distances that are in memory at once.
_CELLS = 2**24


class SMOTENC(Near, OverSampler):
    """SMOTE whose categories are what most of the near rows have.

    Parameters
    ----------
    k_neighbors : int
        Partners to choose from, who vote on the categories; a class of n rows has at most n - 1.
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    keep_prevalence : bool
        Whether all rows of a class share the weight that it had.
    random_state : int, optional
        For :meth:`fit_resample` alone, where there are numbers only.

    Notes
    -----
    Two rows that differ in a category are as far apart as the median of the standard deviations of
    the numbers of the class; columns of more than 20 values are voted on and do not count. Of
    values with as many votes one is drawn.

    References
    ----------
    Chawla et al. (2002), JAIR 16, 321-357, section 6.1.
    """

    makes = "interpolated"
    nearness = (COLUMNS,)
    parameters = (K_NEIGHBORS, *OverSampler.parameters)

    def __init__(
        self,
        k_neighbors: int = 5,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def grow(self, fold: Fold, label: int, size: int) -> Recipe:
        """Return rows between neighbours, with the categories of most of these."""
        rows, members, rng = fold.rows, fold.members(label), fold.rng
        _, near = nearest(_space(fold, members, self.columns), self.k_neighbors)
        row, column = np.divmod(rng.integers(0, near.size, size), near.shape[1])
        made = Recipe.pairs(members[row], members[near[row, column]], rows.y, rng)
        codes = voted(rows.codes, members[near[row]], rng)
        return replace(made, drawn=_codes_alone(rows, codes))

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the search within each class that grows."""
        return self.within_seconds(facts)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell also when there is nothing to vote on, or nothing else."""
        if not facts.categories:
            return Text(
                "There is no column of categories to vote on; choose {strategy}.",
                {"strategy": "smote"},
            )
        if not facts.numbers and not facts.texts and not facts.embeddings:
            return Text(
                "There is no column but categories; choose {strategy}.", {"strategy": "smoten"}
            )
        return super().limit(facts)


class SMOTEN(Near, OverSampler):
    """SMOTE of categories: a row takes in each column what it and most of its near rows have.

    Parameters
    ----------
    k_neighbors : int
        Near rows that vote beside the row; a class of n rows has at most n - 1.
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    keep_prevalence : bool
        Whether all rows of a class share the weight that it had.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    Two values are the nearer the more alike the class shares of their rows are (the value
    difference metric). Numbers are not looked at, and stay as the row has them. Of values with as
    many votes one is drawn.

    References
    ----------
    Chawla et al. (2002), JAIR 16, 321-357, section 6.2; Cost & Salzberg (1993), Machine Learning
    10, 57-78.
    """

    makes = "generated"
    nearness = (COLUMNS,)
    of_any_values = True
    parameters = (K_NEIGHBORS, *OverSampler.parameters)

    def __init__(
        self,
        k_neighbors: int = 5,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def grower(self, fold: Fold) -> Callable[[int, int], Recipe | None]:
        """Return how a class is grown, with the class shares of each value."""
        return partial(self._grow, fold, value_shares(fold.rows, fold.n_classes))

    def grow(self, fold: Fold, label: int, size: int) -> Recipe | None:
        """Return rows of voted categories."""
        return self.grower(fold)(label, size)

    def _grow(self, fold: Fold, shares: list[Floats], label: int, size: int) -> Recipe:
        rows, members = fold.rows, fold.members(label)
        codes = rows.codes[members]
        names = rows.layout.codes
        asked = [j for j, name in enumerate(names) if name in (self.columns or names)]
        if self.columns and not asked:
            raise Unsuitable(
                "None of the columns that are to define neighbours holds categories; choose one "
                "that does."
            )
        near = alike(codes[:, asked], [shares[j] for j in asked], self.k_neighbors)
        chosen = fold.rng.integers(0, len(members), size)
        votes = voted(codes, np.column_stack([chosen, near[chosen]]), fold.rng)
        numbers = _codes_alone(rows, votes).numbers
        return Recipe.draws(members[chosen], rows.y, numbers, votes)

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of comparing the rows of each class that grows."""
        return 10 * self.within_seconds(facts)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell also when there is nothing to vote on, or too much to compare."""
        if not facts.categories:
            return Text(
                "There is no column of categories to vote on; choose {strategy}.",
                {"strategy": "smote"},
            )
        rarer = sorted(facts.counts)[:-1]
        if max(rarer, default=0) > MOST_ALIKE:
            return Text(
                "Categories are compared row by row, which takes too long for a class of {rows:,} "
                "rows (at most {most:,}); choose {strategy}.",
                {"rows": max(rarer), "most": MOST_ALIKE, "strategy": "smotenc"},
            )
        return super().limit(facts)


def voted(codes: NDArray[np.int32], voters: Ints, rng: np.random.Generator) -> NDArray[np.int32]:
    """Return what most voters have in each column; of values with as many votes one is drawn.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
    voters : ndarray of shape (m, k)
        Positions in ``codes``.

    Returns
    -------
    ndarray of shape (m, q)
    """
    size, k = voters.shape
    result = np.empty((size, codes.shape[1]), dtype=np.int32)
    step = max(1, _CELLS // k**2)
    for start in range(0, size, step):
        here = voters[start : start + step]
        for j in range(codes.shape[1]):
            values = codes[here, j]
            votes = (values[:, :, None] == values[:, None]).sum(axis=2)
            won = (votes + rng.random(votes.shape)).argmax(axis=1)
            result[start : start + step, j] = values[np.arange(len(here)), won]
    return result


def value_shares(rows: TypedRows, n_classes: int) -> list[Floats]:
    """Return the class shares of the rows of each value, by column; -1 is the first value.

    Returns
    -------
    list of ndarray of shape (cardinality + 1, K)
    """
    found = []
    for j, cardinality in enumerate(rows.layout.cardinalities):
        cells = (rows.codes[:, j].astype(np.int64) + 1) * n_classes + rows.y
        table = np.bincount(cells, minlength=(cardinality + 1) * n_classes)
        table = table.reshape(-1, n_classes)
        found.append(table / np.maximum(table.sum(axis=1, keepdims=True), 1))
    return found


def alike(codes: NDArray[np.int32], shares: list[Floats], k: int) -> Ints:
    """Return the k rows nearest to each by the value difference metric, itself excepted.

    The distance is the sum over the columns of the squared sum of the differences of the shares.
    Equal distances: by row number.
    """
    size = len(codes)
    k = min(k, size - 1)
    near = np.empty((size, k), dtype=np.int64)
    step = max(1, _CELLS // size)
    for start in range(0, size, step):
        here = np.arange(start, min(start + step, size))
        gaps = np.zeros((len(here), size))
        for j, table in enumerate(shares):
            known = table[codes[:, j] + 1]
            gaps += cdist(known[here], known, "cityblock") ** 2
        gaps[np.arange(len(here)), here] = np.inf
        near[here] = np.argsort(gaps, axis=1, kind="stable")[:, :k]
    return near


def _space(fold: Fold, members: Ints, columns: tuple[str, ...]) -> NDArray[np.floating]:
    """Return where nearness is measured, with categories as far apart as the numbers spread."""
    layout = fold.rows.layout
    space = np.array(fold.neighbors.space[members])
    places = column_places(layout, columns) if columns else np.arange(space.shape[1])
    numbers = places[places < fold.rows.numbers.shape[1]]
    free = numbers[~layout.indicators[numbers]]
    if len(free):
        spread = fold.rows.numbers[members][:, free].std(axis=0, dtype=np.float64)
        space[:, coded(layout, places)] *= np.median(spread)
    return space


def _codes_alone(rows: TypedRows, codes: NDArray[np.int32]) -> Drawn:
    numbers = np.full((len(codes), rows.numbers.shape[1]), np.nan, dtype=np.float32)
    return Drawn(np.arange(len(codes)), numbers, codes)
