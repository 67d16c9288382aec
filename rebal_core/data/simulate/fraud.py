"""Card fraud: which payments are fraud."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.simulate.draw import intercept_for, sigmoid, timestamps
from rebal_core.rows import Floats, Ints
from rebal_core.seeding import generator

CARDS, DAYS = 5_000, 30
RATE = 0.005
#: Log-odds of fraud.
EFFECTS = {
    "log_amount": 1.0,
    "night": 1.4,
    "abroad": 2.0,
    "online": 1.4,
    "fast_repeat": 2.4,
    "abroad_and_online": 1.0,
}
MERCHANTS = {
    "groceries": 0.0,
    "fuel": 0.0,
    "restaurant": 0.0,
    "clothing": 0.0,
    "pharmacy": 0.0,
    "travel": 0.6,
    "electronics": 1.6,
    "gift cards": 2.8,
}
MERCHANT_SHARES = (0.31, 0.14, 0.17, 0.12, 0.09, 0.07, 0.07, 0.03)
#: How busy each hour of a day is.
BUSY = np.array(
    [1, 1, 1, 1, 1, 2, 4, 8, 11, 12, 12, 13, 13, 12, 11, 11, 12, 14, 15, 14, 12, 9, 6, 3]
)
COUNTRIES = ("CN", "FR", "US", "BR", "NG", "SG")
COUNTRY_SHARES = (0.32, 0.24, 0.26, 0.1, 0.03, 0.05)


def simulate_card_fraud(rows: int = 20_000, seed: int = 0) -> pd.DataFrame:
    """Return card payments, 0.5 % of them fraud.

    Parameters
    ----------
    rows : int
        Payments.
    seed : int
        Same seed, same table.

    Returns
    -------
    DataFrame
        ``payment_id, card_id, timestamp, amount, hour, merchant, country, abroad, entry,
        minutes_since_last, fraud`` ("fraud" or "ok"), sorted by time.

    Notes
    -----
    Truth. The log-odds of fraud are an intercept (set for a mean of 0.5 %) plus 1.0 times the
    standardised log amount, +1.4 between 0 and 5 o'clock, +2.0 outside the card's home country,
    +1.4 online, +1.0 more when both, +2.4 within ten minutes of the last payment, and by merchant
    +2.8 gift cards, +1.6 electronics, +0.6 travel. The country itself and the card have no effect.
    """
    rng = generator(seed, "card_fraud")
    activity = np.exp(rng.normal(0, 0.6, CARDS))
    card = rng.choice(CARDS, rows, p=activity / activity.sum())
    home = rng.choice(len(COUNTRIES), CARDS, p=COUNTRY_SHARES)[card]
    away = rng.random(rows) < 0.06
    country = np.where(away, rng.integers(0, len(COUNTRIES), rows), home)
    hour = rng.choice(24, rows, p=BUSY / BUSY.sum())
    seconds = rng.integers(0, DAYS, rows) * 86_400 + hour * 3_600 + rng.integers(0, 3_600, rows)
    merchant = rng.choice(len(MERCHANTS), rows, p=MERCHANT_SHARES)
    log_amount = rng.normal(size=rows)
    online = rng.random(rows) < 0.3
    chip = rng.random(rows) < 0.8
    minutes = np.round(np.exp(rng.normal(6.5, 1.8, rows))).clip(1, 43_200)
    abroad = country != home
    logits = _logits(log_amount, hour < 5, abroad, online, minutes <= 10, merchant)
    fraud = rng.random(rows) < sigmoid(logits + intercept_for(RATE, logits))
    table = pd.DataFrame(
        {
            "card_id": [f"c{n:05d}" for n in card],
            "timestamp": timestamps(seconds, "2026-09-01"),
            "amount": np.round(np.exp(3.3 + 1.1 * log_amount), 2),
            "hour": hour,
            "merchant": np.array(list(MERCHANTS))[merchant],
            "country": np.array(COUNTRIES)[country],
            "abroad": np.where(abroad, "yes", "no"),
            "entry": np.where(online, "online", np.where(chip, "chip", "stripe")),
            "minutes_since_last": minutes.astype(np.int64),
            "fraud": np.where(fraud, "fraud", "ok"),
        }
    ).sort_values("timestamp", kind="stable", ignore_index=True)
    table.insert(0, "payment_id", [f"t{n:07d}" for n in range(rows)])
    return table


def _logits(
    log_amount: Floats,
    night: NDArray[np.bool_],
    abroad: NDArray[np.bool_],
    online: NDArray[np.bool_],
    fast_repeat: NDArray[np.bool_],
    merchant: Ints,
) -> Floats:
    e = EFFECTS
    logits: Floats = (
        e["log_amount"] * log_amount
        + e["night"] * night
        + e["abroad"] * abroad
        + e["online"] * online
        + e["abroad_and_online"] * (abroad & online)
        + e["fast_repeat"] * fast_repeat
        + np.array(list(MERCHANTS.values()))[merchant]
    )
    return logits
