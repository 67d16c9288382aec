"""Columns of which a range of values holds a rare class and hardly anything else.

A refund is paid for returns only: that it is above 0 tells most of them, and no other row. The
area under the curve of such a column stays below one, for the returns without a refund look like
all the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from rebal_core.rows import Floats, Ints

#: A class of at most this share of the rows is rare; of a common one honest ranges are pure, too.
MOST_OF_ROWS = 0.2
#: Of the class a range holds at least this share,
LEAST_OF_CLASS = 0.5
#: and of its rows at least this share are of the class, so surely. One needs 99 pure rows for it.
LEAST_PURE, DOUBT = 0.97, 0.05
FEWEST = 99


@dataclass(frozen=True)
class Range:
    """A range of values of one column, and whom it holds.

    Parameters
    ----------
    code : int
        The class.
    sign : {">", "<", "=", "≠"}
        Above or below a value, or this one alone, or all but it.
    value : str
        The value as it is told; empty for a missing one.
    own, size : int
        Rows of the class in the range, and in all.
    others, rest : int
        Rows of other classes, likewise.
    """

    code: int
    sign: str
    value: str
    own: int
    size: int
    others: int
    rest: int

    @property
    def numbers(self) -> dict[str, Any]:
        """Return what a sentence about it is filled in with."""
        return {
            "sign": self.sign,
            "value": self.value,
            "own": self.own,
            "size": self.size,
            "others": self.others,
            "rest": self.rest,
        }

    @property
    def kind(self) -> int:
        """Return 0 for a range of values, 1 for the missing ones, 2 for all that are not."""
        return 0 if self.value else 1 if self.sign == "=" else 2


def rare_of(labels: Ints, counts: Ints) -> Ints:
    """Return those classes that are rare in a table of so many rows of each, and not too few."""
    found: Ints = labels[
        (counts[labels] >= FEWEST) & (counts[labels] <= MOST_OF_ROWS * counts.sum())
    ]
    return found


def telling_ranges(series: pd.Series, y: Ints, labels: Ints) -> list[Range]:
    """Return for each class that one range tells the widest such range.

    A range that holds half of a class from one end holds the class's median, and so does a value
    that half of the class has: few comparisons refuse an honest column, and none is sorted.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Label codes, -1 where missing.
    labels : ndarray of int
        Classes to judge, each against all others; see :func:`rare_of`.
    """
    if not labels.size:
        return []
    numbers, ordered = _as_numbers(series)
    if (y < 0).any():
        numbers, y = numbers[y >= 0], y[y >= 0]
    found = []
    for k in labels:
        own = y == k
        size = int(own.sum())
        ranges = [
            Range(int(k), sign, _told(series, value, ordered), hits, size, others, y.size - size)
            for sign, value, hits, others in _ranges(numbers, own, ordered)
        ]
        if ranges:
            found.append(max(ranges, key=lambda one: one.own))  # the first of equal ones
    return found


def _as_numbers(series: pd.Series) -> tuple[Floats, bool]:
    """Return values that compare as the column's do, -inf where missing; and if order has sense."""
    kind = pd.api.types
    if kind.is_datetime64_any_dtype(series):
        since = (series - pd.Timestamp(0, tz=series.dt.tz)) / pd.Timedelta(1, "us")
        return np.nan_to_num(since.to_numpy(float), nan=-np.inf), True
    if kind.is_numeric_dtype(series) and not kind.is_bool_dtype(series):
        return series.to_numpy(float, na_value=-np.inf), True
    codes = pd.factorize(series)[0].astype(float)
    codes[codes < 0] = -np.inf
    return codes, False


def _told(series: pd.Series, value: float, ordered: bool) -> str:
    if value == -np.inf:
        return ""
    if not ordered:
        return f"“{pd.factorize(series)[1][int(value)]}”"
    if pd.api.types.is_datetime64_any_dtype(series):
        return str(pd.Timestamp(0) + pd.Timedelta(value, "us"))
    return f"{value:.12g}"


def _ranges(
    values: Floats, own: np.ndarray, ordered: bool
) -> Iterator[tuple[str, float, int, int]]:
    """Yield sign and value of each range that tells, and how many rows of either side it holds."""
    inside, outside = values[own], values[~own]
    middle, least = _middle(inside), _middle(inside, upper=True)
    if ordered and middle > -np.inf:
        most = (1 / LEAST_PURE - 1) * inside.size  # others, in the shortest range as in the widest
        if _rows(outside >= least) <= most:
            yield from _widest(values, own, ">")
        if _rows((outside <= middle) & (outside > -np.inf)) <= most:
            yield from _widest(np.where(values > -np.inf, -values, -np.inf), own, "<")
    usual = _middle(outside[:: outside.size // 101 + 1])  # of nearly all others, or of no use
    for sign, value, hits, others in (
        ("=", middle, _rows(inside == middle), _rows(outside == middle)),
        ("≠", usual, _rows(inside != usual), _rows(outside != usual)),
    ):
        if hits >= LEAST_OF_CLASS * inside.size and _purity(hits, others) >= LEAST_PURE:
            yield sign, value, hits, others


def _widest(values: Floats, own: np.ndarray, sign: str) -> Iterator[tuple[str, float, int, int]]:
    """Yield the range from the largest value down that holds most rows and still tells."""
    cuts, place = np.unique(values, return_inverse=True)
    rows = np.cumsum(np.bincount(place)[::-1])[:-1]  # above the cut, which is left out
    hits = np.cumsum(np.bincount(place[own], minlength=cuts.size)[::-1])[:-1]
    pure = hits >= np.maximum(LEAST_OF_CLASS * own.sum(), LEAST_PURE * rows)
    pure[pure] = _purity(hits[pure], (rows - hits)[pure]) >= LEAST_PURE
    if pure.any():
        at = int(np.flatnonzero(pure)[np.argmax(hits[pure])])
        cut = float(cuts[cuts.size - 2 - at])
        if cut == -np.inf:  # all values that there are
            yield "≠", cut, int(hits[at]), int(rows[at] - hits[at])
        else:
            yield sign, cut if sign == ">" else 0.0 - cut, int(hits[at]), int(rows[at] - hits[at])


def _rows(held: np.ndarray) -> int:
    return int(np.count_nonzero(held))


def _middle(values: Floats, upper: bool = False) -> float:
    """Return the lower or the upper median."""
    at = values.size // 2 if upper else (values.size - 1) // 2
    return float(np.partition(values, at)[at])


def _purity(own: Any, others: Any) -> Any:
    """Return the lower bound of the share of a class among such rows (Clopper-Pearson)."""
    return betaincinv(np.maximum(own, 1), np.asarray(others) + 1.0, DOUBT)
