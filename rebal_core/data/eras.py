"""Times that are none: 9999-12-31 for “no end”, 0001-01-01 or 1900-01-01 for “not known”.

Read as times they are the first or the last of all. Those outside :data:`EARLY` to :data:`LATE` no
event has; of others that only may stand for something else, nothing is done but to tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from rebal_core.data.duck import quoted

#: No event lies before the first or after the last of these years.
EARLY, LATE = 1500, 2400
#: Dates that systems take where they know none: zero of their clocks, first and last they can hold.
_KNOWN = (
    *("1582-10-15", "1601-01-01", "1753-01-01", "1800-01-01", "1858-11-17", "1899-12-30"),
    *("1899-12-31", "1900-01-01", "1901-01-01", "1904-01-01", "1970-01-01", "2037-12-31"),
    *("2038-01-19", "2078-12-31", "2079-06-06", "2099-12-31", "2100-01-01", "2199-12-31"),
    *("2200-01-01", "2262-04-11", "2299-12-31"),
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


def odd_times(connection: duckdb.DuckDBPyConnection, relation: str, column: str) -> list[Odd]:
    """Find the times of a column that likely stand for something else, those outside first.

    Parameters
    ----------
    relation : str
        SQL of a table.
    column : str
        Of timestamps.
    """
    times = f"(SELECT {quoted(column)}::TIMESTAMP AS t FROM {relation})"
    far = connection.execute(
        f"SELECT t::VARCHAR, sum(n) OVER () FROM (SELECT t, count(*) AS n FROM {times} "
        f"WHERE {outside_sql('t')} GROUP BY t) ORDER BY n DESC, t LIMIT {_SHOWN}"
    ).fetchall()
    found = [Odd(int(far[0][1]), tuple(_day(v) for v, _ in far), True)] if far else []
    kept = f"(SELECT t FROM {times} WHERE NOT {outside_sql('t')})"
    return found + [Odd(rows, (value,), False) for value, rows in _apart(connection, kept)]


def _apart(connection: duckdb.DuckDBPyConnection, times: str) -> Iterator[tuple[str, int]]:
    """Yield values, with their rows, that stand apart at an end or come far oftener than others."""
    seen = set()
    for end, other, sign in (("min", "max", ">"), ("max", "min", "<")):
        row = connection.execute(
            f"SELECT v::VARCHAR, count_if(t = v), "
            f"abs(datediff('day', v, {end}(t) FILTER (WHERE t {sign} v))), "
            f"abs(datediff('day', {end}(t) FILTER (WHERE t {sign} v), {other}(t))) "
            f"FROM {times}, (SELECT {end}(t) AS v FROM {times}) GROUP BY v"
        ).fetchone()
        if row is None or row[2] is None or not row[0].endswith(" 00:00:00"):
            continue
        value, rows, gap, span = row
        if rows > 1 and gap > max(span, 365 * _APART):
            seen.add(_day(value))
            yield _day(value), int(rows)
    known = ", ".join(f"'{date}'" for date in _KNOWN)
    often = connection.execute(
        f"SELECT t::DATE::VARCHAR AS d, count(*) AS n FROM {times} WHERE t::DATE IN ({known}) "
        f"GROUP BY d HAVING n >= {_FEWEST} ORDER BY d"
    ).fetchall()
    if not often:
        return
    row = connection.execute(f"SELECT count(t), count(DISTINCT t::DATE) FROM {times}").fetchone()
    assert row is not None
    for value, rows in often:
        usual = (row[0] - rows) / max(row[1] - 1, 1)
        if value not in seen and rows > _OFTENER * usual:
            yield value, int(rows)


def _day(time: str) -> str:
    return time.removesuffix(" 00:00:00")
