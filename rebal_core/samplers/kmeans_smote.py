"""SMOTE inside clusters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import Floats, Ints, Recipe
from rebal_core.samplers.base import Counts
from rebal_core.samplers.border import whole_parts
from rebal_core.samplers.nearness import Near
from rebal_core.samplers.over import K_NEIGHBORS, OverSampler, between
from rebal_core.samplers.searching import DISTANCES, nearest
from rebal_core.step import Fold
from rebal_core.wording import Text

#: The distances between so many rows of a cluster tell how sparse it is.
MOST_COMPARED = 2_000
#: Processor seconds of the clustering, of rows x columns x clusters.
CLUSTER_SECONDS = 5e-8


class KMeansSMOTE(Near, OverSampler):
    """SMOTE inside the clusters of all rows that a class dominates, more rows in sparse ones.

    Parameters
    ----------
    k_neighbors : int
        Partners to choose from; a cluster needs one row of the class more.
    n_clusters : int
    min_share : float
        Part of a cluster's rows that must be of the class.
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
    A cluster of n rows of the class with the mean distance s, in d columns, gets rows in proportion
    to ``s^d / n``; together exactly those asked for (imbalanced-learn rounds up in each cluster).
    Where no cluster serves, plain SMOTE makes them, and a note says so (imbalanced-learn raises).

    References
    ----------
    Last, Douzas & Bacao (2017), Oversampling for imbalanced learning based on k-means and SMOTE,
    arXiv 1711.00837.
    """

    makes = "interpolated"
    parameters = (
        replace(K_NEIGHBORS, default=2),
        Number("n_clusters", "Clusters", "Into how many clusters all rows fall.", 8, 1, 1000),
        Number(
            "min_share",
            "Least share of the class",
            "Part of a cluster's rows that must be of the class for it to grow there.",
            0.5,
            0.0,
            1.0,
        ),
        *OverSampler.parameters,
    )
    why = Text("no cluster holds enough of its rows")

    def __init__(
        self,
        k_neighbors: int = 2,
        n_clusters: int = 8,
        min_share: float = 0.5,
        ratio: float = 1.0,
        counts: Counts = None,
        keep_prevalence: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.n_clusters = n_clusters
        self.min_share = min_share
        self.ratio = ratio
        self.counts = counts
        self.keep_prevalence = keep_prevalence
        self.random_state = random_state

    def grower(self, fold: Fold) -> Callable[[int, int], Recipe | None]:
        """Return how a class is grown inside one clustering."""
        from sklearn.cluster import MiniBatchKMeans  # a slow import

        space = fold.neighbors.space
        means = MiniBatchKMeans(
            n_clusters=min(self.n_clusters, len(space)),
            n_init=1,
            random_state=int(fold.rng.integers(2**31)),
        )
        return partial(self._grow, fold, means.fit_predict(space))

    def grow(self, fold: Fold, label: int, size: int) -> Recipe | None:
        """Return rows inside clusters."""
        return self.grower(fold)(label, size)

    def _grow(self, fold: Fold, cluster: Ints, label: int, size: int) -> Recipe | None:
        members, space, p = fold.members(label), fold.neighbors.space, fold.neighbors.p
        all_rows, own_rows = (
            np.bincount(part, minlength=cluster.max() + 1) for part in (cluster, cluster[members])
        )
        serves = (own_rows > self.k_neighbors) & (own_rows >= self.min_share * all_rows)
        if not serves.any():
            return None
        groups = [members[cluster[members] == c] for c in np.flatnonzero(serves)]
        sizes = whole_parts(sparse_shares([space[rows] for rows in groups], p), size)
        made = []
        for rows, part in zip(groups, sizes.tolist(), strict=True):
            if part:
                _, near = nearest(space[rows], self.k_neighbors, p)
                made.append(between(fold, rows, rows[near], part))
        return Recipe.join(made)

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the clustering, and of the search within each class that grows."""
        cells = facts.rows * facts.width * self.n_clusters
        return CLUSTER_SECONDS * cells + self.within_seconds(facts)


def sparse_shares(groups: list[NDArray[np.floating]], p: int = 2) -> Floats:
    """Return the share of each group of points in the rows made: the sparser the more.

    Logarithms keep a power of many columns finite. Points that are all the same have no sparsity;
    groups of nothing else share alike.
    """
    some = (np.asarray(_some(points), dtype=np.float64) for points in groups)
    means = [pdist(points, DISTANCES[p]).mean() for points in some]
    sizes = [len(points) for points in groups]
    width = groups[0].shape[1]
    with np.errstate(divide="ignore"):
        logs = width * np.log(means) - np.log(sizes)
    if not np.isfinite(logs).any():
        return np.full(len(groups), 1 / len(groups))
    shares = np.exp(logs - logs.max())
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _some(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return at most so many points as are compared, evenly from among them."""
    at = np.linspace(0, len(points) - 1, min(len(points), MOST_COMPARED)).astype(np.int64)
    return points[at]
