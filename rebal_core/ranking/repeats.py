"""How much of what comes last is only what was there before: a list that no model is needed for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rebal_core.evaluation.intervals import Difference
from rebal_core.ranking.draws import UserDraws
from rebal_core.ranking.log import Visits
from rebal_core.ranking.scored import Means, means_of
from rebal_core.ranking.trial import Trial
from rebal_core.rows import Ints


@dataclass(frozen=True)
class Repeats:
    """What a trial asks for that its visits hold already.

    Parameters
    ----------
    right_before : float
        Part of what is asked that is the item of the event right before it.
    had : float
        Part of it that the visit holds anywhere.
    means : Means
        What it is worth to show each user the items that he had, the latest first.
    ahead : Difference or None
        How much more NDCG the best untreated model has than that.
    """

    right_before: float
    had: float
    means: Means
    ahead: Difference | None

    @classmethod
    def of(
        cls, trial: Trial, k: int, bands: Ints, draws: UserDraws, best: Means | None
    ) -> Repeats | None:
        """Return what is repeated in a trial, or None where nothing is asked."""
        visits, truth = trial.visits, trial.truth
        if not len(truth.item):
            return None
        items = len(trial.log.items)
        latest = latest_lists(visits, k)
        had = np.isin(truth.owner * items + truth.item, visits.owner * items + visits.item)
        means = means_of(latest, truth, bands, draws)
        return cls(
            float((latest[truth.owner, 0] == truth.item).mean()),
            float(had.mean()),
            means,
            None if best is None else draws.difference(best["ndcg"]["all"], means["ndcg"]["all"]),
        )


def latest_lists(visits: Visits, k: int) -> Ints:
    """Return the items that each visit holds, the latest first, each once.

    Returns
    -------
    ndarray of shape (n, k)
        Codes; -1 where the visit holds no more.
    """
    lists = np.full((len(visits), k), -1, dtype=np.int64)
    owner, item = visits.owner[::-1], visits.item[::-1]
    # Backwards, the first time that a visit names an item is the last time that it had it.
    _, first = np.unique(np.stack([owner, item]), axis=1, return_index=True)
    first = np.sort(first)
    owner, item = owner[first], item[first]
    ends = np.cumsum(np.bincount(owner, minlength=len(visits))[::-1])
    begins = np.concatenate([[0], ends])[:-1][::-1]
    place = np.arange(len(owner)) - begins[owner]
    shown = place < k
    lists[owner[shown], place[shown]] = item[shown]
    return lists
