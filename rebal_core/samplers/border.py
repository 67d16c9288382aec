"""SMOTE where it is hard: near rows of other classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rebal_core.facts import TableFacts
from rebal_core.params import Choice, Number
from rebal_core.rows import Floats, Ints, Recipe
from rebal_core.samplers.base import Counts
from rebal_core.samplers.cleaning import MOST_ROWS, too_many_to_compare
from rebal_core.samplers.nearness import Near
from rebal_core.samplers.over import K_NEIGHBORS, OverSampler, between
from rebal_core.step import Fold
from rebal_core.wording import Text

M_NEIGHBORS = Number(
    "m_neighbors",
    "Neighbours m",
    "How many near rows of all classes tell whether a row lies at the border.",
    10,
    1,
    100,
)
#: Of the rows that ADASYN makes, so much may be missed by rounding each row's part.
ROUNDED_AWAY = 0.1


class NearOthers(Near, OverSampler):
    """Base of over-samplers that look where rows of other classes are near."""

    makes = "interpolated"
    compares_all = True

    def searches(self, facts: TableFacts) -> dict[str, float]:
        """Return the search among all rows, and within each class that grows."""
        return {**self.searched({"all": facts.rows}, facts), **self.within(facts)}

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell also when there are too many rows to compare each with every other."""
        if too_many_to_compare(facts) is None:
            return super().limit(facts)
        return Text(
            "The border is found by comparing every row with every other, which takes too long "
            "for {rows:,} rows (at most {most:,}); choose {strategy}.",
            {"rows": facts.rows, "most": MOST_ROWS, "strategy": "smote"},
        )


class BorderlineSMOTE(NearOthers):
    """SMOTE from the rows of a class that lie at its border.

    A row lies there when at least half of its m nearest rows, but not all, are of other classes;
    a row among others alone is noise.

    Parameters
    ----------
    k_neighbors : int
        Partners to choose from; a class of n rows has at most n - 1.
    m_neighbors : int
        Near rows of all classes that tell whether a row lies at the border.
    kind : {"borderline-1", "borderline-2"}
        Whether partners are of the class, or any near rows: towards a row of another class at most
        half of the way is gone.
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
    A class without a row at the border is grown by plain SMOTE, and a note says so
    (imbalanced-learn then leaves it as it is).

    References
    ----------
    Han, Wang & Mao (2005), Borderline-SMOTE, ICIC 2005, LNCS 3644, 878-887.
    """

    parameters = (
        K_NEIGHBORS,
        M_NEIGHBORS,
        Choice(
            "kind",
            "Partners",
            "Between which rows new ones are made.",
            "borderline-1",
            (("borderline-1", "Near rows of the class"), ("borderline-2", "Any near rows")),
        ),
        *OverSampler.parameters,
    )
    why = Text("no row of it lies at the border")

    def __init__(
        self,
        k_neighbors: int = 5,
        m_neighbors: int = 10,
        kind: str = "borderline-1",
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.m_neighbors = m_neighbors
        self.kind = kind
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    @property
    def crosses(self) -> bool:
        """Whether a row may lie between rows of two classes."""
        return self.kind == "borderline-2"

    def grow(self, fold: Fold, label: int, size: int) -> Recipe | None:
        """Return rows between those at the border and their partners."""
        others = others_near(fold, fold.members(label), label, self.m_neighbors)
        border = np.flatnonzero((others >= 0.5) & (others < 1))
        if not len(border):
            return None
        bases = fold.members(label)[border]
        if not self.crosses:
            _, mates = fold.neighbors.within(label, self.k_neighbors)
            return between(fold, bases, np.asarray(mates[border]), size)
        _, mates = fold.neighbors.all(self.k_neighbors)
        made = between(fold, bases, np.asarray(mates[bases]), size)
        foreign = fold.rows.y[made.mate] != label
        half = np.float32(0.5) * fold.rng.random(np.count_nonzero(foreign), dtype=np.float32)
        made.step[foreign] *= half
        return replace(made, pick=made.pick & ~foreign)


class ADASYN(NearOthers):
    """SMOTE that makes more rows the more of a row's neighbours are of other classes.

    Parameters
    ----------
    n_neighbors : int
        Near rows of all classes that tell how hard a row is, and partners to choose from.
    ratio : float
        Rows of each rarer class per row of the most frequent one; each row's part is rounded, so
        that their sum may differ a little.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    keep_prevalence : bool
        Whether all rows of a class share the weight that it had.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    A class that no other class is near to is grown by plain SMOTE, and a note says so
    (imbalanced-learn raises). Where rounding would miss more than a tenth of the rows asked for,
    as it does when most rows' part is below a half, parts are rounded so that they sum to these.

    References
    ----------
    He, Bai, Garcia & Li (2008), ADASYN, IJCNN 2008, 1322-1328.
    """

    parameters = (
        Number(
            "n_neighbors",
            "Neighbours k",
            "How many near rows tell how hard a row is, and how many may be a partner.",
            5,
            1,
            100,
        ),
        *OverSampler.parameters,
    )
    why = Text("no row of another class is near")
    foretells = False

    def __init__(
        self,
        n_neighbors: int = 5,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def grow(self, fold: Fold, label: int, size: int) -> Recipe | None:
        """Return rows between hard ones and their partners."""
        members = fold.members(label)
        hard = others_near(fold, members, label, self.n_neighbors)
        if not hard.any():
            return None
        row = np.repeat(np.arange(len(members)), parts_of(hard / hard.sum(), size))
        _, mates = fold.neighbors.within(label, self.n_neighbors)
        column = fold.rng.integers(0, mates.shape[1], len(row))
        return Recipe.pairs(members[row], np.asarray(mates[row, column]), fold.rows.y, fold.rng)


def others_near(fold: Fold, rows: Ints, label: int, m: int) -> Floats:
    """Return the part of other classes among the m nearest rows of each of these rows."""
    _, near = fold.neighbors.all(m)
    foreign = fold.rows.y[near[rows]] != label
    return np.asarray(foreign.sum(axis=1) / near.shape[1])


def parts_of(shares: Floats, size: int) -> Ints:
    """Return whole numbers in these shares, each rounded where the sum is then about right."""
    parts = np.rint(shares * size).astype(np.int64)
    if abs(parts.sum() - size) <= ROUNDED_AWAY * size:
        return parts
    return whole_parts(shares, size)


def whole_parts(shares: Floats, size: int) -> Ints:
    """Return whole numbers in these shares that sum to the size: the largest remainders win."""
    parts = np.floor(shares * size).astype(np.int64)
    most = np.argsort(parts - shares * size, kind="stable")
    parts[most[: size - int(parts.sum())]] += 1
    return parts
