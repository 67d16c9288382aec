"""How often a class occurs in the parts of a table: by the values of a column, and over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.duck import quoted
from rebal_core.data.eras import outside_sql
from rebal_core.data.profile import label_condition, query_table
from rebal_core.rows import Floats
from rebal_core.wording import UserError

#: Steps of a time axis as DuckDB intervals, with their length in seconds.
STEPS = (
    ("1 second", 1.0),
    ("1 minute", 60.0),
    ("10 minutes", 600.0),
    ("1 hour", 3_600.0),
    ("1 day", 86_400.0),
    ("7 days", 604_800.0),
    ("1 month", 2_629_746.0),
    ("3 months", 7_889_238.0),
    ("1 year", 31_556_952.0),
    ("10 years", 315_569_520.0),
    ("100 years", 3_155_695_200.0),
)
#: What is summed of each part of a table: see :func:`_summed`.
_SUMS = ("rows", "hits", "hh", "hn", "nn")
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


def wilson(hits: Floats, rows: Floats, z: float = 1.959964) -> tuple[Floats, Floats]:
    """Return the lower and upper Wilson score bound of each share (NaN where rows are 0).

    References
    ----------
    Wilson, E. B. (1927). JASA 22, 209-212.
    """
    hits, rows = np.asarray(hits, dtype=float), np.asarray(rows, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / rows
        middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
        half = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def rate_by_segment(
    dataset: Dataset,
    column: str,
    label: str,
    *,
    bins: int = 10,
    values: int = 24,
    group: str | None = None,
) -> pd.DataFrame:
    """Return how often a class occurs for each value, or range of values, of a column.

    Parameters
    ----------
    column : str
        Numbers of more than ``values`` distinct values are cut at their deciles; of anything else
        the most frequent values stand alone and the rest is pooled.
    label : str
        The class whose rate is asked for.
    bins, values : int
        At most so many ranges or values.
    group : str, optional
        Who a row is of: rows of one user are alike, and the intervals allow for it.

    Returns
    -------
    DataFrame
        ``segment`` (text), ``kind`` ("value", "range", "other" or "missing"), ``rows``, ``hits``,
        ``rate``, ``low``, ``high`` (95 % Wilson). Only rows with a label count. Ranges and number
        values ascend, whole numbers that are text too; others fall by rows; "other" and "missing"
        come last.

    Notes
    -----
    With groups, rows and hits of the interval are divided by the design effect: the variance of the
    rate as a ratio of sums over groups, for that over rows; never below 1. Rows without a group
    count one by one.

    Raises
    ------
    UserError
        When the column holds an embedding, or there is no such column or class.
    """
    kind = _column_type(dataset, column)
    with query_table(dataset) as connection:
        hit = label_condition(connection, dataset, label)
        name, target = quoted(column), quoted(str(dataset.schema.target))
        who = "NULL" if group is None else quoted(group)
        connection.execute(
            f"CREATE TEMP VIEW parts AS SELECT {name} AS v, {hit} AS hit, {who} AS who FROM rows "
            f"WHERE {target} IS NOT NULL"
        )
        numeric = _is_number(connection)
        few = connection.execute("SELECT count(DISTINCT v) FROM parts").fetchone()
        if numeric and kind == "number" and few and few[0] > values:
            found = _ranges(connection, bins)
        else:
            found = _values(connection, values, ascending=numeric)
    return with_rate(found)


def rate_over_time(dataset: Dataset, column: str, label: str, *, bins: int = 60) -> pd.DataFrame:
    """Return how often a class occurs in each span of time.

    Parameters
    ----------
    column : str
        Dates, times, texts that read as such, or numbers (an index of time).
    label : str
        The class whose rate is asked for.
    bins : int
        At most about so many spans; the step is the smallest round one that keeps to it.

    Returns
    -------
    DataFrame
        ``start`` (timestamp or number), ``rows``, ``hits``, ``rate``, ``low``, ``high`` (95 %
        Wilson); ``attrs["step"]`` names the step ("1 day"). Spans without rows are absent; the
        first one starts with its first row, not with the week or month that it is a part of.

    Raises
    ------
    UserError
        When no value of the column is a time.
    """
    _column_type(dataset, column)
    with query_table(dataset) as connection:
        hit = label_condition(connection, dataset, label)
        target = quoted(str(dataset.schema.target))
        value, known, numeric = moments(connection, column)
        connection.execute(
            f"CREATE TEMP VIEW times AS SELECT {value} AS t, {hit} AS hit FROM rows "
            f"WHERE {target} IS NOT NULL AND {known}"
        )
        step, bucket = _step(connection, bins, numeric)
        if not step:
            raise no_time(column)
        query = (
            f"SELECT greatest({bucket}, (SELECT min(t) FROM times)) AS start, count(*) AS n, "
            "count(*) FILTER (WHERE hit) AS k FROM times GROUP BY 1 ORDER BY 1"
        )
        lines = connection.execute(query).fetchall()
    found = with_rate(pd.DataFrame(lines, columns=["start", "rows", "hits"]))
    found.attrs["step"] = step
    return found


def no_time(column: str) -> UserError:
    """Return what is told of a column without a time."""
    return UserError(
        "“{column}” holds no time; choose another column for the time axis.", column=column
    )


def moments(
    connection: duckdb.DuckDBPyConnection, column: str | Sequence[str]
) -> tuple[str, str, bool]:
    """Return the SQL of a row's time, of whether it is one, and whether times are numbers.

    Parameters
    ----------
    column : str or sequence of str
        Several are year, month, day, hour and minute, as far as there are.
    """
    numeric = False
    if isinstance(column, str):
        value = quoted(column)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW parts AS SELECT {value} AS v FROM rows")
        numeric = _is_number(connection)
    else:
        absent = ("1", "1", "1", "0", "0")[len(column) :]
        picked = ", ".join([*(f"{quoted(name)}::BIGINT" for name in column), *absent])
        value = f"printf('%04d-%02d-%02d %02d:%02d', {picked})"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW parts AS SELECT {value} AS v FROM rows")
    value = f"{value}::DOUBLE" if numeric else f"TRY_CAST({value} AS TIMESTAMP)"
    events = "true" if numeric else _of_events(connection, value)
    return value, f"coalesce(isfinite({value}) AND {events}, false)", numeric


def _column_type(dataset: Dataset, column: str) -> str:
    try:
        kind = dataset.schema[column].kind
    except KeyError:
        raise UserError(
            "“{table}” has no column “{column}”; check the spelling.",
            table=dataset.name,
            column=column,
        ) from None
    if kind == "embedding":
        raise UserError(
            "“{column}” holds embeddings; choose a column of single values.", column=column
        )
    return kind


def _is_number(connection: duckdb.DuckDBPyConnection) -> bool:
    kind = str(connection.execute("SELECT v FROM parts LIMIT 0").description[0][1])
    return kind.removeprefix("U").startswith(NUMBERS)


def _of_events(connection: duckdb.DuckDBPyConnection, time: str) -> str:
    """Return the condition that leaves 9999-12-31 out, where there are other times."""
    query = f"SELECT bool_or(NOT {outside_sql('TRY_CAST(v AS TIMESTAMP)')}) FROM parts"
    row = connection.execute(query).fetchone()
    return f"NOT {outside_sql(time)}" if row and row[0] else "true"


def _ranges(connection: duckdb.DuckDBPyConnection, bins: int) -> pd.DataFrame:
    cuts = ", ".join(f"{k / bins:.6f}" for k in range(bins + 1))
    row = connection.execute(f"SELECT quantile_disc(v::DOUBLE, [{cuts}]) FROM parts").fetchone()
    edges = sorted(set(row[0])) if row else []
    whens = " ".join(f"WHEN v < {edge!r} THEN {k}" for k, edge in enumerate(edges[1:-1]))
    part = f"CASE WHEN v IS NULL THEN NULL {whens} ELSE {len(edges) - 2} END"
    query = f"{_summed(part)} ORDER BY part NULLS LAST"
    lines = []
    for k, *sums in connection.execute(query).fetchall():
        name = "" if k is None else f"{edges[k]:,.6g} – {edges[k + 1]:,.6g}"
        lines.append((name, "missing" if k is None else "range", *sums))
    return pd.DataFrame(lines, columns=["segment", "kind", *_SUMS])


def _values(connection: duckdb.DuckDBPyConnection, values: int, ascending: bool) -> pd.DataFrame:
    shown: list[tuple[Any, ...]] = []
    other, missing = np.zeros(len(_SUMS)), np.zeros(len(_SUMS))
    cursor = connection.execute(f"{_summed('v')} ORDER BY part IS NULL, rows DESC, part")
    while chunk := cursor.fetchmany(10_000):
        for value, *sums in chunk:
            if value is None:
                missing += np.array(sums, dtype=float)
            elif len(shown) < values:
                shown.append((value, *sums))
            else:
                other += np.array(sums, dtype=float)
    if ascending or are_numbers(line[0] for line in shown):
        shown.sort(key=lambda line: float(line[0]))
    lines = [(label_text(v), "value", *sums) for v, *sums in shown]
    lines += [("", k, *sums) for k, sums in (("other", other), ("missing", missing)) if sums[0]]
    return pd.DataFrame(lines, columns=["segment", "kind", *_SUMS])


def are_numbers(values: Iterable[Any]) -> bool:
    """Return whether values are numbers, or whole ones as text: then they have an order."""
    return all(
        v.strip().isdecimal()
        if isinstance(v, str)
        else isinstance(v, int | float | Decimal) and not isinstance(v, bool)
        for v in values
    )


def _summed(part: str) -> str:
    """Return the query of each part's :data:`_SUMS`: hits and rows, and their squares by group.

    A row without a group is one of its own: then sums and sums of squares are the same.
    """
    own = {"hh": "k * k", "hn": "k * n", "nn": "n * n"}
    alone = {"hh": "k", "hn": "k", "nn": "n"}
    squares = ", ".join(
        f"sum(CASE WHEN who IS NULL THEN {alone[s]} ELSE {own[s]} END) AS {s}" for s in own
    )
    return (
        f"SELECT part, sum(n) AS rows, sum(k) AS hits, {squares} FROM (SELECT {part} AS part, who, "
        "count(*) AS n, count(*) FILTER (WHERE hit) AS k FROM parts GROUP BY ALL) GROUP BY part"
    )


def _step(
    connection: duckdb.DuckDBPyConnection, bins: int, numeric: bool
) -> tuple[str | None, str]:
    """Return the step's name and the SQL that rounds ``t`` down to it."""
    span = "max(t) - min(t)" if numeric else "epoch(max(t)) - epoch(min(t))"
    row = connection.execute(f"SELECT {span} FROM times").fetchone()
    if row is None or row[0] is None:
        return None, ""
    if not numeric:
        step = next((name for name, length in STEPS if row[0] <= length * bins), STEPS[-1][0])
        return step, f"time_bucket(INTERVAL '{step}', t)"
    rough = max(float(row[0]) / bins, 1e-12)
    power = 10.0 ** np.floor(np.log10(rough))
    width = next(float(power * k) for k in (1, 2, 5, 10) if power * k >= rough * (1 - 1e-9))
    return f"{width:g}", f"floor(t / {width!r}) * {width!r}"


def with_rate(found: pd.DataFrame) -> pd.DataFrame:
    """Return rows, hits, their rate and its interval; the sums of squares by group are used up."""
    found = found.astype({"rows": np.int64, "hits": np.int64})
    rows, hits = found["rows"].to_numpy(float), found["hits"].to_numpy(float)
    effect = np.ones(len(found))
    if "hh" in found:
        hh, hn, nn = (found.pop(name).to_numpy(float) for name in ("hh", "hn", "nn"))
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = hits / rows
            spread = (hh - 2 * rate * hn + rate**2 * nn) / (rows * rate * (1 - rate))
        effect = np.where(np.isfinite(spread), np.maximum(spread, 1.0), 1.0)
    low, high = wilson(hits / effect, rows / effect)
    return found.assign(rate=found["hits"] / found["rows"], low=low, high=high)
