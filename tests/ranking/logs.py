"""Small logs of events that many tests share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rebal_core.ranking.log import EventLog, Visits


def log_of(user, item, *, users=None, items=None, weight=None, about=None):
    """Return a log of these codes, in this order."""
    user, item = np.asarray(user, dtype=np.int64), np.asarray(item, dtype=np.int64)
    n = np.arange(len(user), dtype=np.int64)
    names = np.array([f"u{k}" for k in range(users or user.max(initial=-1) + 1)], dtype=object)
    items = items if items is not None else int(item.max(initial=-1)) + 1
    labels = np.array([f"i{k}" for k in range(items)], dtype=object)
    weight = np.ones(len(user)) if weight is None else np.asarray(weight, dtype=float)
    return EventLog(user, item, weight, n, n, names, labels, about)


def visits_of(*held, user=-1):
    """Return visits of plain events on these items."""
    starts = np.concatenate([[0], np.cumsum([len(h) for h in held])]).astype(np.int64)
    item = np.array([i for h in held for i in h], dtype=np.int64)
    return Visits(np.full(len(held), user), starts, item, np.ones(len(item)))


def about_of(items):
    """Return attributes of items that come in two kinds, even and odd."""
    kind = np.arange(items) % 2
    return pd.DataFrame(
        {
            "颜色": np.where(kind == 0, "红色", "蓝色").astype(object),
            "price": 10.0 + 5 * kind + np.arange(items) % 3,
            "empty": np.full(items, np.nan),
        }
    )


def two_tastes(users=240, items=40, events=9, seed=0):
    """Return a log in which half the users take even items, the other half odd ones."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), events)
    # Ten items are half of a taste, and a quarter of all.
    share = 1.0 / np.arange(1, items // 2 + 1) ** 0.2
    item = 2 * rng.choice(items // 2, len(user), p=share / share.sum()) + user % 2
    order = rng.permutation(len(user))
    return log_of(user[order], item[order], users=users, items=items, about=about_of(items))
