"""Meetings of users and items: what somebody was shown or chose, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rebal_core.ranking.log import Bools, EventLog, Visits
from rebal_core.rows import Ints

#: Events of a past that are kept, the latest.
_LATEST = 500
#: Part of the choices that answer a row of its own, in a log that writes one when it shows.
_ANSWERS = 0.5


@dataclass(frozen=True)
class Meetings:
    """Pairs of a user and an item, in the order of time, and what came of each.

    Parameters
    ----------
    user, item : ndarray of shape (n,)
        Codes in the log; users who never did anything have codes below 0, each his own.
    moment : ndarray of shape (n,)
        Rank of the time at which they met.
    clicked : ndarray of shape (n,), bool
        Whether the item was chosen.
    bought : ndarray of shape (n,), bool, or None
        Whether it was bought, too; None where the log does not tell of purchases.
    pasts : Visits
        What users did before moments; several meetings may have one.
    past : ndarray of shape (n,)
        Places in ``pasts``.
    """

    user: Ints
    item: Ints
    moment: Ints
    clicked: Bools
    bought: Bools | None
    pasts: Visits
    past: Ints

    def __len__(self) -> int:
        """N, the meetings."""
        return len(self.item)

    def take(self, rows: Ints | Bools) -> Meetings:
        """Return some of them, with the pasts that they have."""
        kept, past = np.unique(self.past[rows], return_inverse=True)
        return Meetings(
            self.user[rows],
            self.item[rows],
            self.moment[rows],
            self.clicked[rows],
            None if self.bought is None else self.bought[rows],
            self.pasts.take(kept),
            past,
        )

    @property
    def outcomes(self) -> dict[str, Bools]:
        """What came of each, by task: ``click``, and ``buy`` where purchases are told of."""
        bought = {} if self.bought is None else {"buy": self.bought}
        return {"click": self.clicked, **bought}


def meetings_of(log: EventLog) -> Meetings:
    """Return the meetings of real users that a log tells of.

    A log may write a row when an item is shown, and others when it is chosen and bought. What was
    shown since a user last did something, with what he did then until he was shown more, is a
    list, in which a pair meets each time that it is shown, and what he does of it belongs to the
    last time; what is bought after more was shown is a meeting of its own. Where most of what was
    chosen was not shown in a row of its own, a row tells all, and each is a meeting.

    The past of a meeting are the events of its user at moments before it alone.
    """
    real = log.user < log.real_users
    parts = [log.take(real), *([] if log.shown is None else [log.shown])]
    user = np.concatenate([part.user for part in parts])
    item = np.concatenate([part.item for part in parts])
    moment = np.concatenate([part.moment for part in parts])
    chosen = np.arange(len(user)) < len(parts[0])
    bought = np.zeros(len(user), dtype=bool)
    if parts[0].bought is not None:
        bought[: len(parts[0])] = parts[0].bought
    # What is shown at the moment of a choice is what was chosen from.
    order = np.lexsort((chosen, moment, user))
    user, item, moment = user[order], item[order], moment[order]
    chosen, bought = chosen[order], bought[order]
    begins = np.ones(len(user), dtype=bool)
    begins[1:] = (user[1:] != user[:-1]) | (chosen[:-1] & ~chosen[1:])
    first, meeting = _grouped(np.cumsum(begins), item, moment, chosen)
    offered, answered = (np.bincount(meeting, told) > 0 for told in (~chosen, chosen))
    if offered[answered].sum() < _ANSWERS * answered.sum():
        first = meeting = np.arange(len(order))
    clicked, paid = (np.bincount(meeting, told) > 0 for told in (chosen, bought))
    in_time = np.argsort(moment[first], kind="stable")
    first, clicked, paid = first[in_time], clicked[in_time], paid[in_time]
    pasts, past = _pasts(log, user[first], moment[first])
    told = None if log.bought is None else paid
    return Meetings(user[first], item[first], moment[first], clicked, told, pasts, past)


def _grouped(lists: Ints, item: Ints, moment: Ints, chosen: Bools) -> tuple[Ints, Ints]:
    """Return the first row of each meeting, and the meeting of each row."""
    order = np.lexsort((item, lists))
    lists, item, moment, chosen = lists[order], item[order], moment[order], chosen[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (lists[1:] != lists[:-1]) | (item[1:] != item[:-1])
    begins[1:] |= ~chosen[1:] & (moment[1:] != moment[:-1])
    meeting = np.empty(len(order), dtype=np.int64)
    meeting[order] = np.cumsum(begins) - 1
    return order[begins], meeting


def _pasts(log: EventLog, user: Ints, moment: Ints) -> tuple[Visits, Ints]:
    """Return what users did before moments, each past once, and which past is whose."""
    visits, by_user = log.visits(), np.argsort(log.user, kind="stable")
    most = 1 + max(log.moment.max(initial=0), moment.max(initial=0))
    known = log.user[by_user] * most + log.moment[by_user]
    code = np.maximum(user, -1)
    end = np.searchsorted(known, code * most + moment)
    end[code < 0] = 0
    (code, end), past = np.unique(np.stack([code, end]), axis=1, return_inverse=True)
    start = np.where(code < 0, 0, visits.starts[np.maximum(code, 0)])
    lengths = np.minimum(end - start, _LATEST)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    events = np.arange(starts[-1]) - np.repeat(starts[1:] - end, lengths)
    return Visits(code, starts, visits.item[events], visits.weight[events]), past
