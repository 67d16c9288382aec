"""Content: items like those that were looked at, by their attributes and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.ranking.attributes import attribute_vectors
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models.base import RECOMMENDERS, Progress, Recommender, Scores
from rebal_core.ranking.models.history import HALF_LIFE, REPEATS, PairModel, owner_of
from rebal_core.ranking.models.kept import Arrays, Shape
from rebal_core.seeding import child_seed
from rebal_core.wording import Text

#: Rows of the table of all pairs that are there at once.
_BLOCK = 512


@dataclass
class Content(PairModel):
    """The cosine of an item's attributes to those of what was done, weighted.

    Items that nobody took yet are found as well as all others.

    References
    ----------
    Pazzani, Billsus (2007), Content-based recommendation systems, The Adaptive Web, 325-341.
    """

    kind: ClassVar[str] = "content"

    def learned(self, log: EventLog, progress: Progress) -> Arrays:
        """Return the attributes of each item as a vector of length 1."""
        assert log.about_items is not None
        vectors = attribute_vectors(log.about_items, child_seed(self.seed, "content"))
        length = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
        vectors = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
        return {"vectors": vectors, "nearest": _nearest(vectors, progress)}

    def shapes(self, items: int) -> dict[str, Shape]:
        """Return the shape that each array must have."""
        return {"prior": (items,), "nearest": (items,), "vectors": (items, None)}

    def passed(self, shares: sp.csr_matrix) -> Scores:
        """Return the mean cosine to what was done, an item's own left out."""
        vectors: NDArray[np.float32] = self.arrays_["vectors"]
        scores = np.asarray((shares @ vectors) @ vectors.T, dtype=np.float32)
        own = (vectors**2).sum(axis=1)[shares.indices]
        scores[owner_of(shares), shares.indices] -= shares.data * own
        return scores


def _nearest(vectors: NDArray[np.float32], progress: Progress) -> NDArray[np.float32]:
    """Return the cosine of each item to the nearest other, 0 at least."""
    found = np.zeros(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK):
        near = vectors[start : start + _BLOCK] @ vectors.T
        here = np.arange(len(near))
        near[here, here + start] = 0.0
        found[start : start + _BLOCK] = near.max(axis=1, initial=0.0)
        progress(start / len(vectors))
    return found


def _serves(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    if log.about_items is not None and len(log.about_items.columns):
        return None
    return Text("There are no attributes of the items; name a table or columns that hold some.")


def _make(seed: int, **params: Any) -> Content:
    return Content(seed, **params)


content = RECOMMENDERS.add(
    Recommender(
        name="content",
        label="Content",
        family="neighbours",
        aliases=("content_based", "attributes", "基于内容", "内容推荐"),
        reference="Pazzani & Billsus (2007), Content-based recommendation systems, The Adaptive "
        "Web",
        about="Items with attributes like those of what somebody did last. It needs no clicks on "
        "an item to find it, so it serves new ones and the tail.",
        make=_make,
        parameters=(HALF_LIFE, REPEATS),
        serves=_serves,
    )
)
