"""What a visit leaves behind: the latest events count most, and what was taken may come again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from rebal_core.params import Number
from rebal_core.ranking.log import EventLog, Visits
from rebal_core.ranking.models.base import FitProgress, Scores, no_progress
from rebal_core.ranking.models.kept import KeptModel
from rebal_core.ranking.trial import Trial, last_events
from rebal_core.rows import Ints
from rebal_core.seeding import generator

#: What popularity adds to a score, of 1 at most: it orders what a model cannot tell apart, and is
#: all that there is for somebody of whom nothing is known.
PRIOR = 1e-5
#: Scores by which settings are found: those of 2,000 visits of 20,000 items, of which all visits of
#: a small catalogue. With 2,000 visits of the e-shop chance still had a say.
_ENOUGH = 40_000_000
#: Visits by less than which nothing can be found.
_LEAST = 20
#: Places of a list that count while they are.
_PLACES = 10
#: Scores that are there at once.
_SCORES = 4_000_000


def tastes(log: EventLog) -> sp.csr_matrix:
    """Return what each user did as a matrix of shape (users, items), float32.

    The logarithm of the summed weights, 1 for one plain event: the tenth click on an item tells
    little. Measured on the e-shop's clicks, it is better than sums, and as good as ones.
    """
    found = log.visits().matrix(len(log.items))
    found.data = np.log2(1.0 + np.maximum(found.data, 0.0))
    found.eliminate_zeros()
    return found


def faded(visits: Visits, half_life: float) -> Visits:
    """Return the visits with events that weigh half as much every ``half_life`` events back."""
    age = np.repeat(visits.starts[1:], visits.lengths) - 1 - np.arange(len(visits.item))
    weight = np.maximum(visits.weight, 0.0) * 0.5 ** (age / max(half_life, 0.01))
    return Visits(visits.user, visits.starts, visits.item, weight)


@dataclass
class HistoryModel(KeptModel):
    """One that scores by what somebody did, of which the latest counts most.

    How fast events lose their say, and whether people take the same again, differs from log to log
    more than anything else: clicks of a visit follow the last page, films of a year do not. What is
    below 0 is therefore found on the log, before the model learns from all of it: by NDCG@10 of
    the last event of users, foretold by a model that has not seen the last events.

    Parameters
    ----------
    half_life : float
        Events after which an earlier one weighs half; 0 lets the last count alone.
    repeats : float
        Part of its score that an item keeps once it was taken; 0 puts it behind all that suits.
    half_life_, repeats_ : float
        Those in use.
    """

    #: What is tried, the first where there is nothing to find it by. In this order.
    tried: ClassVar[dict[str, tuple[float, ...]]] = {
        "half_life": (1e6, 64.0, 16.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.25),
        "repeats": (1.0, 1.5, 3.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2, 0.0),
    }

    half_life: float = -1.0
    repeats: float = -1.0
    half_life_: float = -1.0
    repeats_: float = -1.0

    def fit(self, log: EventLog, progress: FitProgress = no_progress) -> None:
        """Find the settings that are not given, and learn from all events of a log."""
        wanted = [name for name in self.tried if getattr(self, name) < 0]
        for name, values in self.tried.items():
            setattr(self, f"{name}_", values[0] if name in wanted else getattr(self, name))
        trial = last_events(log)
        if not wanted or len(trial.visits) < _LEAST:
            return super().fit(log, progress)
        inner = self.finder(log)
        KeptModel.fit(inner, trial.log, lambda share, **_: progress(share / 2))
        inner.find(trial, wanted, lambda: progress(0.5))
        self.half_life_, self.repeats_ = inner.half_life_, inner.repeats_
        super().fit(log, lambda share, **epoch: progress(0.5 + share / 2, **epoch))

    def finder(self, log: EventLog) -> HistoryModel:
        """Return the unfitted model by which settings are found: one like this."""
        return replace(self, arrays_={})

    def find(self, trial: Trial, wanted: list[str], alive: Callable[[], None]) -> None:
        """Set what is wanted to the value that foretells most, one after the other.

        Parameters
        ----------
        wanted : list of str
        alive : callable
            Called before each try; what it raises ends the work.
        """
        rows = np.arange(len(trial.visits))
        most = max(_ENOUGH // len(self.arrays_["prior"]), _LEAST)
        if len(rows) > most:
            draw = generator(self.seed, "settings of a history")
            rows = np.sort(draw.choice(len(rows), most, replace=False))
        visits, next_item = trial.visits.take(rows), trial.truth.item[rows]
        for name in wanted:
            told = {}
            for value in self.tried[name]:
                alive()
                setattr(self, f"{name}_", value)
                told[value] = self._gain(visits, next_item)
            setattr(self, f"{name}_", max(told, key=lambda value: told[value]))

    def _gain(self, visits: Visits, next_item: Ints) -> float:
        """Return the NDCG of lists in which one item is right."""
        found = 0.0
        block = max(_SCORES // len(self.arrays_["prior"]), 1)
        for start in range(0, len(visits), block):
            rows = np.arange(start, min(start + block, len(visits)))
            scores = self.score(visits.take(rows))
            own = scores[np.arange(len(rows)), next_item[rows]]
            place = (scores > own[:, None]).sum(axis=1)
            found += float((1.0 / np.log2(place[place < _PLACES] + 2.0)).sum())
        return found / max(len(visits), 1)

    @abstractmethod
    def suited(self, history: sp.csr_matrix) -> Scores:
        """Return how much items suit histories of shape (visits, items); nothing suits none."""

    def score(self, visits: Visits) -> Scores:
        """Return what each item is worth to each visit, shape (visits, items)."""
        prior = self.arrays_["prior"]
        history = faded(visits, self.half_life_).matrix(len(prior))
        scores, taken = self.suited(history), (owner_of(history), history.indices)
        # A score below 0 is nothing that could be kept in part.
        scores[taken] -= np.float32(1 - self.repeats_) * np.maximum(scores[taken], 0)
        scores += np.float32(PRIOR) * prior
        return scores


@dataclass
class PairModel(HistoryModel):
    """One that passes on what was done from item to item, to each by a number of its own.

    An item is as near to itself as its nearest other item: what lies between a list that forgets
    what was done and one that shows nothing else is left to ``repeats``.

    Notes
    -----
    ``arrays_["nearest"]`` of shape (items,) is how near the nearest other item is.
    """

    @abstractmethod
    def passed(self, shares: sp.csr_matrix) -> Scores:
        """Return what comes to items from the others, shape (visits, items)."""

    def suited(self, history: sp.csr_matrix) -> Scores:
        """Return the mean of how near items are to what was done."""
        total, owner = np.asarray(history.sum(axis=1)).ravel(), owner_of(history)
        shares = history.copy()
        shares.data /= np.maximum(total, np.float32(1e-30))[owner]
        scores = self.passed(shares)
        scores[owner, shares.indices] += self.arrays_["nearest"][shares.indices] * shares.data
        return scores


def owner_of(matrix: sp.csr_matrix) -> Ints:
    """Return the row of each number of a matrix."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


HALF_LIFE = Number(
    "half_life",
    "Half-life",
    "Events of the visit after which an earlier one weighs half as much as the last; 0 lets the "
    "last count alone, -1 finds the best on the log.",
    -1.0,
    -1.0,
    1e6,
)
REPEATS = Number(
    "repeats",
    "Repeats",
    "Part of its score that an item keeps once it was taken: 1 all of it, 0 nothing; -1 finds the "
    "best on the log.",
    -1.0,
    -1.0,
    10.0,
)
