"""Click log: which impressions get a click."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.simulate.draw import intercept_for, sigmoid, timestamps, zipf_shares
from rebal_core.rows import Floats
from rebal_core.seeding import generator

USERS, ITEMS, POSITIONS, DAYS = 4_000, 1_500, 20, 14
RATE = 0.02
ZIPF = 1.0
#: Log-odds of a click.
EFFECTS = {
    "log_position": -0.7,
    "taste": 1.1,
    "appeal": 0.5,
    "log_price": -0.35,
    "phone": 0.25,
    "weekend": 0.3,
    "per_week": -0.25,
}
#: Queries of each category, English and Chinese.
QUERIES = {
    "shoes": ("running shoes", "跑鞋"),
    "phones": ("phone 128gb", "手机"),
    "kitchen": ("non-stick pan", "不粘锅"),
    "toys": ("building blocks", "积木"),
    "books": ("crime novel", "推理小说"),
    "garden": ("garden hose", "花园水管"),
    "beauty": ("face cream", "面霜"),
    "sports": ("yoga mat", "瑜伽垫"),
    "pets": ("cat litter", "猫砂"),
    "office": ("desk lamp", "台灯"),
}


def simulate_click_log(rows: int = 20_000, seed: int = 0) -> pd.DataFrame:
    """Return impressions of a shop's result pages, about 2 % of them clicked.

    Parameters
    ----------
    rows : int
        Impressions.
    seed : int
        Same seed, same table.

    Returns
    -------
    DataFrame
        ``impression_id, user_id, item_id, timestamp, query, category, device, position, price,
        item_age_days, past_interest, clicked`` ("click" or "no click"), sorted by time.

    Notes
    -----
    Truth. Item popularity is Zipf with exponent 1 over 1,500 items; users are log-normally active
    (sigma 0.8). The log-odds of a click are an intercept (set for a mean of 2 %) plus

    * -0.7 ln(position): place 10 gets a fifth of the odds of place 1;
    * +1.1 taste: a user's hidden liking (sd 1) for the item's category. ``past_interest`` is that
      liking seen through noise of sd 0.7, so at most 67 % of its variance can be learned;
    * +0.5 appeal: hidden, one normal number per item (it can be learned from ``item_id`` only);
    * -0.35 ln(price / median), +0.25 on a phone, +0.3 at weekends, -0.25 per week that passes.

    ``item_age_days`` and ``query`` (given the category) have no effect.
    """
    rng = generator(seed, "click_log")
    activity = np.exp(rng.normal(0, 0.8, USERS))
    user = rng.choice(USERS, rows, p=activity / activity.sum())
    item = rng.choice(ITEMS, rows, p=zipf_shares(ITEMS, ZIPF))
    category = rng.integers(0, len(QUERIES), ITEMS)[item]
    liking = rng.normal(size=(USERS, len(QUERIES)))
    price = np.round(np.exp(rng.normal(3.2, 0.8, ITEMS)), 2)[item]
    table: dict[str, NDArray[Any]] = {
        "seconds": np.sort(rng.integers(0, DAYS * 86_400, rows)),
        "position": 1 + rng.choice(POSITIONS, rows, p=zipf_shares(POSITIONS, 0.5)),
        "device": rng.choice(3, rows, p=[0.6, 0.32, 0.08]),
        "language": rng.choice(2, rows, p=[0.55, 0.45]),
        "item_age": rng.integers(1, 900, ITEMS)[item],
        "taste": liking[user, category],
        "seen_taste": np.round(liking[user, category] + rng.normal(0, 0.7, rows), 3),
        "appeal": rng.normal(size=ITEMS)[item],
    }
    table |= {"user": user, "item": item, "category": category, "price": price}
    logits = _logits(table)
    table["clicked"] = rng.random(rows) < sigmoid(logits + intercept_for(RATE, logits))
    return _log(table)


def _log(table: dict[str, NDArray[Any]]) -> pd.DataFrame:
    """Return what was drawn as a shop would log it."""
    names = list(QUERIES)
    kinds = zip(table["category"], table["language"], strict=True)
    return pd.DataFrame(
        {
            "impression_id": [f"i{n:07d}" for n in range(len(table["user"]))],
            "user_id": [f"u{n:05d}" for n in table["user"]],
            "item_id": [f"p{n:04d}" for n in table["item"]],
            "timestamp": timestamps(table["seconds"].astype(np.int64), "2026-11-02"),
            "query": [QUERIES[names[c]][int(g)] for c, g in kinds],
            "category": np.array(names)[table["category"]],
            "device": np.array(["phone", "desktop", "tablet"])[table["device"].astype(int)],
            "position": table["position"],
            "price": table["price"],
            "item_age_days": table["item_age"],
            "past_interest": table["seen_taste"],
            "clicked": np.where(table["clicked"], "click", "no click"),
        }
    )


def _logits(table: dict[str, NDArray[Any]]) -> Floats:
    price = table["price"]
    day = table["seconds"] // 86_400  # the log begins on a Monday
    e = EFFECTS
    logits: Floats = (
        e["log_position"] * np.log(table["position"])
        + e["taste"] * table["taste"]
        + e["appeal"] * table["appeal"]
        + e["log_price"] * np.log(price / np.median(price))
        + e["phone"] * (table["device"] == 0)
        + e["weekend"] * (day % 7 >= 5)
        + e["per_week"] * (table["seconds"] / (7 * 86_400))
    )
    return logits
