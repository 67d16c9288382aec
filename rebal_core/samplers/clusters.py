"""Undersampling by clusters of the frequent classes: their centres, or rows of each."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import Floats, Ints, Recipe
from rebal_core.samplers.base import COUNTS, RATIO, Counts, ToCounts
from rebal_core.samplers.neighbors import SEARCH_SECONDS
from rebal_core.samplers.random import too_few_to_cut
from rebal_core.samplers.searching import nearest_of
from rebal_core.step import Fold
from rebal_core.wording import Text

#: More centres than these take many minutes.
MOST_CENTRES = 20_000
#: Times that the rows are gone through.
_ROUNDS = 20

N_CLUSTERS = Number(
    "n_clusters",
    "Clusters",
    "Groups of near rows that each more frequent class is parted into.",
    10,
    1,
    1000,
)


class ClusterCentroids(ToCounts):
    """Replace each more frequent class by the centres of as many clusters as rows are asked for.

    The numbers of a centre are the means of its rows; categories, text and "was missing" are those
    of the row nearest to it.

    Parameters
    ----------
    ratio : float
        Rows of the rarest class per row of each more frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    References
    ----------
    Lin, Tsai, Hu & Jhang (2017), Clustering-based undersampling in class-imbalanced data,
    Information Sciences 409, 17-26.
    """

    slot = "under"
    direction = "under"
    makes = "generated"
    goes = Text("all rows of the classes that are cut, as centres stand in for them")

    def __init__(
        self, ratio: float = 1.0, counts: Counts = None, random_state: int | None = None
    ) -> None:
        self.ratio = ratio
        self.counts = counts
        self.random_state = random_state

    def recipe(self, fold: Fold) -> Recipe:
        """Keep the rows of the classes that are not cut, and add the centres of the others."""
        rows, y = fold.rows, fold.rows.y
        after = np.array(self.counts_after(fold.counts))
        cut = np.flatnonzero(after < fold.counts)
        parts = [Recipe.kept(np.flatnonzero(~np.isin(y, cut)), y)]
        for label in cut.tolist():
            members, size = fold.members(label), int(after[label])
            points = np.asarray(fold.neighbors.space)[members]
            groups = clusters(points, size, fold.rng)
            means = _means(points.astype(np.float64), groups, size)
            nearest = members[nearest_of(points, means, 1)[1][:, 0]]
            numbers = _means(rows.numbers[members].astype(np.float64), groups, size)
            empty = np.bincount(groups, minlength=size) == 0
            numbers[empty] = rows.numbers[nearest[empty]]
            flags = rows.layout.indicators
            numbers[:, flags] = rows.numbers[nearest][:, flags]
            parts.append(Recipe.draws(nearest, y, numbers.astype(np.float32), rows.codes[nearest]))
        return Recipe.join(parts)

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the rounds of the search for centres."""
        return 2 * _ROUNDS * SEARCH_SECONDS * facts.rows * _centres(facts, self) * facts.width

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when next to nothing would be left, or there are too many centres to find."""
        if _centres(facts, self) > MOST_CENTRES:
            return Text(
                "Cluster centres would be searched for {rows:,} rows, which takes too long (at "
                "most {most:,}); choose {strategy} or {strategy2}.",
                {
                    "rows": _centres(facts, self),
                    "most": MOST_CENTRES,
                    "strategy": "random_under",
                    "strategy2": "cluster_under",
                },
            )
        return too_few_to_cut(facts, dict(self.counts or ()))


def _centres(facts: TableFacts, step: ToCounts) -> int:
    pairs = zip(facts.counts, step.counts_after(facts.counts), strict=True)
    return max((after for now, after in pairs if after < now), default=0)


class ClusterUnder(ToCounts):
    """Keep rows of each cluster of a more frequent class, as large a part of every cluster.

    Parameters
    ----------
    n_clusters : int
        Clusters of each class; at most as many as it has rows.
    ratio, counts, random_state
        Of :class:`ClusterCentroids`.

    References
    ----------
    Yen & Lee (2009), Cluster-based under-sampling approaches for imbalanced data distributions,
    Expert Systems with Applications 36, 5718-5727.
    """

    slot = "under"
    direction = "under"
    parameters = (N_CLUSTERS, RATIO, COUNTS)
    goes = Text("rows of each cluster, drawn by lot")

    def __init__(
        self,
        n_clusters: int = 10,
        ratio: float = 1.0,
        counts: Counts = None,
        random_state: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.ratio = ratio
        self.counts = counts
        self.random_state = random_state

    def recipe(self, fold: Fold) -> Recipe:
        """Return the rows that are left, in their order."""
        kept = []
        for label, size in enumerate(self.counts_after(fold.counts)):
            members = fold.members(label)
            if size < len(members):
                points = np.asarray(fold.neighbors.space)[members]
                groups = clusters(points, min(self.n_clusters, len(members)), fold.rng)
                for group, part in enumerate(shared_out(np.bincount(groups), size).tolist()):
                    own = members[groups == group]
                    kept.append(fold.rng.choice(own, size=part, replace=False))
            else:
                kept.append(members)
        return Recipe.kept(np.sort(np.concatenate(kept)), fold.rows.y)

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the rounds of the search for clusters."""
        return 2 * _ROUNDS * SEARCH_SECONDS * facts.rows * self.n_clusters * facts.width

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when next to nothing would be left."""
        return too_few_to_cut(facts, dict(self.counts or ()))


def clusters(points: Floats, count: int, rng: np.random.Generator) -> Ints:
    """Return the cluster of each row, 0..count-1, by k-means in batches; some may be empty.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    count : int
        At most n.
    """
    model = MiniBatchKMeans(
        n_clusters=count,
        init="random" if count > 100 else "k-means++",
        n_init=1,
        max_iter=_ROUNDS,
        batch_size=max(1024, 3 * count),
        random_state=int(rng.integers(2**31)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # equal rows make fewer clusters than asked for
        return np.asarray(model.fit(points).labels_, dtype=np.int64)


def shared_out(sizes: Ints, total: int) -> Ints:
    """Return how many rows of each group make up a total, in proportion, by largest remainders."""
    exact = sizes * (total / sizes.sum())
    parts = np.floor(exact).astype(np.int64)
    largest = np.argsort(parts - exact, kind="stable")[: total - int(parts.sum())]
    parts[largest] += 1
    return np.asarray(parts)


def _means(values: Floats, groups: Ints, count: int) -> Floats:
    """Return the mean of the rows of each group, shape (count, p); 0 where there are none."""
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, groups, values)
    return np.asarray(sums / np.maximum(np.bincount(groups, minlength=count), 1)[:, None])
