"""Columns that say what had happened strictly before each row of a log.

Counts, times since, the place in a visit and what was paid before are known when a request comes,
whatever became of the rows before: they are computed once, over all rows of the table. The rate of
a class needs labels, which only the training rows of a fold may give; see
:mod:`rebal_core.data.preparing.rates`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.eras import outside
from rebal_core.data.preparing.encoders import as_numbers
from rebal_core.rows import Floats, Ints
from rebal_core.schema import key_name
from rebal_core.wording import Text, UserError

#: Seconds of silence that end a visit.
PAUSE = 1_800.0
_DAY = 86_400.0
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Past:
    """Which columns of a log tell when, who and what.

    Parameters
    ----------
    time : str
        Dates, or numbers of seconds.
    keys : tuple of tuple of str
        Whose events are counted: one column each, or several together.
    user : str or None
        Whose visits, and whose mean price.
    price : str or None
        A column of numbers.
    pause : float
        Seconds of silence that end a visit.
    """

    time: str
    keys: tuple[tuple[str, ...], ...] = ()
    user: str | None = None
    price: str | None = None
    pause: float = PAUSE

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that it reads, each once."""
        some = (self.time, *(name for key in self.keys for name in key), self.user, self.price)
        return tuple(dict.fromkeys(name for name in some if name is not None))


@dataclass(frozen=True)
class Added:
    """A column that can be added.

    Parameters
    ----------
    name : str
    about : Text
    """

    name: str
    about: Text


