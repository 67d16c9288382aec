"""Shop visits: who looks at what, puts it into the cart, and buys it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.simulate.draw import intercept_for, sigmoid, timestamps, zipf_shares
from rebal_core.rows import Floats, Ints
from rebal_core.seeding import generator

CATEGORIES = (
    *("tents", "boots", "jackets", "lamps", "bottles", "maps"),
    *("ropes", "stoves", "bags", "socks", "knives", "bikes"),
)
#: What the next event of a visitor is: the same item again, one that goes with it, another of the
#: category, anything that the visitor likes.
NEXT = {"again": 0.12, "goes_with": 0.40, "category": 0.23, "taste": 0.25}
#: Items that go with each.
COMPANIONS = 4
ZIPF, TASTE, LONG = 0.9, 0.35, 0.7
CART_RATE, BUY_RATE = 0.08, 0.35
DAYS = 28
#: Log-odds of a cart: a view again, a low price, what the visitor likes.
EFFECTS = {"again": 1.2, "log_price": -0.4, "liking": 0.5}


@dataclass(frozen=True)
class _Shop:
    category: Ints
    share: Floats
    price: Floats
    goes_with: Ints
    taste: Floats


def simulate_shop_visits(
    rows: int = 20_000, seed: int = 0, visitors: int = 2_000, items: int = 400
) -> pd.DataFrame:
    """Return events of a shop, most of them views, sorted by time.

    Parameters
    ----------
    rows : int
        Events.
    seed : int
        Same seed, same table.
    visitors, items : int
        How many there are; some of the items may have no event.

    Returns
    -------
    DataFrame
        ``visitor_id, item_id, timestamp, category, price, device, event`` ("view", "cart", "buy").

    Notes
    -----
    Truth. Items are popular by Zipf with exponent 0.9 within 12 categories; visitors have a taste
    for categories (Dirichlet 0.35) and are log-normally active (sigma 0.7, two events at least
    where there are rows enough). The first event of a visitor is drawn by taste and popularity.
    Each further one is with probability .12 the same item again, with .40 one of the four that go
    with the one before (the order matters: b goes with a says nothing of a after b), with .23
    another of its category, with .25 a new start by taste; within all but the companions, which
    are drawn alike, by popularity. So popularity alone knows little, what was done together knows
    more, and the order of events knows most.

    A view becomes a cart in 8 % of events and a cart a purchase in 35 %: log-odds +1.2 where the
    item is seen again, -0.4 ln(price / median), +0.5 for a liking above the mean.
    """
    rng = generator(seed, "shop_visits")
    shop = _shop(rng, visitors, items)
    lengths = _lengths(rng, rows, visitors)
    visitor = np.repeat(np.arange(visitors), lengths)
    place = np.arange(rows) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    item, again = _walks(rng, shop, lengths)
    begun = rng.integers(0, DAYS * 86_400, visitors)
    pause = rng.exponential(np.where(rng.random(rows) < 0.1, 40_000.0, 60.0))
    clock = np.cumsum(np.where(place == 0, 0.0, 1.0 + pause))
    seconds = begun[visitor] + clock - np.repeat(clock[place == 0], lengths[lengths > 0])
    liking = shop.taste[visitor, shop.category[item]] * len(CATEGORIES) > 1
    events = _events(rng, shop.price[item], again, liking)
    device = rng.choice(3, visitors, p=[0.6, 0.32, 0.08])[visitor]
    table = pd.DataFrame(
        {
            "visitor_id": [f"v{n:05d}" for n in visitor],
            "item_id": [f"p{n:04d}" for n in item],
            "timestamp": timestamps(seconds.astype(np.int64), "2026-10-05"),
            "category": np.array(CATEGORIES)[shop.category[item]],
            "price": shop.price[item],
            "device": np.array(["phone", "desktop", "tablet"])[device],
            "event": np.array(["view", "cart", "buy"])[events],
        }
    )
    return table.iloc[np.argsort(seconds.astype(np.int64), kind="stable")].reset_index(drop=True)


def _shop(rng: np.random.Generator, visitors: int, items: int) -> _Shop:
    category = np.arange(items) % len(CATEGORIES)
    # Ranks go round the categories, so that each has its own popular items.
    share = zipf_shares(-(-items // len(CATEGORIES)), ZIPF)[np.arange(items) // len(CATEGORIES)]
    return _Shop(
        category=category,
        share=share / share.sum(),
        price=np.exp(rng.normal(3.2, 0.8, items)).astype(np.float64).round(2),
        goes_with=rng.integers(0, items, (items, COMPANIONS)),
        taste=rng.dirichlet(np.full(len(CATEGORIES), TASTE), visitors),
    )


def _lengths(rng: np.random.Generator, rows: int, visitors: int) -> Ints:
    """Return events of each visitor: they sum to ``rows``, two at least where that can be."""
    least = min(2, rows // visitors)
    activity = np.exp(rng.normal(0, LONG, visitors))
    more = rng.multinomial(rows - least * visitors, activity / activity.sum())
    return (least + more).astype(np.int64)


def _walks(rng: np.random.Generator, shop: _Shop, lengths: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the item of each event, visitor by visitor, and whether it was seen just before."""
    starts = np.cumsum(lengths) - lengths
    item, again = np.zeros(lengths.sum(), dtype=np.int64), np.zeros(lengths.sum(), dtype=bool)
    before = np.zeros(len(lengths), dtype=np.int64)
    ends = np.cumsum(list(NEXT.values()))
    members = [np.flatnonzero(shop.category == c) for c in range(len(CATEGORIES))]
    sums = [np.cumsum(shop.share[m]) / shop.share[m].sum() for m in members]
    likes = np.cumsum(shop.taste, axis=1)
    for place in range(int(lengths.max())):
        going = np.flatnonzero(lengths > place)
        n = len(going)
        kind = np.digitize(rng.random(n), ends[:-1]) if place else np.full(n, 3)
        now, lot = before[going], rng.random(n)
        wanted = (likes[going] < rng.random(n)[:, None]).sum(axis=1).clip(max=len(CATEGORIES) - 1)
        of = np.where(kind == 2, shop.category[now], wanted)
        new = np.zeros(n, dtype=np.int64)
        for c in range(len(CATEGORIES)):
            mine = of == c
            new[mine] = members[c][
                np.searchsorted(sums[c], lot[mine]).clip(max=len(members[c]) - 1)
            ]
        companion = shop.goes_with[now, rng.integers(0, COMPANIONS, n)]
        new = np.select([kind == 0, kind == 1], [now, companion], new)
        item[starts[going] + place], again[starts[going] + place] = new, (kind == 0) & (place > 0)
        before[going] = new
    return item, again


def _events(
    rng: np.random.Generator, price: Floats, again: NDArray[np.bool_], liking: NDArray[np.bool_]
) -> Ints:
    logits = (
        EFFECTS["again"] * again
        + EFFECTS["log_price"] * np.log(price / np.median(price))
        + EFFECTS["liking"] * liking
    )
    cart = rng.random(len(price)) < sigmoid(logits + intercept_for(CART_RATE, logits))
    buy = cart & (rng.random(len(price)) < BUY_RATE)
    return np.where(buy, 2, np.where(cart, 1, 0)).astype(np.int64)
