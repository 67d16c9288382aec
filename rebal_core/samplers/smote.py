"""SMOTE on a ready neighbour graph."""

from __future__ import annotations

from rebal_core.facts import TableFacts
from rebal_core.rows import Recipe
from rebal_core.samplers.base import Counts
from rebal_core.samplers.nearness import Near
from rebal_core.samplers.over import K_NEIGHBORS, OverSampler, between_neighbors
from rebal_core.step import Fold


class SMOTE(Near, OverSampler):
    """Make rows between a row of a class and one of its nearest neighbours in the same class.

    Parameters
    ----------
    k_neighbors : int
        Neighbours to choose from; a class of n rows uses at most n - 1.
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
    A class of one row has no neighbour: its row is repeated, and a note says so.

    References
    ----------
    Chawla et al. (2002), SMOTE: Synthetic Minority Over-sampling Technique, JAIR 16, 321-357.
    """

    makes = "interpolated"
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
        """Return rows between neighbours."""
        return between_neighbors(fold, label, self.k_neighbors, size)

    def searches(self, facts: TableFacts) -> dict[str, float]:
        """Return the search within each class that grows."""
        return self.within(facts)