def read_key(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the columns of a key that is written ``user`` or ``user+category``."""
    return (text,) if text in known else tuple(text.split("+"))


def columns_of(past: Past) -> tuple[Added, ...]:
    """Return the columns that can be added, in the order in which they stand."""
    found = []
    for key in past.keys:
        name = key_name(key)
        found += [
            Added(
                f"{name}: events before",
                Text("Rows of the same {key} before this one.", {"key": name}),
            ),
            Added(
                f"{name}: seconds since last",
                Text(
                    "Seconds since the last row of the same {key}; missing in its first.",
                    {"key": name},
                ),
            ),
        ]
    if past.user is not None:
        found.append(
            Added(
                f"{past.user}: place in visit",
                Text(
                    "Which row of the visit it is, from 1; a visit of a {user} ends after "
                    "{minutes:g} minutes of silence.",
                    {"user": past.user, "minutes": past.pause / 60},
                ),
            )
        )
    if past.user is not None and past.price is not None:
        found.append(
            Added(
                f"{past.user}: {past.price} above mean before",
                Text(
                    "{price} less its mean in the earlier rows of the same {user}; missing where "
                    "there are none.",
                    {"price": past.price, "user": past.user},
                ),
            )
        )
    return tuple(found)


def as_of(frame: pd.DataFrame, past: Past, only: Collection[str] | None = None) -> pd.DataFrame:
    """Return columns that say what had happened strictly before each row.

    Rows of the same moment do not count for each other, so that the order of rows within the
    table says nothing. A row without a time or without the key stands in no past, and its own
    values are missing.

    Parameters
    ----------
    frame : DataFrame
        With the columns ``past.read``, rows in any order.
    past : Past
    only : collection of str, optional
        Names out of :func:`columns_of`; default all of them.

    Returns
    -------
    DataFrame
        Float64, with the index of ``frame``.

    Raises
    ------
    UserError
        When the time column holds no times, or the price column no numbers.
    """
    times = seconds(frame[past.time])
    found: dict[str, Floats] = {}
    for key in past.keys:
        order = _Order.of(key_codes(frame, key), times)
        found[f"{key_name(key)}: events before"] = order.rows_before
        found[f"{key_name(key)}: seconds since last"] = order.since
    if past.user is not None:
        codes = key_codes(frame, (past.user,))
        found[f"{past.user}: place in visit"] = _Order.of(codes, times).place(past.pause)
        if past.price is not None:
            prices = _prices(frame[past.price])
            name = f"{past.user}: {past.price} above mean before"
            found[name] = prices - _Order.of(codes, times, prices).mean_before(prices)
    wanted = [c.name for c in columns_of(past) if only is None or c.name in only]
    return pd.DataFrame({name: found[name] for name in wanted}, index=frame.index)


def seconds(times: pd.Series) -> Floats:
    """Return times as seconds; NaN where one is missing or of no event, such as 9999-12-31.

    Raises
    ------
    UserError
        When there is none.
    """
    found = as_numbers(times)
    if pd.api.types.is_datetime64_any_dtype(times.dtype):
        found = np.where(outside(times.to_numpy(dtype="datetime64[us]")), np.nan, found * _DAY)
    if np.isnan(found).all() and len(found):
        raise UserError(
            "Column “{time}” holds neither dates nor numbers, so nothing tells which row came "
            "first; name another time column.",
            time=times.name,
        )
    return found


def _prices(values: pd.Series) -> Floats:
    """Return prices as numbers; a column of text would be missing in every row, unsaid."""
    found = as_numbers(values)
    if np.isnan(found).all() and values.notna().any():
        raise UserError(
            "Column “{price}” holds no numbers, so nothing has a mean; name another price column.",
            price=values.name,
        )
    return found


def key_codes(frame: pd.DataFrame, key: Sequence[str]) -> Ints:
    """Return a code for each combination of values, -1 where one of them is missing."""
    codes = np.zeros(len(frame), dtype=np.int64)
    for name in key:
        own, values = pd.factorize(frame[name])
        both = np.where((codes < 0) | (own < 0), -1, codes * len(values) + own)
        codes = pd.factorize(both)[0] if len(key) > 1 else both
        codes = np.where(both < 0, -1, codes)
    return codes


@dataclass(frozen=True)
class _Order:
    """Rows by their key, then by time.

    Parameters
    ----------
    n : int
        Rows of the table.
    rows : ndarray of shape (m,)
        Those that have a key and a time.
    time : ndarray of shape (m,)
    first, now : ndarray of shape (m,)
        Place at which the rows of the same key begin, and those of it at the same moment.
    """

    n: int
    rows: Ints
    time: Floats
    first: Ints
    now: Ints

    @classmethod
    def of(cls, codes: Ints, times: Floats, ties: Floats | None = None) -> _Order:
        """Sort rows; ``ties`` orders those of one moment, that sums do not hang on the table."""
        known = np.flatnonzero((codes >= 0) & ~np.isnan(times))
        by = [] if ties is None else [ties[known]]
        rows = known[np.lexsort((*by, times[known], codes[known]))]
        time = times[rows]
        other_key = _changes(codes[rows])
        return cls(len(codes), rows, time, _begin(other_key), _begin(other_key | _changes(time)))

    @property
    def rows_before(self) -> Floats:
        """How many rows of the key came before each row."""
        return self._spread((self.now - self.first).astype(np.float64))

    @property
    def since(self) -> Floats:
        """Seconds since the last row of the key."""
        passed = np.round(self.time - self.time[self.now - 1], 6)
        return self._spread(np.where(self.now > self.first, passed, np.nan))

    def place(self, pause: float) -> Floats:
        """Return the place of each row in its visit, from 1."""
        here = np.arange(len(self.rows))
        silent = np.round(self.time - self.time[self.now - 1], 6) > pause
        begins = (self.now == here) & (silent | (self.now == self.first))
        return self._spread((self.now - _begin(begins) + 1).astype(np.float64))

    def mean_before(self, values: Floats) -> Floats:
        """Return the mean of the values that the key had before each row, NaN where it had none."""
        own = pd.Series(values[self.rows])
        sums = own.fillna(0.0).groupby(self.first).cumsum().to_numpy()
        counts = own.notna().groupby(self.first).cumsum().to_numpy(dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            means = sums[self.now - 1] / counts[self.now - 1]
        some = (self.now > self.first) & np.isfinite(means)
        return self._spread(np.where(some, means, np.nan))

    def _spread(self, values: Floats) -> Floats:
        found = np.full(self.n, np.nan)
        found[self.rows] = values
        return found


def _changes(values: NDArray[np.generic]) -> Bools:
    """Return where a value differs from the one before; the first does."""
    return np.concatenate([np.ones(min(1, len(values)), bool), values[1:] != values[:-1]])


def _begin(flags: Bools) -> Ints:
    """Return for each place the last one up to it that is flagged."""
    return np.maximum.accumulate(np.where(flags, np.arange(len(flags)), 0)).astype(np.int64)
