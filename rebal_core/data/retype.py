"""Another type than the one that was found: the user's word against the values of the column."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import replace

import duckdb

from rebal_core.data.facts import NUMBER_BLANKS
from rebal_core.data.infer import Reading, missing, stripped
from rebal_core.data.schema import codes
from rebal_core.data.strays import INFINITE, INFINITE_NOTE, count_infinite
from rebal_core.data.times import BARE_FORMATS, FORMATS, time_of
from rebal_core.data.written import DateForm
from rebal_core.types import Column, Kind, Schema, UserError

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"


def retyped(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    readings: Sequence[Reading],
    schema: Schema,
    na: Sequence[str],
    where: str,
) -> list[Reading]:
    """Read columns by the kinds of a schema where these differ from what was found.

    Text takes the values exactly as they are written. Whole numbers that pass for codes anyway
    stay numbers when a category is wanted, and so does the target, whose labels are text in any
    case.

    Parameters
    ----------
    relation : str
        SQL of the raw table.
    readings : sequence of Reading
        As found.
    schema : Schema
        The user's; columns that it does not name keep what was found.
    na : sequence of str
        Tokens that mean "missing".
    where : str
        Name of the file, for sentences.

    Raises
    ------
    UserError
        A value that is no number or no time, with its row; a kind that no column can change to.
    """
    wanted = {c.name: c.kind for c in schema.columns if c.role != "target"}
    asked = {
        r.name: wanted[r.name]
        for r in readings
        if r.name in wanted and _stored(wanted[r.name]) != _stored(r.kind)
    }
    numbers = [(r.name, r.sql) for r in readings if (r.kind, asked.get(r.name)) == _TO_CODE]
    kept = codes(connection, relation, numbers)
    return [
        _read_as(connection, relation, r, asked[r.name], na, where)
        if r.name in asked and r.name not in kept
        else r
        for r in readings
    ]


def with_labels(
    readings: Sequence[Reading], target: str | None, na: Sequence[str]
) -> list[Reading]:
    """Return the readings with the target's labels as they are written: “10%” is a name there.

    What means "missing" among numbers still does.
    """
    blanks = (*na, *NUMBER_BLANKS)
    written = {r.name for r in readings if r.form is not None}
    return [_as_text(r, blanks) if r.name == target in written else r for r in readings]


def as_written(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    readings: Sequence[Reading],
    names: Container[str],
    na: Sequence[str],
) -> list[Reading]:
    """Return the readings with these columns as they are written, where they came as text."""
    if not any(r.name in names for r in readings):
        return list(readings)
    described = connection.execute(f"DESCRIBE FROM {relation}").fetchall()
    texts = {name for name, kind, *_ in described if kind == "VARCHAR"}
    return [_as_text(r, na) if r.name in names and r.raw in texts else r for r in readings]


def agreed(schema: Schema, guessed: Schema, masked: Container[str]) -> Schema:
    """Return the user's schema for the columns that were stored, in their order.

    A column that the schema does not name is taken as guessed; one of tokens is a category.
    """
    chosen = {c.name: c for c in schema.columns}
    columns = (_agreed(chosen.get(c.name, c), c, c.name in masked) for c in guessed.columns)
    return replace(schema, columns=tuple(columns))


def _agreed(column: Column, found: Column, masked: bool) -> Column:
    if column.role == "target":  # its labels are stored as they are written
        return replace(column, kind=found.kind)
    return replace(column, kind="category") if masked else column


def _stored(kind: Kind) -> Kind:
    return "text" if kind == "category" else kind


_TO_CODE = ("number", "category")


def _read_as(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    reading: Reading,
    kind: Kind,
    na: Sequence[str],
    where: str,
) -> Reading:
    if "embedding" in (kind, reading.kind):
        raise UserError(
            f"The column “{reading.name}” of {where} cannot change its type: a list of numbers "
            "stays one, and nothing else becomes one; choose the type that it had."
        )
    text = reading.text or f"{reading.raw}::VARCHAR"
    if kind in ("category", "text"):
        return _as_text(reading, na)
    skip, value = missing(text, (*na, *NUMBER_BLANKS)), stripped(text)
    infinite = count_infinite(connection, relation, value) if kind == "number" else 0
    if infinite:
        skip = f"({skip} OR regexp_full_match({value}, '{INFINITE}'))"
    known = f"(SELECT CASE WHEN NOT {skip} THEN {value} END AS v FROM {relation})"
    comma = kind == "number" and _parts_decimals(connection, known)
    pattern = "" if kind == "number" else _pattern(connection, known)
    cast = _as_number(connection, known, comma) if kind == "number" else time_of(pattern)
    _require_all(connection, known, cast("v"), reading.name, kind, where)
    sql = f"CASE WHEN NOT {skip} THEN {cast(value)} END"
    note, form = INFINITE_NOTE if infinite else "", DateForm(pattern) if pattern else None
    read = Reading(reading.raw, reading.name, kind, sql, note, infinite=infinite)
    return replace(read, form=form, comma=comma)


def _as_text(reading: Reading, na: Sequence[str]) -> Reading:
    text = reading.text or f"{reading.raw}::VARCHAR"
    sql = f"CASE WHEN NOT {missing(text, na)} THEN {text} END"
    return Reading(reading.raw, reading.name, "text", sql)


def _parts_decimals(connection: duckdb.DuckDBPyConnection, known: str) -> bool:
    """Return whether a comma parts decimals: some value has one, and none has a point."""
    row = connection.execute(
        f"SELECT count_if(contains(v, ',')) > 0 AND count_if(contains(v, '.')) = 0 FROM {known}"
    ).fetchone()
    return row is not None and bool(row[0])


def _as_number(
    connection: duckdb.DuckDBPyConnection, known: str, comma: bool
) -> Callable[[str], str]:
    """Find how the values are numbers, whole ones or decimals."""
    row = connection.execute(
        r"SELECT count(v) = count_if(regexp_full_match(v, '[+-]?[0-9]+') AND "
        f"TRY_CAST(v AS BIGINT) IS NOT NULL) FROM {known}"
    ).fetchone()
    assert row is not None
    if row[0]:
        return lambda v: f"TRY_CAST({v} AS BIGINT)"
    point = (lambda v: f"replace({v}, ',', '.')") if comma else str
    return lambda v: (
        f"CASE WHEN regexp_full_match({point(v)}, '{_NUMBER}') "
        f"AND isfinite(TRY_CAST({point(v)} AS DOUBLE)) THEN TRY_CAST({point(v)} AS DOUBLE) END"
    )


def _pattern(connection: duckdb.DuckDBPyConnection, known: str) -> str:
    """Find the form of date that fits most values; several that fit are as bad as none."""
    patterns = ("", *FORMATS, *BARE_FORMATS)
    fits = ", ".join(f"count({time_of(pattern)('v')})" for pattern in patterns)
    counts = connection.execute(f"SELECT {fits} FROM {known}").fetchone() or ()
    best = [p for p, count in zip(patterns, counts, strict=True) if count == max(counts)]
    return best[0] if len(best) == 1 else ""


def _require_all(
    connection: duckdb.DuckDBPyConnection, known: str, cast: str, name: str, kind: str, where: str
) -> None:
    row = connection.execute(
        f"SELECT n, v FROM (SELECT row_number() OVER () AS n, v FROM {known}) "
        f"WHERE v IS NOT NULL AND ({cast}) IS NULL ORDER BY n LIMIT 1"
    ).fetchone()
    if row is None:
        return
    shown = row[1] if len(row[1]) <= 40 else f"{row[1][:40]}…"
    if kind == "number":
        raise UserError(
            f"The column “{name}” of {where} holds “{shown}” in row {row[0]:,}, which is no "
            "number; choose another type, or name this value as missing."
        )
    raise UserError(
        f"The column “{name}” of {where} holds “{shown}” in row {row[0]:,}, which cannot be read "
        "as a time for certain; choose another type, or name this value as missing."
    )
