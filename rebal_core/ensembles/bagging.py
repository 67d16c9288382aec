"""Models that each see a draw of the rows: as they are, or with as many of every class."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from rebal_core.ensembles.model import MEMBERS, Members, learn
from rebal_core.facts import TableFacts
from rebal_core.model import FitJob, Model
from rebal_core.params import Param
from rebal_core.rows import Floats, Ints
from rebal_core.samplers.base import RATIO, counts_after
from rebal_core.samplers.random import too_few_to_cut
from rebal_core.weighting import even
from rebal_core.wording import Text


class Bagging(Members):
    """Fit every model on a bootstrap of the rows of each class.

    So no class is lost, however rare, and the class shares stay as they are.

    References
    ----------
    Breiman (1996), Bagging predictors, Machine Learning 24, 123-140.
    """

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares: they stay."""
        return shares

    def grow(self, members: list[Model], job: FitJob, rng: np.random.Generator) -> Floats:
        """Fit each member on as many rows of each class as there are, drawn with replacement."""
        for member in members:
            parts = [rng.choice(own, len(own)) for own in rows_by_class(job)]
            learn(member, job, np.sort(np.concatenate(parts)), job.weight)
        return np.ones(len(members))


class Balanced(Members):
    """Base of ensembles whose members see no more rows of a class than of the rarest.

    Parameters
    ----------
    n_estimators : int
    ratio : float
        Rows of the rarest class per row of each more frequent one.
    """

    parameters: ClassVar[tuple[Param, ...]] = (MEMBERS, RATIO)

    def __init__(self, n_estimators: int = 10, ratio: float = 1.0) -> None:
        super().__init__(n_estimators)
        self.ratio = ratio

    def member_counts(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return the rows of each class that a member sees."""
        return counts_after(counts, self.ratio, "under")

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares that a member sees."""
        seen = np.array(self.member_counts(counts), dtype=np.float64)
        return np.asarray(seen / seen.sum())

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when a member would see next to nothing."""
        return too_few_to_cut(facts)

    def sizes(self, job: FitJob) -> list[int]:
        """Return the rows of each class that a member sees, of the classes that there are."""
        counts = tuple(len(own) for own in rows_by_class(job))
        return list(self.member_counts(counts))


class BalancedBagging(Balanced):
    """Fit every model on as many rows of each class, drawn with replacement.

    References
    ----------
    Hido, Kashima, Takahashi (2009), Roughly balanced bagging for imbalanced data, Statistical
    Analysis and Data Mining 2, 412-426.
    """

    replacement: ClassVar[bool] = True

    def grow(self, members: list[Model], job: FitJob, rng: np.random.Generator) -> Floats:
        """Fit each member on a draw of its own."""
        weight, sizes, each = even_weight(job), self.sizes(job), rows_by_class(job)
        for member in members:
            learn(member, job, drawn(each, sizes, rng, self.replacement), weight)
        return np.ones(len(members))


class UnderBagging(BalancedBagging):
    """Fit every model on all rows of the rarest class and as many of each other, drawn without.

    References
    ----------
    Barandela, Valdovinos, Sanchez (2003), New applications of ensembles of classifiers, Pattern
    Analysis and Applications 6, 245-256.
    """

    replacement = False


def rows_by_class(job: FitJob) -> list[Ints]:
    """Return the positions of the rows of each class that there is."""
    return [np.flatnonzero(job.rows.y == label) for label in np.unique(job.rows.y)]


def even_weight(job: FitJob) -> Floats | None:
    """Return weights that change no class shares of a draw: mean 1 within each class."""
    return None if job.weight is None else even(job.weight, job.rows.y)


def drawn(each: list[Ints], sizes: list[int], rng: np.random.Generator, replacement: bool) -> Ints:
    """Return so many of the rows of each class, in the order of the rows."""
    parts = [rng.choice(own, n, replace=replacement) for own, n in zip(each, sizes, strict=True)]
    return np.sort(np.concatenate(parts))
