"""Tables that carry types of their own: Parquet files and pandas frames."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.dataset import label_text
from rebal_core.data.duck import parquet, quoted
from rebal_core.data.reading.damage import damaged
from rebal_core.data.reading.dialect import MAX_COLUMNS, column_names
from rebal_core.data.reading.facts import TOO_LONG
from rebal_core.data.reading.infer import Reading, read_texts
from rebal_core.data.reading.looks import facts_of
from rebal_core.data.reading.numbers.non_numeric import INFINITE_NOTE
from rebal_core.data.reading.unpacked import require_bounded
from rebal_core.data.schema import ORIGINS_NAME
from rebal_core.wording import Text, UserError

#: How pandas calls an index without a name in a file.
NAMELESS_INDEX = re.compile(r"__index_level_\d+__")
#: How a file ends whose footer is encrypted, and the bytes behind one that is only signed, for
#: columns of it are encrypted.
_ENCRYPTED, _SIGNATURE = b"PARE", 28
#: Parts of a second.
_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def open_parquet(source: Path, least: int = 2) -> pa.Schema:
    """Read the footer and the headers of the pages, and refuse what must not be unpacked.

    Parameters
    ----------
    source : Path
    least : int
        Fewest columns.

    Raises
    ------
    UserError
        Unreadable file, no rows, too few or too many columns, nested types, a bomb.
    """
    try:
        letters, length = _end(source)
        if letters == _ENCRYPTED:
            raise _encrypted(source.name)
        metadata = pq.read_metadata(source)
        schema = metadata.schema.to_arrow_schema()
    except (pa.ArrowException, OSError):
        raise damaged(source.name) from None
    if length == metadata.serialized_size + _SIGNATURE:
        raise _encrypted(source.name)  # Arrow ends the process when asked about such a column
    if not metadata.num_rows:
        raise UserError(
            "{name} has columns but no rows; choose a file that holds data.", name=source.name
        )
    require_columns(schema, source.name, least)
    require_bounded(source, metadata, schema)
    return schema


def _encrypted(name: str) -> UserError:
    return UserError(
        "{name} is encrypted, at least in part; write it again without encryption.", name=name
    )


def _end(source: Path) -> tuple[bytes, int]:
    """Return the last letters of a file, and the bytes of the footer before them."""
    with source.open("rb") as file:
        file.seek(-8, 2)
        end = file.read()
    return end[4:], int.from_bytes(end[:4], "little")


def require_columns(schema: pa.Schema, name: str, least: int = 2) -> None:
    """Refuse too few or too many columns and types that are no table's.

    Raises
    ------
    UserError
    """
    if len(schema) < least:
        raise UserError("{name} has only one column; a table needs two at least.", name=name)
    if len(schema) > MAX_COLUMNS:
        raise UserError(
            "{name} has {columns:,} columns; at most {most:,} are read, so leave out "
            "those that are not needed.",
            name=name,
            columns=len(schema),
            most=MAX_COLUMNS,
        )
    for field in schema:
        if _embedding(field.type):
            continue
        if not _plain(field.type):
            raise UserError(
                "The column “{column}” of {name} holds {type}, which is no plain value; "
                "drop it or spread it over columns.",
                column=field.name,
                name=name,
                type=str(field.type),
            )


def read_columns(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    schema: pa.Schema,
    na: Sequence[str],
    where: str,
) -> tuple[list[Reading], dict[str, str]]:
    """Decide how typed columns are read; pandas' nameless index is left out.

    Text stays text unless blanks or missing-value words were the reason why numbers are text.

    Returns
    -------
    readings : list of Reading
    renamed : dict of str to str
        New name to old name.
    """
    kept = [i for i, name in enumerate(schema.names) if not NAMELESS_INDEX.fullmatch(name)]
    names, renamed = column_names([schema.names[i] for i in kept])
    columns = list(zip(kept, names, strict=True))
    texts = [(i, name) for i, name in columns if _text(schema.field(i).type)]
    relation, facts = parquet(path, len(schema)), facts_of(path, [i for i, _ in texts], na)
    read = read_texts(connection, relation, texts, facts, na, only_if_blanks=True)
    decided = {r.name: r for r in read}
    readings = [
        decided.get(name) or _typed(connection, relation, schema.field(i), f"c{i}", name, where)
        for i, name in columns
    ]
    return _without_infinite(connection, relation, schema, readings), renamed


def arrow_of(frame: pd.DataFrame) -> pa.Table:
    """Return a pandas frame as Arrow: names as text, mixed columns as text, no index.

    Raises
    ------
    UserError
        When a column cannot be told in Arrow's types.
    """
    arrays = []
    for position in range(frame.shape[1]):
        column = _known_to_arrow(frame.iloc[:, position])
        try:
            arrays.append(pa.array(column, from_pandas=True))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # too long for 64 bits
            texts = [None if pd.isna(v) else label_text(v) for v in column.tolist()]
            arrays.append(pa.array(texts, type=pa.string()))
        except UnicodeEncodeError as error:
            raise UserError(
                "The column “{column}” holds the text {text}, half a character that nothing can "
                "write; read the table again in its right encoding.",
                column=frame.columns[position],
                text=ascii(error.object)[:40],
            ) from None
    return pa.table(arrays, names=[str(c) for c in frame.columns])


def _known_to_arrow(column: pd.Series) -> pd.Series:
    """Return a column in a type of which Arrow tells the values as they are."""
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return _known_to_arrow(column.astype(kind.categories.dtype))
    if isinstance(kind, pd.SparseDtype):
        return _known_to_arrow(pd.Series(np.asarray(column), name=column.name))
    if isinstance(kind, pd.PeriodDtype):
        starts: pd.Series = column.dt.to_timestamp()
        return starts
    if isinstance(kind, pd.IntervalDtype):
        return column.astype(object).map(str, na_action="ignore")
    if kind == np.longdouble:
        return column.astype(np.float64)
    known = column.dropna() if pd.api.types.is_object_dtype(kind) else column
    if kind.kind == "c" or (len(known) and isinstance(known.iloc[0], (set, frozenset, complex))):
        holds = type(known.iloc[0]).__name__ if len(known) else str(kind)
        raise UserError(
            "The column “{column}” holds values of the type {holds}, which are no plain "
            "values; drop it or spread it over columns.",
            column=column.name,
            holds=holds,
        )
    return column


def _plain(kind: pa.DataType) -> bool:
    """Return whether a type is one of plain values: numbers, times, truth or text."""
    if isinstance(kind, pa.BaseExtensionType):
        return isinstance(kind, (pa.JsonType, pa.UuidType, pa.Bool8Type))
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    left = (
        pa.types.is_nested(kind),
        pa.types.is_binary(kind),
        pa.types.is_large_binary(kind),
        pa.types.is_fixed_size_binary(kind),
        pa.types.is_binary_view(kind),
        pa.types.is_interval(kind),
    )
    return not any(left)


def _without_infinite(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    schema: pa.Schema,
    readings: list[Reading],
) -> list[Reading]:
    """Count the infinite values of the columns of decimals, which become missing, and say so."""
    types = {f"c{i}": field.type for i, field in enumerate(schema)}
    floats = [r.raw for r in readings if pa.types.is_floating(types[r.raw])]
    if not floats:
        return readings
    picks = ", ".join(f"count_if(isinf({quoted(raw)}::DOUBLE))" for raw in floats)
    row = connection.execute(f"SELECT {picks} FROM {relation}").fetchone() or ()
    counts = {raw: count for raw, count in zip(floats, row, strict=True) if count}
    return [
        replace(r, infinite=counts[r.raw], note=INFINITE_NOTE) if r.raw in counts else r
        for r in readings
    ]


def _typed(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    field: pa.Field,
    raw: str,
    name: str,
    where: str,
) -> Reading:
    column, kind = quoted(raw), field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _embedding(kind) and ORIGINS_NAME.fullmatch(name):  # a row of ours may have one or two
        return Reading(raw, name, "text", f"{column}::VARCHAR")
    if _embedding(kind):
        _require_one_length(connection, relation, raw, field.name, where)
        return Reading(raw, name, "embedding", f"{column}::FLOAT[]")
    if pa.types.is_boolean(kind):
        return Reading(raw, name, "text", column)
    if isinstance(kind, pa.Bool8Type):
        return Reading(raw, name, "text", f"({column} <> 0)")
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0):
        if _fits_64_bits(connection, relation, column, kind):
            return Reading(raw, name, "number", f"{column}::BIGINT")
        return Reading(raw, name, "text", f"{column}::VARCHAR", TOO_LONG)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        sql = f"CASE WHEN isfinite({column}::DOUBLE) THEN {column}::DOUBLE END"
        return Reading(raw, name, "number", sql, text=_as_label(column))
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return Reading(
            raw,
            name,
            "time",
            f"make_timestamp(epoch_us({column}::TIMESTAMPTZ))",
            Text("In UTC.").render(),
        )
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Reading(raw, name, "time", f"{column}::TIMESTAMP")
    if pa.types.is_null(kind):
        return Reading(raw, name, "text", "NULL::VARCHAR")
    if pa.types.is_duration(kind):
        # Parquet has no such type: the file holds whole numbers, and only Arrow knows their unit.
        return Reading(raw, name, "number", f"{column}::DOUBLE / {_UNITS[kind.unit]}", "Seconds.")
    return Reading(raw, name, "text", f"{column}::VARCHAR")


def _fits_64_bits(
    connection: duckdb.DuckDBPyConnection, relation: str, column: str, kind: pa.DataType
) -> bool:
    if not (pa.types.is_uint64(kind) or pa.types.is_decimal(kind)):
        return True
    query = f"SELECT count({column}) = count(TRY_CAST({column} AS BIGINT)) FROM {relation}"
    row = connection.execute(query).fetchone()
    return row is not None and bool(row[0])


def _as_label(column: str) -> str:
    """Return the SQL of a decimal as :func:`label_text` writes it: 1.0 is ``1``."""
    whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
    text = f"CASE WHEN {whole} THEN {column}::BIGINT::VARCHAR ELSE {column}::VARCHAR END"
    return f"CASE WHEN isfinite({column}::DOUBLE) THEN {text} END"


def _require_one_length(
    connection: duckdb.DuckDBPyConnection, relation: str, raw: str, name: str, where: str
) -> None:
    column = quoted(raw)
    row = connection.execute(
        f"SELECT min(len({column})), max(len({column})), "
        f"count_if(len(list_filter({column}, lambda v: v IS NULL OR NOT isfinite(v::DOUBLE))) > 0) "
        f"FROM {relation}"
    ).fetchone()
    assert row is not None
    if row[0] != row[1]:
        raise UserError(
            "The lists in column “{name}” of {where} have {shortest} to {longest} "
            "numbers; an embedding needs the same length in every row.",
            name=name,
            where=where,
            shortest=row[0],
            longest=row[1],
        )
    if row[2]:
        raise UserError(
            "The lists in column “{name}” of {where} hold missing numbers in {rows:,} "
            "rows; fill them or drop the column.",
            name=name,
            where=where,
            rows=row[2],
        )


def _embedding(kind: pa.DataType) -> bool:
    lists = (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
    return bool(lists) and bool(
        pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)
    )


def _text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view"
