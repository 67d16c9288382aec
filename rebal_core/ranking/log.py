"""A log of events: who did something with which item, in the order of time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.rows import Floats, Ints

Bools = NDArray[np.bool_]


#: What an event has.
_OF_EVENTS = ("user", "item", "weight", "moment", "row")


def _places(events: Ints | Bools) -> Ints:
    """Return which events a mask or a choice means."""
    return np.flatnonzero(events) if events.dtype == bool else np.asarray(events, dtype=np.int64)


def taken(starts: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return the starts of some of the runs that lie end to end, and where their values stand.

    Parameters
    ----------
    starts : ndarray of shape (n + 1,)
        Run i is ``starts[i]`` to ``starts[i + 1]``.
    rows : ndarray of shape (m,)
        The runs, in any order; they may repeat.
    """
    lengths = np.diff(starts)[rows]
    found = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    within = np.arange(found[-1]) - np.repeat(found[:-1], lengths)
    return found, np.repeat(starts[rows], lengths) + within


@dataclass(frozen=True)
class Visits:
    """What some users did before they are asked for: the events of each, oldest first.

    Parameters
    ----------
    user : ndarray of shape (n,)
        Code in the log, -1 for somebody that it has not.
    starts : ndarray of shape (n + 1,)
        Events of visit i are ``starts[i]`` to ``starts[i + 1]``.
    item : ndarray of shape (m,)
        Codes of their items.
    weight : ndarray of shape (m,)
        How much each event speaks, 1 for a plain one.
    beside : DataFrame or None
        A line a visit, of the columns that were named: what the row says that a list is asked for
        by. Some of it may be known only afterwards; a model takes what it is told to.
    """

    user: Ints
    starts: Ints
    item: Ints
    weight: Floats
    beside: pd.DataFrame | None = None

    def __len__(self) -> int:
        """N, the visits."""
        return len(self.user)

    @property
    def lengths(self) -> Ints:
        """Events of each visit."""
        return np.diff(self.starts)

    @property
    def owner(self) -> Ints:
        """Of each event the visit that it is of, shape (m,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, rows: Ints) -> Visits:
        """Return these visits, in this order; they may repeat."""
        starts, events = taken(self.starts, rows)
        beside = None if self.beside is None else self.beside.iloc[rows]
        return Visits(self.user[rows], starts, self.item[events], self.weight[events], beside)

    def matrix(self, items: int) -> sp.csr_matrix:
        """Return the summed weights as a matrix of shape (n, items), float32."""
        shape = (len(self), items)
        values = self.weight.astype(np.float32)
        found = sp.csr_matrix((values, self.item, self.starts), shape=shape)
        found.sum_duplicates()
        return found


@dataclass(frozen=True)
class EventLog:
    """Events in the order of time, users and items as codes.

    Parameters
    ----------
    user, item : ndarray of shape (n,)
        Codes: positions in ``users`` and ``items``.
    weight : ndarray of shape (n,)
        How much an event speaks: 1 for a plain one, more for a purchase or a good rating.
    moment : ndarray of shape (n,)
        Rank of its time, equal for equal times; never decreases.
    row : ndarray of shape (n,)
        Row of the table that it came from.
    users, items : ndarray of object
        Labels. The catalogue is ``items``: all items that the table names, sold or not.
    about_items : DataFrame or None
        A line an item, in the order of ``items``: numbers, or text and categories as ``str``.
    beside : DataFrame or None
        A line an event, of the columns of the table that a remedy named.
    beside_items : DataFrame or None
        A line an item, of the columns that a remedy named: no model learns from them.
    shown : EventLog or None
        What was offered and left alone: the rows that the column of events does not count, in the
        order of time and with the codes and ranks of this log. Users who never did anything else
        have codes below 0, each his own.
    bought : ndarray of shape (n,), bool, or None
        Which events are purchases; None where the log does not tell, or tells of nothing else.
    made : int
        So many of the users, the last ones, are none: they are learned from and never asked.
    """

    user: Ints
    item: Ints
    weight: Floats
    moment: Ints
    row: Ints
    users: NDArray[Any]
    items: NDArray[Any]
    about_items: pd.DataFrame | None = None
    beside: pd.DataFrame | None = None
    beside_items: pd.DataFrame | None = None
    shown: EventLog | None = None
    bought: Bools | None = None
    made: int = 0

    def __len__(self) -> int:
        """Events."""
        return len(self.user)

    @property
    def popularity(self) -> Ints:
        """Events of each item, shape (items,)."""
        return np.bincount(self.item, minlength=len(self.items)).astype(np.int64)

    def take(self, events: Ints | Bools) -> EventLog:
        """Return some of the events; the catalogue, the codes and what was shown stay."""
        kept = {name: getattr(self, name)[events] for name in _OF_EVENTS}
        beside = None if self.beside is None else self.beside.iloc[_places(events)]
        bought = None if self.bought is None else self.bought[events]
        return replace(self, **kept, beside=beside, bought=bought)

    @property
    def real_users(self) -> int:
        """Users who are real: the first ones."""
        return len(self.users) - self.made

    def real(self) -> EventLog:
        """Return the log without made users."""
        users = self.real_users
        return replace(self.take(self.user < users), users=self.users[:users], made=0)

    def before(self, moment: int) -> EventLog:
        """Return the log of what happened, and was shown, before a moment."""
        shown = None if self.shown is None else self.shown.take(self.shown.moment < moment)
        return replace(self.take(self.moment < moment), shown=shown)

    def told_before(self, ends: Ints) -> EventLog:
        """Return the log without what was shown at or after the end of each user.

        Parameters
        ----------
        ends : ndarray of shape (users,)
            Ranks of times. Rows of users who never did anything count as before.
        """
        if self.shown is None:
            return self
        user = self.shown.user
        before = (user < 0) | (self.shown.moment < ends[np.maximum(user, 0)])
        return replace(self, shown=self.shown.take(before))

    def visits(self, users: Ints | None = None) -> Visits:
        """Return what each of these users did (default: all, also those without an event)."""
        order = np.argsort(self.user, kind="stable")
        ends = np.cumsum(np.bincount(self.user, minlength=len(self.users)))
        starts = np.concatenate([[0], ends]).astype(np.int64)
        everybody = np.arange(len(self.users))
        found = Visits(everybody, starts, self.item[order], self.weight[order])
        return found if users is None else found.take(users)
