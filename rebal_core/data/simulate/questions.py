"""Customer questions: which of 40 intents a question has."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rebal_core.data.simulate.categories import DEPARTMENTS
from rebal_core.data.simulate.draw import exact_labels, zipf_shares
from rebal_core.data.simulate.intents import INTENTS
from rebal_core.rows import Floats
from rebal_core.seeding import generator

#: Shares of the three hot intents; the other 37 follow a Zipf law with this exponent.
HOT, ZIPF = (0.22, 0.16, 0.12), 0.9
#: Share of questions that carry a second, smaller request of another intent.
ASIDE = 0.15
OPENINGS = (("", "Hi, ", "Hello, ", "Please help: "), ("", "你好，", "请问", "急！"))
PRODUCTS = tuple(pair for group in DEPARTMENTS.values() for pair in group)
ABOUT = ((" ({})", ", it is the {}", ", about the {}", ""), ("（{}）", "，是{}", "，关于{}", ""))
CLOSINGS = (("", "?", " Thanks.", " Please answer soon."), ("", "？", "，谢谢", "，请尽快回复"))
ORDER = (" Order {}.", " 订单{}")
ASIDES = (" By the way, ", "。另外，")


def intent_shares() -> Floats:
    """Return the share of each of the 40 intents, in their order; the first three hold half."""
    tail = zipf_shares(len(INTENTS) - len(HOT), ZIPF) * (1 - sum(HOT))
    shares: Floats = np.concatenate([np.array(HOT), tail])
    return shares


def simulate_customer_questions(rows: int = 10_000, seed: int = 0) -> pd.DataFrame:
    """Return questions to a shop in English and Chinese, each with its intent.

    Parameters
    ----------
    rows : int
        Questions; the class sizes are exact (largest remainders).
    seed : int
        Same seed, same table.

    Returns
    -------
    DataFrame
        ``question, language, channel, intent``.

    Notes
    -----
    Truth. Three intents hold 22, 16 and 12 % of the rows; the share of the other 37 is
    proportional to rank ** -0.9, the rarest with about 40 rows. 45 % of the questions are Chinese.
    A question is an opening, one of two wordings of its intent in its language, in three of four
    rows a product (drawn evenly), and a closing; whatever was said before word for word gets an
    order number. 15 % also carry a wording of another intent, drawn with the intents' shares, as
    an aside: a bag of words cannot tell which of the two came first, and errs towards the hot
    intents. One English letter in 60 is dropped. ``channel`` has no effect.
    """
    rng = generator(seed, "customer_questions")
    names = list(INTENTS)
    shares = intent_shares()
    label = exact_labels(shares, rows, rng)
    chinese = (rng.random(rows) < 0.45).astype(np.int64)
    asides = np.where(rng.random(rows) < ASIDE, rng.choice(len(names), rows, p=shares), -1)
    picks = rng.integers(0, 4, (rows, 5))
    products = rng.integers(0, len(PRODUCTS), rows)
    orders = rng.integers(100_000, 999_999, rows)
    said: dict[str, None] = {}
    for k, zh, aside, pick, product, order in zip(
        label, chinese, asides, picks, products, orders, strict=True
    ):
        text = OPENINGS[zh][pick[0]] + INTENTS[names[k]][zh][pick[1] % 2]
        text += ABOUT[zh][pick[4]].format(PRODUCTS[product][zh])
        if aside >= 0:
            text += ASIDES[zh] + INTENTS[names[aside]][zh][pick[2] % 2]
        text += CLOSINGS[zh][pick[3]]
        text = text if zh else _with_slips(text, rng)
        said[text + ORDER[zh].format(order) if text in said else text] = None
    return pd.DataFrame(
        {
            "question": list(said),
            "language": np.where(chinese == 1, "zh", "en"),
            "channel": rng.choice(np.array(["chat", "e-mail", "phone"]), rows, p=[0.6, 0.25, 0.15]),
            "intent": np.array(names)[label],
        }
    )


def _with_slips(text: str, rng: np.random.Generator) -> str:
    """Drop about one letter in 60."""
    keep = rng.random(len(text)) >= 1 / 60
    return "".join(c for c, kept in zip(text, keep, strict=True) if kept or not c.isalpha())
