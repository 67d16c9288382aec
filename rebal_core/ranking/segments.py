"""Segments of users: who is in which, and whom a remedy that is aimed at one makes worse.

A remedy may lift one segment at the cost of others, which a mean over all users does not show. Its
lists are therefore held against those of the untreated model in every segment, and the ones that it
makes worse are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.dataset import label_text
from rebal_core.evaluation.intervals import LEVEL, Difference, holm, holm_levels
from rebal_core.ranking.draws import UserDraws
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.metrics import METRICS
from rebal_core.ranking.trial import Trial
from rebal_core.rows import Floats, Ints

#: What a segment is judged by.
JUDGED = ("recall", "ndcg")
#: A loss or gain that three decimals show: no interval that ends in 0.000 stands beside “worse”.
VISIBLE = 0.0005
#: Asked users by fewer than which a segment is not judged, and segments that are, at most.
FEWEST, MOST = 30, 50

Code = Literal["HELPS", "HURTS", "CANT_TELL", "NO_VERDICT"]


@dataclass(frozen=True)
class Aim:
    """The segment that a remedy is aimed at: users whose last known value of a column is this."""

    column: str
    value: str


def values_of(log: EventLog, column: str) -> NDArray[np.object_]:
    """Return the value of a column that each event has, as text; None where it is missing."""
    assert log.beside is not None
    codes, labels = pd.factorize(log.beside[column])
    names = np.array([*map(label_text, labels), None], dtype=object)
    return names[codes]


def segments_of(log: EventLog, column: str) -> NDArray[np.object_]:
    """Return the segment of each user: the last value that is known of him; None for none."""
    values = values_of(log, column)
    known = pd.notna(values)
    found = np.full(len(log.users), None, dtype=object)
    found[log.user[known]] = values[known]  # in the order of time: the last one stays
    return found


@dataclass(frozen=True)
class Change:
    """What became of one metric in one segment.

    Parameters
    ----------
    arm, untreated : float
        Means over the segment's users.
    difference : Difference
        Arm less untreated.
    level, p : float
        Misses allowed to the interval, and the p-value, by Holm over all that is judged of the arm.
    """

    arm: float
    untreated: float
    difference: Difference
    level: float
    p: float

    @property
    def interval(self) -> tuple[float, float]:
        """The interval at its level."""
        return self.difference.interval(self.level)


@dataclass(frozen=True)
class Guard:
    """What a remedy does to the users of each segment.

    Parameters
    ----------
    aim : Aim
    visits : mapping of segment to int
        Asked users, of those that are judged.
    changes : mapping of segment to mapping of metric to Change
    left_out : int
        Segments that are not judged: too few are asked, or there are too many.
    """

    aim: Aim
    visits: Mapping[str, int]
    changes: Mapping[str, Mapping[str, Change]]
    left_out: int

    @property
    def worse(self) -> tuple[str, ...]:
        """Segments that lost recall or NDCG beyond chance."""
        return tuple(
            name
            for name, found in self.changes.items()
            if any(change.interval[1] <= -VISIBLE for change in found.values())
        )

    @property
    def code(self) -> Code:
        """What is said of the aim: a gain there that others pay for does not help."""
        aimed = self.changes.get(self.aim.value)
        if aimed is None:
            return "NO_VERDICT"
        if self.aim.value in self.worse:
            return "HURTS"
        gains = any(change.interval[0] >= VISIBLE for change in aimed.values())
        return "HELPS" if gains and not self.worse else "CANT_TELL"


def guard(aim: Aim, trial: Trial, arm: Ints, untreated: Ints, draws: UserDraws) -> Guard:
    """Return what lists do to each segment beside those of the untreated model.

    Parameters
    ----------
    arm, untreated : ndarray of shape (visits, k)
        Lists of the trial's visits.
    """
    segment = segments_of(trial.log, aim.column)[trial.visits.user]
    names, asked = np.unique(segment[pd.notna(segment)].astype(str), return_counts=True)
    order = np.lexsort((names, -asked, names != aim.value))
    judged = [n for n in order if asked[n] >= FEWEST][:MOST]
    inside = np.array([segment == names[n] for n in judged], dtype=bool)
    inside = inside.reshape(len(judged), len(segment))
    both = [[METRICS[m](lists, trial.truth) for m in JUDGED] for lists in (arm, untreated)]
    changes = _changes(inside, np.array(both), draws)
    return Guard(
        aim,
        {str(names[n]): int(asked[n]) for n in judged},
        {str(names[n]): found for n, found in zip(judged, changes, strict=True)},
        len(names) - len(judged),
    )


def _changes(inside: NDArray[np.bool_], both: Floats, draws: UserDraws) -> list[dict[str, Change]]:
    """Return the change of each metric in each segment.

    Parameters
    ----------
    inside : ndarray of shape (segments, visits)
    both : ndarray of shape (2, metrics, visits)
        Of the arm, and of the untreated model.
    """
    if not len(inside):
        return []
    own = np.where(inside[:, None], both[0] - both[1], np.nan).reshape(-1, inside.shape[1])
    found = [draws.difference(line, np.zeros_like(line)) for line in draws.means(own)]
    raw = [difference.p for difference in found]
    told = zip(found, holm_levels(raw, LEVEL), holm(raw), strict=True)
    return [
        {
            metric: Change(_mean(both[0, m, rows]), _mean(both[1, m, rows]), *next(told))
            for m, metric in enumerate(JUDGED)
        }
        for rows in inside
    ]


def _mean(values: Floats) -> float:
    return float(values.mean())
