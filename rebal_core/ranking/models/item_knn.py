"""Item-kNN: what the same users took is near; a list is what is near to what was done last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from rebal_core.params import Number
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models.base import RECOMMENDERS, Progress, Recommender, Scores
from rebal_core.ranking.models.history import HALF_LIFE, REPEATS, PairModel, owner_of, tastes
from rebal_core.ranking.models.kept import Arrays, Shape
from rebal_core.rows import Floats

#: Pairs of items whose cosine is held at once: 16 bytes each, and as many again to sort them.
_PAIRS = 4_000_000


@dataclass
class ItemKnn(PairModel):
    """Cosines between items over users, shrunk towards 0, of the nearest neighbours of each.

    ``near(i, j) = x_i . x_j / (|x_i| |x_j| + shrinkage)``, ``x_i`` what each user did with item i.

    Parameters
    ----------
    neighbours : int
        Items that each item passes its weight on to.
    shrinkage : float
        Two users in common by chance make no near items.

    References
    ----------
    Deshpande, Karypis (2004), Item-based top-N recommendation algorithms, ACM Transactions on
    Information Systems 22, 143-177.
    """

    kind: ClassVar[str] = "item_knn"
    whole: ClassVar[tuple[str, ...]] = ("item", "starts")

    neighbours: int = 100
    shrinkage: float = 10.0

    def learned(self, log: EventLog, progress: Progress) -> Arrays:
        """Return the cosines, a row the item that passes on."""
        users = tastes(log)
        items, size = sp.csr_matrix(users.T), users.shape[1]
        length = np.sqrt(np.asarray(users.power(2).sum(axis=0, dtype=np.float64)).ravel())
        # A row of the product holds no more than its users make pairs with it.
        taken = np.diff(users.indptr)
        pairs = np.bincount(users.indices, np.repeat(taken, taken), minlength=size)
        ends = np.cumsum(np.minimum(pairs, size))
        parts, start = [sp.csr_matrix((0, size), dtype=np.float32)], 0
        while start < size:
            before = ends[start - 1] if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, before + _PAIRS, side="right")))
            parts.append(self._nearest(items[start:stop] @ users, start, length))
            progress(stop / size)
            start = stop
        near = sp.vstack(parts, format="csr")
        nearest = near.max(axis=1).toarray().ravel()
        return {
            "nearest": nearest,
            "near": near.data,
            "item": near.indices,
            "starts": near.indptr,
        }

    def _nearest(self, common: sp.csr_matrix, start: int, length: Floats) -> sp.csr_matrix:
        rows, columns = owner_of(common), common.indices
        values = common.data / (length[rows + start] * length[columns] + self.shrinkage)
        kept = columns != rows + start
        rows, columns, values = rows[kept], columns[kept], values[kept]
        order = np.lexsort((columns, -values, rows))
        starts = np.searchsorted(rows, np.arange(common.shape[0]))
        rank = np.arange(len(rows)) - starts[rows]
        order = order[rank < self.neighbours]
        found = (values[order].astype(np.float32), (rows[order], columns[order]))
        return sp.csr_matrix(found, shape=common.shape)

    def shapes(self, items: int) -> dict[str, Shape]:
        """Return the shape that each array must have."""
        own: Shape = (None,)
        return {
            "prior": (items,),
            "nearest": (items,),
            "near": own,
            "item": own,
            "starts": (items + 1,),
        }

    def check(self) -> None:
        """Refuse also places that no matrix can have."""
        super().check()
        self._near(len(self.arrays_["prior"])).check_format(full_check=True)

    def _near(self, size: int) -> sp.csr_matrix:
        held = self.arrays_
        return sp.csr_matrix((held["near"], held["item"], held["starts"]), shape=(size, size))

    def passed(self, shares: sp.csr_matrix) -> Scores:
        """Return the mean cosine to what was done."""
        return np.asarray((shares @ self._near(shares.shape[1])).toarray(), dtype=np.float32)


def _make(seed: int, **params: Any) -> ItemKnn:
    return ItemKnn(seed, **params)


item_knn = RECOMMENDERS.add(
    Recommender(
        name="item_knn",
        label="Item-kNN",
        family="neighbours",
        aliases=(
            "itemknn",
            "item_based",
            "item_cf",
            "物品协同过滤",
            "物品近邻",
            "基于物品的协同过滤",
        ),
        reference="Deshpande & Karypis (2004), Item-based top-N recommendation algorithms, ACM "
        "TOIS 22",
        about="Items that the same people took are near; a list is what is near to what somebody "
        "did last. Quick to learn, hard to beat, and every place in a list has its reason.",
        make=_make,
        parameters=(
            Number(
                "neighbours",
                "Neighbours",
                "Nearest items that each item speaks for.",
                100,
                1,
                10_000,
            ),
            Number(
                "shrinkage",
                "Shrinkage",
                "Takes from the nearness of items that few people took: more for rare items.",
                10.0,
                0.0,
                1e6,
            ),
            HALF_LIFE,
            REPEATS,
        ),
    )
)
