"""Another type than the one that was found: the user's word against the values of the column."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import duckdb

from rebal_core.data.reading.dates.clock import Cast
from rebal_core.data.reading.dates.layout import DateForm
from rebal_core.data.reading.dates.times import bare_form, find_time
from rebal_core.data.reading.facts import NUMBER_BLANKS
from rebal_core.data.reading.infer import Reading, missing, stripped
from rebal_core.data.reading.numbers.amounts import shapes_of
from rebal_core.data.reading.numbers.non_numeric import INFINITE_NOTE, count_infinite, infinite_sql
from rebal_core.data.reading.numbers.notation import Form
from rebal_core.data.schema import codes
from rebal_core.schema import Column, Kind, Schema
from rebal_core.wording import UserError

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
    return [
        replace(_as_text(r, blanks), same=r.same) if r.name == target in written else r
        for r in readings
    ]


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
            "The column “{column}” of {where} cannot change its type: a list of numbers "
            "stays one, and nothing else becomes one; choose the type that it had.",
            column=reading.name,
            where=where,
        )
    text = reading.text or f"{reading.raw}::VARCHAR"
    if kind in ("category", "text"):
        return _as_text(reading, na)
    skip, value = missing(text, (*na, *NUMBER_BLANKS)), stripped(text)
    infinite = count_infinite(connection, relation, value) if kind == "number" else 0
    if infinite:
        skip = f"({skip} OR {infinite_sql(value)})"
    known = f"(SELECT CASE WHEN NOT {skip} THEN {value} END AS v FROM {relation})"
    if kind == "number":
        return _as_number(connection, known, reading, (skip, value, infinite), where)
    cast, form = _as_time(connection, known)
    _require_all(connection, known, cast("v"), reading.name, kind, where)
    sql, note = f"CASE WHEN NOT {skip} THEN {cast(value)} END", form.note if form else ""
    return Reading(reading.raw, reading.name, kind, sql, note, form=form)


def _as_text(reading: Reading, na: Sequence[str]) -> Reading:
    text = reading.text or f"{reading.raw}::VARCHAR"
    sql = f"CASE WHEN NOT {missing(text, na)} THEN {text} END"
    return Reading(reading.raw, reading.name, "text", sql)


def _as_number(
    connection: duckdb.DuckDBPyConnection,
    known: str,
    reading: Reading,
    found: tuple[str, str, int],
    where: str,
) -> Reading:
    """Read a column as numbers: in one notation, else plainly, whole ones or decimals."""
    skip, value, infinite = found
    form = _notation(connection, known, reading)
    plain = form.plain_sql if form else str
    whole = (
        r"SELECT count(v) = count_if(regexp_full_match(v, '[+-]?[0-9]+') AND "
        f"TRY_CAST(v AS BIGINT) IS NOT NULL) FROM (SELECT {plain('v')} AS v FROM {known})"
    )
    row = connection.execute(whole).fetchone()
    assert row is not None

    def cast(v: str) -> str:
        if row[0]:
            return f"TRY_CAST({plain(v)} AS BIGINT)"
        number = f"TRY_CAST({plain(v)} AS DOUBLE)"
        fits = f"regexp_full_match({plain(v)}, '{_NUMBER}') AND isfinite({number})"
        return f"CASE WHEN {fits} THEN {number} END"

    _require_all(connection, known, cast("v"), reading.name, "number", where)
    sql = f"CASE WHEN NOT {skip} THEN {cast(value)} END"
    note = INFINITE_NOTE if infinite else ""
    read = Reading(reading.raw, reading.name, "number", sql, note, infinite=infinite)
    return replace(read, form=form)


def _notation(connection: duckdb.DuckDBPyConnection, known: str, reading: Reading) -> Form | None:
    """Return the notation that fits all values; decimals rather than thousands in doubt."""
    shapes = shapes_of(connection, known)
    readings = shapes.readings if shapes and reading.kind == "text" else []
    if shapes is None or not readings or shapes.padded:
        return None
    pairs = [r for r in readings if r[0]] if len(readings) > 1 else readings
    form = shapes.form(*pairs[0])
    return None if form == Form(decimals=form.decimals) else form


def _as_time(connection: duckdb.DuckDBPyConnection, known: str) -> tuple[Cast, DateForm | None]:
    """Find how most values are times, and the form that these have."""
    query = f"SELECT v FROM {known} WHERE v IS NOT NULL LIMIT 100"
    found = find_time(connection, known, [v for (v,) in connection.execute(query).fetchall()])
    return bare_form(connection, known) if found is None else (found.cast, found.form)


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
            "The column “{name}” of {where} holds “{shown}” in row {row:,}, which is no "
            "number; choose another type, or name this value as missing.",
            name=name,
            where=where,
            shown=shown,
            row=row[0],
        )
    raise UserError(
        "The column “{name}” of {where} holds “{shown}” in row {row:,}, which cannot be "
        "read as a time for certain; choose another type, or name this value as missing.",
        name=name,
        where=where,
        shown=shown,
        row=row[0],
    )
