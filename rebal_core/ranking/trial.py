"""A trial: what a recommender learns from, whom it is asked for, and what was right."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rebal_core.ranking.log import Bools, EventLog, Visits, taken
from rebal_core.rows import Ints
from rebal_core.seeding import generator

#: Visits that a decision is chosen on.
MOST_VISITS = 2_000


@dataclass(frozen=True)
class Truth:
    """The items that came next, of each visit.

    Parameters
    ----------
    starts : ndarray of shape (n + 1,)
        Those of visit i are ``starts[i]`` to ``starts[i + 1]``; a visit may have none.
    item : ndarray of shape (m,)
        Codes, each item once a visit.
    """

    starts: Ints
    item: Ints

    def __len__(self) -> int:
        """N, the visits."""
        return len(self.starts) - 1

    @property
    def owner(self) -> Ints:
        """Of each item the visit that it is of, shape (m,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def take(self, rows: Ints) -> Truth:
        """Return the truth of these visits, in this order; they may repeat."""
        starts, places = taken(self.starts, rows)
        return Truth(starts, self.item[places])

    def within(self, items: Bools) -> Truth:
        """Return what is left of it where only some items of the catalogue count."""
        return self.kept(items[self.item])

    def kept(self, right: Bools) -> Truth:
        """Return what is left of it where only some of its entries count, told by shape (m,)."""
        counts = np.bincount(self.owner[right], minlength=len(self))
        return Truth(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), self.item[right])


@dataclass(frozen=True)
class Trial:
    """What a recommender learns from, whom it is asked for, and what was right.

    Parameters
    ----------
    log : EventLog
        All that may be learned from; the codes and the catalogue of the whole log.
    visits : Visits
        Whom lists are asked for, with what each did within ``log``.
    truth : Truth
        What each did next.
    """

    log: EventLog
    visits: Visits
    truth: Truth

    def of_new(self) -> Trial:
        """Return the trial that asks for items alone that a visit does not hold.

        Visits that came back to what they had are not asked: where lists leave out what was had,
        no list could be right.
        """
        items = len(self.log.items)
        had = self.visits.owner * items + self.visits.item
        new = self.truth.kept(~np.isin(self.truth.owner * items + self.truth.item, had))
        rows = np.flatnonzero(np.diff(new.starts))
        return Trial(self.log, self.visits.take(rows), new.take(rows))

    def take(self, rows: Ints) -> Trial:
        """Return the trial of these visits alone; what is learned from stays."""
        return Trial(self.log, self.visits.take(rows), self.truth.take(rows))

    def sample(self, most: int, seed: int) -> Trial:
        """Return the trial that asks at most so many of the visits, in the order that they have."""
        return self.take(some_of(len(self.visits), seed, most))


def some_of(visits: int, seed: int, most: int = MOST_VISITS) -> Ints:
    """Return which visits are asked where some are enough: at most so many, in their order."""
    if visits <= most:
        return np.arange(visits)
    return np.sort(generator(seed, "asked visits").choice(visits, most, replace=False))


def last_events(log: EventLog) -> Trial:
    """Return the trial in which the last event of each user is to be foretold.

    Users of one event are learned from and not asked: nobody knows anything of them before. Where
    the last moment of a user holds several events, the last in the order of the table counts.

    What was shown to them since the event before is what they were to choose from. None of it is
    learned from: that it was left alone would be wrong of the item that is asked for, and to spare
    that one alone would tell which it is.

    Returns
    -------
    Trial
        One true item a visit; visits in the order of the user's code.
    """
    # Events stand in the order of time: the last of a user is where its code is seen last.
    last = np.full(len(log.users), -1)
    last[log.user] = np.arange(len(log))
    events = np.bincount(log.user, minlength=len(log.users))
    asked = np.flatnonzero(events[: log.real_users] >= 2)
    learned = np.ones(len(log), dtype=bool)
    learned[last[asked]] = False
    left = log.take(learned)
    known = np.full(len(log.users), -1)
    known[left.user] = left.moment
    ends = np.full(len(log.users), np.iinfo(np.int64).max)
    ends[asked] = np.minimum(known[asked] + 1, log.moment[last[asked]])
    left = left.told_before(ends)
    truth = Truth(np.arange(len(asked) + 1), log.item[last[asked]])
    return Trial(left, _asked(log, left.visits(asked), last[asked]), truth)


def later_events(log: EventLog, moment: int) -> Trial:
    """Return the trial in which all that happens from a moment on is to be foretold.

    Parameters
    ----------
    moment : int
        Rank of the time at which the future begins.

    Returns
    -------
    Trial
        Users with events on both sides are asked, in the order of their codes.
    """
    before = log.moment < moment
    past, future = log.before(moment), log.take(~before)
    known = np.bincount(past.user, minlength=len(log.users)) > 0
    comes = np.bincount(future.user, minlength=len(log.users)) > 0
    asked = np.flatnonzero((known & comes)[: log.real_users])
    place = np.full(len(log.users), -1)
    place[asked] = np.arange(len(asked))
    kept = place[future.user] >= 0
    pairs = np.stack([place[future.user[kept]], future.item[kept]])
    pairs = np.unique(pairs, axis=1)
    starts = np.searchsorted(pairs[0], np.arange(len(asked) + 1))
    first = np.full(len(log.users), -1)
    first[future.user[::-1]] = np.flatnonzero(~before)[::-1]
    visits = _asked(log, past.visits(asked), first[asked])
    return Trial(past, visits, Truth(starts.astype(np.int64), pairs[1]))


def _asked(log: EventLog, visits: Visits, events: Ints) -> Visits:
    """Return visits with what is said beside the events that they are asked for by."""
    return visits if log.beside is None else replace(visits, beside=log.beside.iloc[events])


def later_windows(log: EventLog, windows: int) -> list[Trial]:
    """Return trials of windows of time that follow each other, each foretold from all before it.

    Time is cut where so many windows and what comes before the first have equally many events;
    equal times stay together, so that a log of few times has fewer windows.
    """
    places = len(log) * np.arange(1, windows + 1) // (windows + 1)
    begins = np.unique(log.moment[places])
    ends = [*begins, np.inf][1:]
    return [
        later_events(log.take(log.moment < end), int(begin))
        for begin, end in zip(begins, ends, strict=True)
        if begin > log.moment[0]
    ]
