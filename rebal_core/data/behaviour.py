"""Skew of behaviour: how the events of a log fall on its users, items, categories and places.

All is counted by DuckDB on the Parquet file. With a class in focus only rows with a label count,
as rates need them; without one, all rows do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import duckdb
import numpy as np
import pandas as pd

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.duck import quoted
from rebal_core.data.profile import (
    BANDS,
    HEAD,
    HEAD_VALUES,
    TAIL,
    TAIL_VALUES,
    band_of,
    gini,
    label_condition,
    lorenz,
    query_table,
)
from rebal_core.data.segments import are_numbers, with_rate
from rebal_core.rows import Ints

#: What the values of a column are ranked by: their rows, or those of the class in focus.
Counted = Literal["rows", "hits"]
#: How values are cut into bands: by the share of the rows before them, or of the values.
Cut = Literal["rows", "values"]
#: Most ranks that a curve is drawn by.
MOST_RANKS = 1_500


@dataclass(frozen=True)
class Popularity:
    """How unequally events fall on the values of a column.

    Parameters
    ----------
    values : int
        Different ones.
    none : int
        Of them without any of what is counted.
    total : int
        What was counted.
    gini : float or None
        0 all equal, near 1 one value has all; None where nothing was counted.
    curve : DataFrame
        ``rank`` (from 1), ``label``, ``count``, ``band``: most frequent first, of more than 1,500
        values a selection, even in log rank; values without a count are left out.
    lorenz : DataFrame
        As :func:`rebal_core.data.profile.lorenz` returns it.
    """

    values: int
    none: int
    total: int
    gini: float | None
    curve: pd.DataFrame
    lorenz: pd.DataFrame


def popularity(
    dataset: Dataset, column: str, label: str | None = None, by: Counted = "rows"
) -> Popularity:
    """Count the events of each value of a column.

    Parameters
    ----------
    label : str, optional
        The class in focus.
    by : {"rows", "hits"}
        Whether all rows count or those of the class.
    """
    with query_table(dataset) as connection:
        _rank(connection, dataset, column, label, by)
        found = connection.execute("SELECT c FROM ranked ORDER BY rank").fetchnumpy()["c"]
        counts: Ints = np.asarray(found, dtype=np.int64)
        some = int((counts > 0).sum())
        ranks = _thinned(some)
        query = "SELECT v FROM ranked WHERE rank IN (SELECT unnest(?)) ORDER BY rank"
        labels = [label_text(v) for (v,) in connection.execute(query, [ranks.tolist()]).fetchall()]
    at = ranks - 1
    curve = {"rank": ranks, "label": labels, "count": counts[at], "band": band_of(counts)[at]}
    return Popularity(
        values=len(counts),
        none=len(counts) - some,
        total=int(counts.sum()),
        gini=gini(counts),
        curve=pd.DataFrame(curve),
        lorenz=lorenz(counts),
    )


def find_value(
    dataset: Dataset, column: str, text: str, label: str | None = None, by: Counted = "rows"
) -> dict[str, Any] | None:
    """Return ``rank, label, count`` of the value that is called so, and of how many ``alike``.

    The whole name goes before a part of one, the most frequent before others; None where no value
    holds the text.
    """
    query = (
        "SELECT rank, v, c, count(*) OVER () FROM ranked WHERE contains(lower(v::VARCHAR), "
        "lower($text)) ORDER BY lower(v::VARCHAR) = lower($text) DESC, rank LIMIT 1"
    )
    with query_table(dataset) as connection:
        _rank(connection, dataset, column, label, by)
        row = connection.execute(query, {"text": text.strip()}).fetchone()
    if row is None:
        return None
    return {"rank": row[0], "label": label_text(row[1]), "count": row[2], "alike": row[3]}


def bands_of_values(
    dataset: Dataset, column: str, label: str | None = None, cut: Cut = "rows"
) -> pd.DataFrame:
    """Return what head, mid and tail of a column's values hold, always three lines.

    Parameters
    ----------
    cut : {"rows", "values"}
        ``rows``: the bands of :func:`rebal_core.data.profile.bands`. ``values``: the most frequent
        20 % of the values are the head, the last half the tail.

    Returns
    -------
    DataFrame
        ``band``, ``values``, ``rows``, ``hits``, and ``rate``, ``low``, ``high`` of the class in
        focus (95 % Wilson); without a class ``hits`` are 0.
    """
    with query_table(dataset) as connection:
        _rank(connection, dataset, column, label, "rows")
        query = (
            f"SELECT {_band(cut)} AS band, count(*), sum(n)::BIGINT, sum(k)::BIGINT FROM ranked "
            "GROUP BY band"
        )
        held = {band: sums for band, *sums in connection.execute(query).fetchall()}
    lines = [(name, *held.get(k, (0, 0, 0))) for k, name in enumerate(BANDS)]
    found = with_rate(pd.DataFrame(lines, columns=["band", "values", "rows", "hits"]))
    return found.astype({"values": np.int64})


def density(dataset: Dataset, user: str, item: str) -> pd.DataFrame:
    """Return how many of all pairs of a user and an item have an event, by the bands of both.

    Returns
    -------
    DataFrame
        ``users``, ``items`` (bands, by share of the rows; nine lines), ``pairs`` with an event,
        ``possible`` ones, and ``density``, their ratio (NaN where no pair is possible).
    """
    with query_table(dataset) as connection:
        for table, column in (("people", user), ("things", item)):
            _rank(connection, dataset, column, None, "rows")
            connection.execute(
                f"CREATE TEMP TABLE {table} AS SELECT v, {_band('rows')} AS band FROM ranked"
            )
        sizes = [
            dict(connection.execute(f"SELECT band, count(*) FROM {t} GROUP BY band").fetchall())
            for t in ("people", "things")
        ]
        query = (
            "SELECT people.band, things.band, count(*) FROM (SELECT DISTINCT "
            f"{quoted(user)} AS u, {quoted(item)} AS i FROM rows) "
            "JOIN people ON u = people.v JOIN things ON i = things.v GROUP BY ALL"
        )
        pairs = {(u, i): n for u, i, n in connection.execute(query).fetchall()}
    lines = [
        (BANDS[u], BANDS[i], pairs.get((u, i), 0), sizes[0].get(u, 0) * sizes[1].get(i, 0))
        for u, i in product(range(3), repeat=2)
    ]
    found = pd.DataFrame(lines, columns=["users", "items", "pairs", "possible"])
    return found.assign(density=found["pairs"] / found["possible"].where(found["possible"] > 0))


def few_valued(dataset: Dataset, columns: Iterable[str], most: int = 50) -> tuple[str, ...]:
    """Return the columns of 2 to about so many values, those of the fewest first."""
    names = list(columns)
    if not names:
        return ()
    picks = ", ".join(f"approx_count_distinct({quoted(name)})" for name in names)
    with query_table(dataset) as connection:
        row = connection.execute(f"SELECT {picks} FROM rows").fetchone() or ()
    found = sorted((n, k) for k, n in enumerate(row) if 2 <= n <= most)
    return tuple(names[k] for _, k in found)


def rate_by_pair(
    dataset: Dataset, down: str, across: str, label: str, values: int = 12
) -> pd.DataFrame:
    """Return how often a class occurs in each pair of values of two columns.

    Parameters
    ----------
    values : int
        The most frequent so many of each column stand alone, the rest is pooled.

    Returns
    -------
    DataFrame
        ``down``, ``across`` (text, None for all other values), ``rows``, ``hits``, ``rate``,
        ``low``, ``high`` (95 % Wilson); numbers ascend, other values fall by rows. Rows that miss a
        value are not counted.
    """
    with query_table(dataset) as connection:
        hit = label_condition(connection, dataset, label)
        a, b, target = quoted(down), quoted(across), quoted(str(dataset.schema.target))
        connection.execute(
            f"CREATE TEMP VIEW pairs AS SELECT {a} AS a, {b} AS b, {hit} AS hit FROM rows "
            f"WHERE {a} IS NOT NULL AND {b} IS NOT NULL AND {target} IS NOT NULL"
        )
        tops = {}
        for side in "ab":
            query = f"SELECT {side} FROM pairs GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {values}"
            connection.execute(f"CREATE TEMP TABLE top_{side} AS {query}")
            top = [v for (v,) in connection.execute(f"FROM top_{side}").fetchall()]
            tops[side] = sorted(top, key=float) if are_numbers(top) else top
        query = (
            "SELECT CASE WHEN a IN (FROM top_a) THEN a END AS a, "
            "CASE WHEN b IN (FROM top_b) THEN b END AS b, count(*), count(*) FILTER (WHERE hit) "
            "FROM pairs GROUP BY ALL"
        )
        held = {(x, y): sums for x, y, *sums in connection.execute(query).fetchall()}
    lines = [
        (None if x is None else label_text(x), None if y is None else label_text(y), *held[x, y])
        for x, y in product([*tops["a"], None], [*tops["b"], None])
        if (x, y) in held
    ]
    # As objects: a column of text would make NaN of None.
    found = pd.DataFrame(lines, columns=["down", "across", "rows", "hits"], dtype=object)
    return with_rate(found)


def _rank(
    connection: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    column: str,
    label: str | None,
    by: Counted,
) -> None:
    """Make the table ``ranked``: value ``v``, its rows ``n``, hits ``k``, what counts ``c``.

    ``rank`` runs from 1, most frequent first, ties by value; ``before`` is what values of a
    better rank hold.
    """
    hit, labelled = "false", "true"
    if label is not None:
        hit = label_condition(connection, dataset, label)
        labelled = f"{quoted(str(dataset.schema.target))} IS NOT NULL"
    counted = "n" if by == "rows" else "k"
    order = "OVER (ORDER BY c DESC, v ROWS UNBOUNDED PRECEDING)"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE ranked AS SELECT *, row_number() {order} AS rank, "
        f"(sum(c) {order} - c)::BIGINT AS before FROM (SELECT *, {counted} AS c FROM "
        f"(SELECT {quoted(column)} AS v, count(*) AS n, count(*) FILTER (WHERE {hit}) AS k "
        f"FROM rows WHERE {quoted(column)} IS NOT NULL AND {labelled} GROUP BY v))"
    )


def _band(cut: Cut) -> str:
    """Return the SQL of a value's band, 0 to 2: see :func:`rebal_core.data.profile.band_of`."""
    ends, share = (HEAD, TAIL), "before / greatest((SELECT sum(c) FROM ranked), 1)"
    if cut == "values":
        ends, share = (HEAD_VALUES, TAIL_VALUES), "(rank - 1) / (SELECT count(*) FROM ranked)"
    return " + ".join(f"(round({share}, 9) >= {end})::INT" for end in ends)


def _thinned(values: int) -> Ints:
    """Return the ranks of a curve of so many values, even in log rank."""
    if values <= MOST_RANKS:
        return np.arange(1, values + 1, dtype=np.int64)
    return np.unique(np.geomspace(1, values, MOST_RANKS).round().astype(np.int64))
