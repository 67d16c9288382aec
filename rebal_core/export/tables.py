"""Results as tables: the user's own types and values, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.reading.forms import form_from
from rebal_core.data.schema import DISTANCE, FIT, FLAG, ORIGIN, PARENTS, REMOVED_BY
from rebal_core.export.csv_safe import write_csv, write_csv_blocks
from rebal_core.outputs import written
from rebal_core.rows import Ints
from rebal_core.wording import UserError

#: Columns that an export adds.
ADDED = ("_weight", FLAG, FIT, DISTANCE, REMOVED_BY, ORIGIN, PARENTS)
_NOTE = b"rebal"
_SUFFIXES = (".parquet", ".csv")


def check_suffix(path: Path) -> None:
    """Refuse a file name of a type that is not written.

    Raises
    ------
    UserError
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise UserError(
            "“{name}” is neither .parquet nor .csv; choose one of these types.", name=path.name
        )


def write_table(table: pa.Table, path: Path, note: Mapping[str, Any] | None = None) -> None:
    """Write a table as Parquet or safe CSV, as its suffix says.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
        A reader sees the old file or the whole new one.
    note : mapping, optional
        JSON for the metadata of a Parquet file, under the key ``rebal``.

    Raises
    ------
    UserError
        When the file cannot be written.
    """
    check_suffix(path)
    with written(path) as (part,):
        if path.suffix.lower() == ".csv":
            write_csv(table, part)
        else:
            told = {} if note is None else {_NOTE: json.dumps(note, ensure_ascii=False).encode()}
            known = table.schema.metadata or {}
            pq.write_table(table.replace_schema_metadata({**known, **told}), part)


def write_blocks(blocks: Iterable[pa.Table], path: Path) -> None:
    """Write tables of the same columns one after the other, one of them in memory at a time.

    Parameters
    ----------
    blocks : iterable of pyarrow.Table
        At least one.
    path : Path
        A .parquet or .csv file; a reader sees the old file or the whole new one.

    Raises
    ------
    UserError
        When the file cannot be written.
    """
    check_suffix(path)
    with written(path) as (part,):
        if path.suffix.lower() == ".csv":
            write_csv_blocks(blocks, part)
            return
        rest = iter(blocks)
        first = next(rest)
        with pq.ParquetWriter(part, first.schema) as writer:
            writer.write_table(first)
            for block in rest:
                writer.write_table(block.cast(first.schema))


def original_rows(dataset: Dataset, rows: Ints) -> pa.Table:
    """Return rows as the user knows them, with ``_origin`` and ``_parents``.

    Parameters
    ----------
    rows : ndarray of int
        Row numbers of the accepted table.
    """
    table = dataset.own().take(pa.array(rows))
    parents = [[int(row)] for row in rows]
    return _with_added(table, {"_origin": ["original"] * len(rows), "_parents": parents})


def removed_rows(dataset: Dataset, rows: Ints, steps: Sequence[str]) -> pa.Table:
    """Return rows that a strategy took away as the user knows them, with the step that took each.

    Parameters
    ----------
    rows : ndarray of int
        Row numbers of the accepted table.
    steps : sequence of str
        Names of the steps, one for each row.
    """
    table = dataset.own().take(pa.array(rows))
    added: dict[str, Sequence[Any]] = {
        REMOVED_BY: list(steps),
        ORIGIN: ["removed"] * len(rows),
        PARENTS: [[int(row)] for row in rows],
    }
    return _with_added(table, added)


def resampled_rows(dataset: Dataset, frame: pd.DataFrame) -> pa.Table:
    """Return a resampled set in the user's own types.

    Originals and duplicates are taken from the user's own rows, so that nothing that a frame
    cannot hold (whole numbers beside missing ones, ``¥1,234.50``) is lost; made rows follow them.

    Parameters
    ----------
    frame : DataFrame
        As given by ``Preparation.restore``: the user's columns, then those of :data:`ADDED` that
        there are.
    """
    whole = dataset.own()
    added = {name: frame[name].tolist() for name in frame.columns[whole.num_columns :]}
    single = frame["_origin"].isin(("original", "duplicate")).to_numpy()
    first = [parents[0] for parents in frame["_parents"][single]]
    own = whole.take(pa.array(first, pa.int64()))
    order = np.empty(len(frame), dtype=np.int64)
    order[np.concatenate([np.flatnonzero(single), np.flatnonzero(~single)])] = np.arange(len(frame))
    made = frame[~single]
    forms = {n: form_from(form) for n, form in dataset.source.get("written", {}).items()}
    columns = []
    for j, field in enumerate(own.schema):
        values = made.iloc[:, j]
        if field.name in forms and pa.types.is_string(field.type):
            values = values.map(forms[field.name].write, na_action="ignore").astype(object)
        column = own.column(j)
        try:
            blended = cast(values, field.type)
        except pa.ArrowException:  # a type that does not change back: the user's own, or a UUID
            column = _texts(column)
            blended = pa.array(values.map(label_text, na_action="ignore"), pa.string())
        every = pa.chunked_array([*column.chunks, blended], type=column.type)
        columns.append(every.take(pa.array(order)))
    fields = [  # made rows may hold nulls where the user's hold none
        pa.field(f.name, c.type, metadata=f.metadata)
        for f, c in zip(own.schema, columns, strict=True)
    ]
    return _with_added(pa.table(columns, schema=pa.schema(fields)), added)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values as text, also those of a type that Arrow does not write."""
    if not isinstance(column.type, pa.BaseExtensionType):
        return column.cast(pa.string())
    values = (None if value is None else str(value) for value in column.to_pylist())
    return pa.chunked_array([pa.array(values, pa.string())])


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return the name, or ``name_2`` and so on where a column of the user's has it."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _with_added(table: pa.Table, added: Mapping[str, Sequence[Any]]) -> pa.Table:
    for name, values in added.items():
        free = free_name(name, table.column_names)
        table = table.append_column(free, pa.array(values, _TYPES[name]))
    return table


_TYPES = dict(
    zip(
        ADDED,
        (
            pa.float64(),
            pa.bool_(),
            pa.string(),
            pa.float64(),
            *[pa.string()] * 2,
            pa.list_(pa.int64()),
        ),
        strict=True,
    )
)


def cast(column: pd.Series, kind: pa.DataType) -> pa.Array:
    """Return made values in the table's own type; whole numbers are rounded to it."""
    if pa.types.is_integer(kind) and pd.api.types.is_string_dtype(column.dtype):
        return pa.array(column, type=pa.string(), from_pandas=True).cast(kind)
    if pa.types.is_integer(kind):
        numbers = pd.to_numeric(column, errors="coerce")
        if not pd.api.types.is_integer_dtype(numbers.dtype):  # a code may be too long for a float
            numbers = numbers.astype("Float64").round()
        span = np.iinfo(kind.to_pandas_dtype())  # a float next to the bound rounds beyond it
        whole = [None if pd.isna(v) else min(max(int(v), span.min), span.max) for v in numbers]
        return pa.array(whole, type=kind)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.array([None if v is None else list(v) for v in column], type=kind)
    if isinstance(kind, pa.BaseExtensionType):
        stored = pa.array(column, type=kind.storage_type, from_pandas=True)
        return pa.ExtensionArray.from_storage(kind, stored)
    try:
        return pa.array(column, type=kind, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pc.cast(pa.array(column, from_pandas=True), kind, safe=False)
