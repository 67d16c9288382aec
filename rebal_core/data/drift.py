"""How behaviour moves with time: what is new, what is gone, and whose share rises or falls."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pandas as pd

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.duck import quoted
from rebal_core.data.profile import label_condition, query_table
from rebal_core.data.segments import moments, no_time, with_rate

#: So many parts of equally many events the time is cut into.
PARTS = 5


def newcomers(dataset: Dataset, column: str, time: str | Sequence[str]) -> pd.DataFrame:
    """Return which share of the events is of values that were not seen before, by part of the time.

    Parameters
    ----------
    time : str or sequence of str
        As :func:`rebal_core.data.segments.moments` takes it.

    Returns
    -------
    DataFrame
        ``start`` (timestamp or number) of each of five parts of about equally many events, without
        the first, before which nothing was seen; ``rows``; ``hits`` of values whose first event
        lies within the part; ``rate``, ``low``, ``high`` (95 % Wilson). Where many events are of
        one moment there are fewer parts, none where all are.

    Raises
    ------
    UserError
        When no value of the column is a time.
    """
    with query_table(dataset) as connection:
        _part(connection, dataset, column, time)
        query = (
            "SELECT min(start), sum(n)::BIGINT, "
            "coalesce(sum(n) FILTER (WHERE part = first), 0)::BIGINT FROM parted "
            "GROUP BY part ORDER BY part"
        )
        lines = connection.execute(query).fetchall()
    return with_rate(pd.DataFrame(lines[1:], columns=["start", "rows", "hits"]))


def turnover(dataset: Dataset, column: str, time: str | Sequence[str]) -> pd.DataFrame:
    """Return how many values come and go, by part of the time.

    Returns
    -------
    DataFrame
        ``start`` of each of five parts as :func:`newcomers` cuts them; ``values`` in it; ``new``:
        of them not seen before; ``gone``: seen before the part and never from its start on.
    """
    with query_table(dataset) as connection:
        _part(connection, dataset, column, time)
        query = (
            "SELECT min(start), count(*), count(*) FILTER (WHERE part = first), "
            "lag(count(*) FILTER (WHERE part = last), 1, 0) OVER (ORDER BY part) "
            "FROM parted GROUP BY part ORDER BY part"
        )
        lines = connection.execute(query).fetchall()
    return pd.DataFrame(lines, columns=["start", "values", "new", "gone"])


def drift(
    dataset: Dataset,
    column: str,
    time: str | Sequence[str],
    label: str | None = None,
    values: int = 8,
) -> pd.DataFrame:
    """Return which share of the events the most frequent values have, by part of the time.

    Parameters
    ----------
    label : str, optional
        With a class, how often it occurs among the events of each value instead.
    values : int
        So many stand alone, the rest is pooled.

    Returns
    -------
    DataFrame
        ``down`` (the value as text, None for all others), ``across`` (start of the part), ``rows``,
        ``hits``, ``rate``, ``low``, ``high`` (95 % Wilson).
    """
    with query_table(dataset) as connection:
        _part(connection, dataset, column, time, label)
        query = (
            "SELECT v FROM parted GROUP BY v HAVING sum(n) > 0 ORDER BY sum(n) DESC, v "
            f"LIMIT {values}"
        )
        top = [v for (v,) in connection.execute(query).fetchall()]
        rows, hits = ("sum(sum(n)) OVER (PARTITION BY part)", "sum(n)")
        if label is not None:
            rows, hits = "sum(n)", "sum(k)"
        query = (
            "SELECT CASE WHEN list_contains($top, v) THEN v END AS value, part, "
            "min(min(start)) OVER (PARTITION BY part), "
            f"({rows})::BIGINT, ({hits})::BIGINT FROM parted GROUP BY value, part ORDER BY part"
        )
        held = connection.execute(query, {"top": top}).fetchall()
    place = {value: at for at, value in enumerate([*top, None])}
    lines = [
        (None if value is None else label_text(value), start, n, k)
        for value, _, start, n, k in sorted(held, key=lambda line: (place[line[0]], line[1]))
    ]
    found = pd.DataFrame(lines, columns=["down", "across", "rows", "hits"])
    # As objects: a column of text would make NaN of None.
    found["down"] = pd.Series([down for down, *_ in lines], dtype=object)
    return with_rate(found)


def _part(
    connection: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    column: str,
    time: str | Sequence[str],
    label: str | None = None,
) -> None:
    """Make the table ``parted``: value ``v``, its rows ``n`` and hits ``k`` in a part of the time.

    ``start`` is the first moment of the value in the part; ``first`` and ``last`` are the parts in
    which it is seen at all. With a class only rows with a label count.
    """
    value, known, _ = moments(connection, time)
    hit, labelled = "false", "true"
    if label is not None:
        hit = label_condition(connection, dataset, label)
        labelled = f"{quoted(str(dataset.schema.target))} IS NOT NULL"
    connection.execute(
        f"CREATE TEMP VIEW timed AS SELECT {value} AS t, {quoted(column)} AS v, {hit} AS hit "
        f"FROM rows WHERE {known} AND {labelled} AND {quoted(column)} IS NOT NULL"
    )
    shares = [k / PARTS for k in range(1, PARTS)]
    row = connection.execute("SELECT quantile_disc(t, ?) FROM timed", [shares]).fetchone()
    if row is None or row[0] is None:
        raise no_time(time if isinstance(time, str) else ", ".join(time))
    part = " + ".join("(t > ?)::INT" for _ in row[0])
    connection.execute(
        "CREATE TEMP TABLE parted AS SELECT *, min(part) OVER of_value AS first, "
        "max(part) OVER of_value AS last FROM (SELECT v, "
        f"{part} AS part, min(t) AS start, count(*) AS n, count(*) FILTER (WHERE hit) AS k "
        "FROM timed GROUP BY v, part) WINDOW of_value AS (PARTITION BY v)",
        row[0],
    )
