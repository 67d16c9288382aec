"""What two towers learn from: events one visit after the other, and what was left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.ranking.context import ContextReading
from rebal_core.ranking.log import EventLog
from rebal_core.rows import Ints


def beside_of(frame: pd.DataFrame | None) -> pd.DataFrame:
    """Return what is told beside events; no columns where nothing is."""
    return pd.DataFrame() if frame is None else frame


def events_of(log: EventLog, reading: ContextReading | None = None) -> Any:
    """Return a log's events as :class:`rebal_core.nn.next_items.Events`."""
    import torch

    from rebal_core.nn.next_items import Events

    visits = log.visits()
    order: NDArray[np.int64] = np.empty(len(log), dtype=np.int64)
    by_user = np.argsort(log.user, kind="stable")
    order[by_user] = np.arange(len(log))
    weight = np.maximum(log.weight[by_user], 0.0)
    weight = weight / weight.mean() if weight.any() else np.ones(len(log))
    starts, shown = left_alone(log)
    user = log.user[by_user]
    beside = pd.DataFrame(index=by_user) if log.beside is None else log.beside.iloc[by_user]
    reading = reading or ContextReading.of(beside, ())
    return Events(
        torch.from_numpy(visits.item),
        torch.from_numpy(np.repeat(visits.starts[:-1], visits.lengths)),
        torch.from_numpy(weight.astype(np.float32)),
        torch.from_numpy(order),
        len(log.items),
        torch.from_numpy(np.append(shown, 0)),
        torch.from_numpy(starts[user]),
        torch.from_numpy(starts[user + 1]),
        torch.from_numpy(reading.words(beside)),
        torch.from_numpy(reading.numbers(beside)),
        int((user >= log.real_users).sum()),
    )


def left_alone(log: EventLog) -> tuple[Ints, Ints]:
    """Return the items that each user was shown and never took.

    Returns
    -------
    starts : ndarray of shape (users + 1,)
        Those of user u are ``starts[u]`` to ``starts[u + 1]``.
    item : ndarray of shape (s,)
        Codes, in the order of time; as often as they were shown.
    """
    none: Ints = np.zeros(0, dtype=np.int64)
    user, item = (none, none) if log.shown is None else (log.shown.user, log.shown.item)
    items = len(log.items)
    kept = (user >= 0) & ~np.isin(user * items + item, log.user * items + log.item)
    user, item = user[kept], item[kept]
    ends = np.cumsum(np.bincount(user, minlength=len(log.users)))
    return np.concatenate([[0], ends]).astype(np.int64), item[np.argsort(user, kind="stable")]
