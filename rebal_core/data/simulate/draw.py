"""The few draws that all simulated tables share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rebal_core.rows import Floats, Ints


def zipf_shares(n: int, power: float) -> Floats:
    """Return shares proportional to ``rank ** -power`` for ranks 1..n; they sum to 1."""
    weights = np.arange(1, n + 1, dtype=float) ** -power
    shares: Floats = weights / weights.sum()
    return shares


def exact_counts(shares: Floats, rows: int) -> Ints:
    """Return whole counts that sum to ``rows`` and are nearest to the shares.

    Largest remainders: the class sizes of a table are then part of its known truth, not chance.
    """
    ideal = shares / shares.sum() * rows
    counts: Ints = np.floor(ideal).astype(np.int64)
    rest = rows - int(counts.sum())
    counts[np.argsort(counts - ideal, kind="stable")[:rest]] += 1
    return counts


def exact_labels(shares: Floats, rows: int, rng: np.random.Generator) -> Ints:
    """Return shuffled codes 0..K-1 whose counts are :func:`exact_counts`."""
    codes = np.repeat(np.arange(len(shares)), exact_counts(shares, rows))
    rng.shuffle(codes)
    return codes


def sigmoid(x: Floats) -> Floats:
    """Return the logistic function of ``x``."""
    p: Floats = 1.0 / (1.0 + np.exp(-x))
    return p


def intercept_for(rate: float, logits: Floats) -> float:
    """Return the intercept at which the mean probability of ``logits`` is ``rate`` (bisection)."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        if sigmoid(logits + middle).mean() < rate:
            low = middle
        else:
            high = middle
    # Rounded, so that the last digit of exp on another processor changes nothing.
    return round(low, 9)


def timestamps(seconds: Ints, start: str) -> pd.Series:
    """Return ``start`` plus these seconds as microsecond timestamps."""
    values = np.datetime64(start, "us") + seconds.astype("timedelta64[s]")
    return pd.Series(values.astype("datetime64[us]"))
