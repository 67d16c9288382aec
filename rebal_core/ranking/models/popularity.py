"""Popularity: the same order for everybody, what most people took first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rebal_core.ranking.log import EventLog, Visits
from rebal_core.ranking.models.base import RECOMMENDERS, Progress, Recommender, Scores
from rebal_core.ranking.models.kept import Arrays, KeptModel, Shape


@dataclass
class Popularity(KeptModel):
    """The logarithm of each item's summed weights, whoever asks.

    References
    ----------
    Cremonesi, Koren, Turrin (2010), Performance of recommender algorithms on top-N recommendation
    tasks, RecSys.
    """

    kind: ClassVar[str] = "popularity"

    def learned(self, log: EventLog, progress: Progress) -> Arrays:
        """Return nothing beside the prior."""
        return {}

    def shapes(self, items: int) -> dict[str, Shape]:
        """Return the shape that each array must have."""
        return {"prior": (items,)}

    def score(self, visits: Visits) -> Scores:
        """Return the prior of each visit, shape (visits, items)."""
        return np.tile(self.arrays_["prior"], (len(visits), 1))


def _make(seed: int, **params: Any) -> Popularity:
    return Popularity(seed, **params)


popularity = RECOMMENDERS.add(
    Recommender(
        name="popularity",
        label="Popularity",
        family="baseline",
        aliases=("most_popular", "pop", "top_pop", "热门", "流行度", "热度"),
        reference="Cremonesi, Koren & Turrin (2010), Performance of recommender algorithms on "
        "top-N recommendation tasks, RecSys",
        about="The same list for everybody: what most people took. Whatever does not beat it has "
        "learned nothing of single people.",
        make=_make,
    )
)
