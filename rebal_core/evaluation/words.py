"""Numbers of a verdict as people read them (screens.md 1.4)."""

from __future__ import annotations

from rebal_core.data import formats
from rebal_core.metrics import METRICS
from rebal_core.metrics.catalog import DIGITS


def number(value: float, metric: str) -> str:
    """Write a score: 3 decimals, percent, 4 decimals or 2, as its metric asks; – for undefined."""
    kind = METRICS[metric].format
    return formats.share(value) if kind == "share" else formats.number(value, DIGITS[kind])


def signed(value: float, metric: str) -> str:
    """Write a difference with its sign; of shares in percentage points."""
    kind = METRICS[metric].format
    if kind == "share":
        return formats.change(100.0 * value, 1)
    return formats.change(value, DIGITS[kind])


def cut_off(value: float) -> str:
    """Write a cut-off: 2 decimals, 3 below 0.1, two digits below .001 and above .995."""
    if 0.995 <= value < 1 - 1e-9:  # at 1.00 a reader takes it that no row is picked
        return f"{value:.{formats.significant(1 - value)}f}".rstrip("0")
    return f"{value:.2g}" if 0 < value < 0.001 else formats.cutoff(value)


def rounded(value: float) -> str:
    """Write an estimated count with two leading digits."""
    return formats.count(float(f"{value:.2g}"))
