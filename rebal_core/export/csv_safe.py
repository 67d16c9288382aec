"""CSV that no spreadsheet takes for a formula: UTF-8 with BOM, text cells made harmless."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.types as kinds

from rebal_core.data.defused import safe_text
from rebal_core.data.reading.facts import NUMBER_BLANKS
from rebal_core.data.reading.numbers.signs import is_written

_BATCH = 65_536


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table as CSV that is safe to open in a spreadsheet.

    Numbers are written as they are, also those of a column that writes them ``-$5``. Missing values
    are empty cells, times ISO 8601, lists of row numbers ``12;873``, other lists JSON.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
        Overwritten.
    """
    write_csv_blocks([table], path)


def write_csv_blocks(tables: Iterable[pa.Table], path: Path) -> None:
    """Write tables of the same columns one after the other, as :func:`write_csv` does one."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        for number, table in enumerate(tables):
            if not number:
                writer.writerow([safe_text(name) for name in table.column_names])
            for batch in table.to_batches(max_chunksize=_BATCH):
                columns = [_cells(*pair) for pair in zip(batch.columns, table.schema, strict=True)]
                writer.writerows(zip(*columns, strict=True))


def _cells(column: pa.Array, field: pa.Field) -> list[Any]:
    kind, values = column.type, column.to_pylist()
    if kinds.is_dictionary(kind):
        kind = kind.value_type
    if kinds.is_floating(kind):
        write = _writer(field)
        return ["" if v is None or v != v else write(v) for v in _shortest(column, values)]
    if kinds.is_decimal(kind):
        return ["" if v is None else format(v, "f") for v in values]
    if kinds.is_integer(kind) or kinds.is_boolean(kind):
        return ["" if v is None else v for v in values]
    if kinds.is_list(kind) or kinds.is_large_list(kind):
        whole = kinds.is_integer(kind.value_type)
        return ["" if v is None else _list(v, whole) for v in values]
    if kinds.is_temporal(kind):
        return ["" if v is None else _time(v) for v in values]
    texts = ["" if v is None else str(v) for v in values]
    # A column of numbers is no danger as it stands, and `'-$5` could not be read as one again.
    return texts if all(map(_numeric, texts)) else [safe_text(text) for text in texts]


def _writer(field: pa.Field) -> Callable[[float], str]:
    """Return how decimals are written: as they came, by the metadata of their field."""
    told = ((field.metadata or {}).get(b"written") or b"").decode()
    if told == "short":
        return lambda v: repr(v).removesuffix(".0")
    return (lambda v: f"{v:.{told}f}") if told.isdigit() else repr


def _numeric(text: str) -> bool:
    return is_written(text) or text in ("", *NUMBER_BLANKS)


def _shortest(column: pa.Array, values: list[Any]) -> list[Any]:
    """Return floats of 32 bits as the shortest decimal that gives them back."""
    if column.type.bit_width >= 64:
        return values
    return [None if v is None else float(str(v)) for v in column.to_numpy(zero_copy_only=False)]


def _list(values: list[Any], whole: bool) -> str:
    return ";".join(map(str, values)) if whole else json.dumps(values)


def _time(value: Any) -> str:
    text: str = value.isoformat(sep=" ") if hasattr(value, "hour") else value.isoformat()
    return text.removesuffix(" 00:00:00")
