"""Columns as they came, kept where the accepted table holds them otherwise: exports give them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rebal_core.data.reading.infer import Reading

_BATCH_ROWS, _HEAD_ROWS = 1 << 16, 1 << 12


def keep_forms(raw: Path, readings: Sequence[Reading], into: Path) -> None:
    """Keep the text of numbers and dates that were not written plainly.

    Parameters
    ----------
    raw : Path
        The parsed text as Parquet: columns ``c0, c1, ...``.
    into : Path
        Written only where there is something to keep.
    """
    kept = [r for r in readings if r.form is not None and not getattr(r.form, "style", "")]
    _copy(raw, [(int(r.raw[1:]), r.name) for r in kept], into)


def keep_types(
    source: Path,
    readings: Sequence[Reading],
    table: Path,
    into: Path,
    masked: Container[str] = (),
) -> None:
    """Keep the columns whose type is not that of the accepted table.

    Parameters
    ----------
    source : Path
        A Parquet file; its rows are those of the accepted ``table``, in their order.
    masked : container of str
        Columns that must not be kept as they came.
    """
    came, stored = pq.read_schema(source), pq.read_schema(table)
    other = [
        (int(r.raw[1:]), r.name)
        for r in readings
        if r.name not in masked and _differ(came.types[int(r.raw[1:])], stored.field(r.name).type)
    ]
    _copy(source, other, into)


def _differ(came: pa.DataType, stored: pa.DataType) -> bool:
    """Return whether a type tells something that the stored one does not."""
    if pa.types.is_dictionary(came):
        came = came.value_type
    # A duration is stored in seconds, which made rows are computed in as well; times of day are
    # text, which does not come back as such.
    left = pa.types.is_null(came) or pa.types.is_duration(came) or pa.types.is_time(came)
    return not (left or came == stored or (_text(came) and _text(stored)))


def _text(kind: pa.DataType) -> bool:
    return kind in (pa.string(), pa.large_string(), pa.string_view())


def _copy(source: Path, columns: Sequence[tuple[int, str]], into: Path) -> None:
    """Copy columns, named by their place, a batch at a time."""
    if not columns:
        return
    file = pq.ParquetFile(source)
    names = file.schema_arrow.names
    # Doubled names cannot be asked for one by one.
    asked = [names[i] for i, _ in columns] if len(set(names)) == len(names) else None
    fields = [file.schema_arrow.field(i).with_name(name) for i, name in columns]
    schema = pa.schema(fields)
    head = next(file.iter_batches(batch_size=_HEAD_ROWS, columns=asked), None)
    places = [names[i] if asked else i for i, _ in columns]
    repeat = [f.name for f, k in zip(fields, places, strict=True) if head and _repeats(head[k])]
    with pq.ParquetWriter(into, schema, compression="zstd", use_dictionary=repeat) as writer:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=asked):
            arrays = [batch.column(k) for k in places]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _repeats(values: pa.Array) -> bool:
    """Return whether a dictionary may serve a column: to look for one costs as much as to write."""
    return not _text(values.type) or 2 * len(pc.unique(values)) < len(values)
