"""A simulated log of what was shown, chosen and bought, in which chances are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from rebal_core.ranking.events import kinds_of
from rebal_core.ranking.log import EventLog

#: What an event column says.
KINDS = ("impression", "click", "buy")


def rows(users=300, items=40, lists=5, places=6, signal=1.0, seed=0, rate=-1.5, paid=-0.8):
    """Return a table of lists that users are shown: a row an item, with what came of it.

    A user has one of two tastes and chooses items of his own more often; dear items, those of high
    codes, are bought less often once they are chosen.

    Parameters
    ----------
    signal : float
        Times all that tells one pair from another; 0 where all chances are the same.
    """
    rng = np.random.default_rng(seed)
    user = np.tile(np.repeat(np.arange(users), places), lists)
    when = np.repeat(np.arange(users * lists), places)
    item = np.concatenate([rng.choice(items, places, replace=False) for _ in range(users * lists)])
    liked = np.where(item % 2 == user % 2, 1.0, -1.0)
    dear = 2 * item / (items - 1) - 1
    click = expit(rate + signal * 1.5 * liked)
    buy = expit(paid - signal * 2.0 * dear)
    clicked = rng.random(len(user)) < click
    bought = clicked & (rng.random(len(user)) < buy)
    return pd.DataFrame(
        {
            "user": user,
            "item": item,
            "when": when,
            "event": np.array(KINDS, dtype=object)[clicked.astype(int) + bought],
            "click": click,
            "buy": click * buy,
        }
    )


def shown_log(table, items=None):
    """Return the log that such a table is."""
    told = kinds_of(table["event"], "event")
    items = int(table["item"].max()) + 1 if items is None else items
    doers = np.unique(table["user"][told.wanted])
    code = np.full(int(table["user"].max()) + 1, 0)
    code[:] = -2 - np.arange(len(code))
    code[doers] = np.arange(len(doers))
    user, item = code[table["user"]], table["item"].to_numpy()
    moment, row = table["when"].to_numpy(), np.arange(len(table))
    labels = np.array([f"i{n}" for n in range(items)], dtype=object)
    names = np.array([f"u{n}" for n in doers], dtype=object)
    every = EventLog(
        user, item, np.ones(len(table)), moment, row, names, labels, bought=told.bought
    )
    order = np.argsort(moment, kind="stable")
    shown = every.take(order[~told.wanted[order]])
    log = every.take(order[told.wanted[order]])
    return EventLog(**{**vars(log), "shown": shown})
