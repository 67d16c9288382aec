"""Times that are none: 9999-12-31 for “no end”, 0001-01-01 or 1900-01-01 for “not known”.

Read as times they are the first or the last of all. Those outside :data:`EARLY` to :data:`LATE` no
event has; of others that only may stand for something else, nothing is done but to tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rebal_core.rows import Ints

Days = NDArray[np.datetime64]
#: No event lies before the first or after the last of these years.
EARLY, LATE = 1500, 2400
#: Dates that systems take where they know none: zero of their clocks, first and last they can hold.
_KNOWN: Days = np.array(
    [
        *("1582-10-15", "1601-01-01", "1753-01-01", "1800-01-01", "1858-11-17", "1899-12-30"),
        *("1899-12-31", "1900-01-01", "1901-01-01", "1904-01-01", "1970-01-01", "2037-12-31"),
        *("2038-01-19", "2078-12-31", "2079-06-06", "2099-12-31", "2100-01-01", "2199-12-31"),
        *("2200-01-01", "2262-04-11", "2299-12-31"),
    ],
    "datetime64[D]",
)
#: One of these in so many rows, and in so many times more than a date has on average, is none.
_FEWEST, _OFTENER = 10, 10
#: So many years between an end and all other times, if that is more than these span.
_APART = 5
_SHOWN = 3


@dataclass(frozen=True)
class Odd:
    """Times of a column that likely stand for something else.

    Parameters
    ----------
    rows : int
        That have one.
    values : tuple of str
        Most frequent ones.
    outside : bool
        Whether they lie before :data:`EARLY` or after :data:`LATE`.
    """

    rows: int
    values: tuple[str, ...]
    outside: bool


def outside(times: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which times are of no event; none where all would be, as in another calendar.

    Parameters
    ----------
    times : ndarray of datetime64
        Missing ones are neither.
    """
    years = times.astype("datetime64[Y]").astype(np.int64) + 1970
    known = ~np.isnat(times)
    far: NDArray[np.bool_] = known & ((years < EARLY) | (years > LATE))
    return far if far.sum() < known.sum() else np.zeros_like(far)


def outside_sql(time: str) -> str:
    """Return the SQL that is true where a time is of no event."""
    return f"(year({time}) < {EARLY} OR year({time}) > {LATE})"


def odd_times(table: Path, columns: Iterable[str]) -> dict[str, list[Odd]]:
    """Find the days of some columns that likely stand for something else, those outside first.

    Parameters
    ----------
    table : Path
        An accepted table.
    columns : iterable of str
        Columns of timestamps.
    """
    file = pq.ParquetFile(table)
    return {name: _odd(*_days(file, name)) for name in columns}


def _days(file: pq.ParquetFile, name: str) -> tuple[Days, Ints]:
    """Return the days of a column in order, with their rows; one row group is read at a time."""
    days, counts = [], []
    for k in range(file.num_row_groups):
        times = file.read_row_group(k, columns=[name])[name].drop_null()
        stamps = times.cast(pa.timestamp("us"), safe=False).to_numpy()
        found = np.unique(stamps.astype("datetime64[D]"), return_counts=True)
        days.append(found[0])
        counts.append(found[1])
    if not days:
        return np.array([], "datetime64[D]"), np.array([], np.int64)
    all_days, place = np.unique(np.concatenate(days), return_inverse=True)
    rows = np.bincount(place, weights=np.concatenate(counts), minlength=len(all_days))
    return all_days, rows.astype(np.int64)


def _odd(days: Days, rows: Ints) -> list[Odd]:
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    far = (years < EARLY) | (years > LATE)
    first = np.argsort(-rows[far], kind="stable")[:_SHOWN]
    shown = tuple(map(str, days[far][first]))
    found = [Odd(int(rows[far].sum()), shown, True)] if far.any() else []
    return found + [Odd(n, (day,), False) for day, n in _apart(days[~far], rows[~far]).items()]


def _apart(days: Days, rows: Ints) -> dict[str, int]:
    """Return days, with their rows, that stand apart at an end or come far oftener than others."""
    if len(days) < 3:
        return {}
    steps = np.diff(days.astype(np.int64))
    found = {}
    for end, step, span in ((0, steps[0], steps[1:].sum()), (-1, steps[-1], steps[:-1].sum())):
        if rows[end] > 1 and step > max(span, 365 * _APART):
            found[str(days[end])] = int(rows[end])
    usual = (rows.sum() - rows) / (len(rows) - 1)
    often = (rows >= _FEWEST) & (rows > _OFTENER * usual) & np.isin(days, _KNOWN)
    return found | {str(day): int(n) for day, n in zip(days[often], rows[often], strict=True)}
