"""Rows drawn from a smooth density around those of a class."""

from __future__ import annotations

import numpy as np

from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import Ints, Recipe
from rebal_core.samplers.base import Counts
from rebal_core.samplers.nearness import Near
from rebal_core.samplers.over import OverSampler
from rebal_core.samplers.searching import nearest_of
from rebal_core.step import Fold
from rebal_core.wording import Unsuitable

#: As many neighbours as there are columns of numbers, but not fewer or more than this.
FEWEST_NEIGHBORS, MOST_NEIGHBORS = 5, 100
#: The shared search keeps so few neighbours aside; more are searched without it.
SHARED_NEIGHBORS = 20
#: Processor seconds of rows drawn x neighbours x columns.
DRAW_SECONDS = 1.2e-7
#: Numbers that are in memory at once.
_CELLS = 2**24


class ROSE(OverSampler):
    """Repeat rows with noise: draw from a kernel estimate of the density of their class.

    Parameters
    ----------
    shrinkage : float
        Factor on the width of the noise; 0 repeats rows.
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
    The noise of a column is normal, of the width ``(4 / ((d + 2) n))^(1 / (d + 4))`` times its
    standard deviation in the class, of n rows in d columns of numbers: what is best for a normal
    density. (imbalanced-learn takes n of all classes.) Categories, texts and "was missing" are
    those of the repeated row. The paper redraws the other classes too; here their rows stay.

    References
    ----------
    Menardi & Torelli (2014), Data Mining and Knowledge Discovery 28, 92-122.
    """

    makes = "generated"
    parameters = (
        Number(
            "shrinkage",
            "Width of the noise",
            "Factor on the noise; 0 repeats rows.",
            1.0,
            0.0,
            10.0,
        ),
        *OverSampler.parameters,
    )

    def __init__(
        self,
        shrinkage: float = 1.0,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.shrinkage = shrinkage
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def grow(self, fold: Fold, label: int, size: int) -> Recipe:
        """Return rows of the class with noise."""
        rows, members = fold.rows, fold.members(label)
        base = members[fold.rng.integers(0, len(members), size)]
        flags = rows.layout.indicators
        d = max(1, int(np.count_nonzero(~flags)))
        width = self.shrinkage * (4 / ((d + 2) * len(members))) ** (1 / (d + 4))
        spread = np.where(flags, 0, rows.numbers[members].std(axis=0, dtype=np.float64))
        numbers = fold.rng.standard_normal((size, len(flags)), dtype=np.float32)
        numbers *= (width * spread).astype(np.float32)
        numbers += rows.numbers[base]
        return Recipe.draws(base, rows.y, numbers, rows.codes[base])


class MGS(Near, OverSampler):
    """Multivariate Gaussian SMOTE: draw from the normal density of a row and its neighbours.

    Parameters
    ----------
    n_neighbors : int
        Near rows of the class whose mean and covariance, with the row's own, are taken; 0 for as
        many as there are columns of numbers, from 5 to 100. A class of n rows has at most n - 1.
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
    Mean and covariance divide by the K + 1 rows. Categories, texts and "was missing" are those of
    the row in the middle.

    References
    ----------
    Sakho, Malherbe & Scornet (2024), Do we need rebalancing strategies?, arXiv 2402.03819.
    """

    makes = "generated"
    parameters = (
        Number(
            "n_neighbors",
            "Neighbours K",
            "Near rows of the class that shape the density; 0 for as many as there are columns of "
            "numbers, from 5 to 100.",
            0,
            0,
            1000,
        ),
        *OverSampler.parameters,
    )

    def __init__(
        self,
        n_neighbors: int = 0,
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

    def grow(self, fold: Fold, label: int, size: int) -> Recipe:
        """Return draws around rows of the class."""
        rows, members, rng = fold.rows, fold.members(label), fold.rng
        flags = rows.layout.indicators
        groups = np.column_stack([members, self._near(fold, label)])
        centre = rng.integers(0, len(members), size)
        base = members[centre]
        numbers = rows.numbers[base]
        step = max(1, _CELLS // (groups.shape[1] * max(1, len(flags))))
        for start in range(0, size, step):
            block = rows.numbers[groups[centre[start : start + step]]].astype(np.float64)
            mean = block.mean(axis=1)
            # Normal parts of the deviations have their covariance, of whatever rank it is.
            parts = rng.standard_normal(block.shape[:2]) / np.sqrt(block.shape[1])
            drawn = mean + np.einsum("ck,ckp->cp", parts, block - mean[:, None])
            numbers[start : start + step, ~flags] = drawn[:, ~flags]
        return Recipe.draws(base, rows.y, numbers, rows.codes[base])

    def _near(self, fold: Fold, label: int) -> Ints:
        """Return the positions of the K nearest rows of each row of the class."""
        members = fold.members(label)
        columns = int(np.count_nonzero(~fold.rows.layout.indicators))
        k = self.n_neighbors or min(max(columns, FEWEST_NEIGHBORS), MOST_NEIGHBORS)
        if k <= SHARED_NEIGHBORS:
            return np.asarray(fold.neighbors.within(label, k)[1])
        space = fold.neighbors.space[members]
        return members[nearest_of(space, space, k, np.arange(len(members)), fold.neighbors.p)[1]]

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the search within each class that grows, and of the draws."""
        try:
            made = sum(self.counts_after(facts.counts)) - facts.rows
        except Unsuitable:
            made = 0
        near = self.n_neighbors or min(max(facts.width, FEWEST_NEIGHBORS), MOST_NEIGHBORS)
        return self.within_seconds(facts) + DRAW_SECONDS * made * near * facts.width
