"""How often a class occurs in the parts of a table: by the values of a column, and over time."""

from __future__ import annotations

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
    dataset: Dataset, column: str, label: str, *, bins: int = 10, values: int = 24
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

    Returns
    -------
    DataFrame
        ``segment`` (text), ``kind`` ("value", "range", "other" or "missing"), ``rows``, ``hits``,
        ``rate``, ``low``, ``high`` (95 % Wilson). Only rows with a label count. Ranges and number
        values ascend, others fall by rows; "other" and "missing" come last.

    Raises
    ------
    UserError
        When the column holds an embedding, or there is no such column or class.
    """
    kind = _column_type(dataset, column)
    with query_table(dataset) as connection:
        hit = label_condition(connection, dataset, label)
        name, target = quoted(column), quoted(str(dataset.schema.target))
        connection.execute(
            f"CREATE TEMP VIEW parts AS SELECT {name} AS v, {hit} AS hit FROM rows "
            f"WHERE {target} IS NOT NULL"
        )
        numeric = _is_number(connection)
        few = connection.execute("SELECT count(DISTINCT v) FROM parts").fetchone()
        if numeric and kind == "number" and few and few[0] > values:
            found = _ranges(connection, bins)
        else:
            found = _values(connection, values, ascending=numeric)
    return _with_rate(found)


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
        name, target = quoted(column), quoted(str(dataset.schema.target))
        connection.execute(f"CREATE TEMP VIEW parts AS SELECT {name} AS v FROM rows")
        numeric = _is_number(connection)
        value = f"{name}::DOUBLE" if numeric else f"TRY_CAST({name} AS TIMESTAMP)"
        events = "true" if numeric else _of_events(connection, value)
        connection.execute(
            f"CREATE TEMP VIEW times AS SELECT {value} AS t, {hit} AS hit FROM rows "
            f"WHERE {target} IS NOT NULL AND isfinite({value}) AND {events}"
        )
        step, bucket = _step(connection, bins, numeric)
        if not step:
            raise UserError(
                "“{column}” holds no time; choose another column for the time axis.", column=column
            )
        query = (
            f"SELECT greatest({bucket}, (SELECT min(t) FROM times)) AS start, count(*) AS n, "
            "count(*) FILTER (WHERE hit) AS k FROM times GROUP BY 1 ORDER BY 1"
        )
        lines = connection.execute(query).fetchall()
    found = _with_rate(pd.DataFrame(lines, columns=["start", "rows", "hits"]))
    found.attrs["step"] = step
    return found


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
    query = (
        f"SELECT CASE WHEN v IS NULL THEN NULL {whens} ELSE {len(edges) - 2} END AS part, "
        "count(*), count(*) FILTER (WHERE hit) FROM parts GROUP BY part ORDER BY part NULLS LAST"
    )
    lines = []
    for part, rows, hits in connection.execute(query).fetchall():
        if part is None:
            lines.append(("", "missing", rows, hits))
        else:
            text = f"{edges[part]:,.6g} – {edges[part + 1]:,.6g}"
            lines.append((text, "range", rows, hits))
    return pd.DataFrame(lines, columns=["segment", "kind", "rows", "hits"])


def _values(connection: duckdb.DuckDBPyConnection, values: int, ascending: bool) -> pd.DataFrame:
    query = (
        "SELECT v, count(*) AS n, count(*) FILTER (WHERE hit) FROM parts GROUP BY v "
        "ORDER BY v IS NULL, n DESC, v"
    )
    shown: list[tuple[Any, int, int]] = []
    other, missing = (0, 0), (0, 0)
    cursor = connection.execute(query)
    while chunk := cursor.fetchmany(10_000):
        for value, rows, hits in chunk:
            if value is None:
                missing = (rows, hits)
            elif len(shown) < values:
                shown.append((value, rows, hits))
            else:
                other = (other[0] + rows, other[1] + hits)
    if ascending:
        shown.sort()
    lines = [(label_text(v), "value", rows, hits) for v, rows, hits in shown]
    lines += [("", k, *n) for k, n in (("other", other), ("missing", missing)) if n[0]]
    return pd.DataFrame(lines, columns=["segment", "kind", "rows", "hits"])


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


def _with_rate(found: pd.DataFrame) -> pd.DataFrame:
    found = found.astype({"rows": np.int64, "hits": np.int64})
    low, high = wilson(found["hits"].to_numpy(float), found["rows"].to_numpy(float))
    return found.assign(rate=found["hits"] / found["rows"], low=low, high=high)
