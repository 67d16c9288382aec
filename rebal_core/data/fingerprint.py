"""What makes two tables the same: one number for names, types and values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def fingerprint(table: Path) -> str:
    """Return the SHA-256 of a Parquet table's names, types and values, 64 hex digits.

    Hidden values under nulls and the compression do not count, so the same content has the same
    fingerprint whatever file it came from.
    """
    file = pq.ParquetFile(table)
    fields = list(file.schema_arrow)
    hashes = [hashlib.sha256(f"{f.name}\0{f.type}".encode()) for f in fields]
    for group in range(file.metadata.num_row_groups):
        for batch in file.iter_batches(row_groups=[group], batch_size=1 << 17):
            for digest, column in zip(hashes, batch.columns, strict=True):
                for part in _canonical(column):
                    digest.update(part)
    return hashlib.sha256(b"".join(h.digest() for h in hashes)).hexdigest()


def _canonical(column: pa.Array) -> Iterator[bytes | memoryview]:
    """Yield validity, lengths and values of an array, free of what stands under nulls."""
    yield np.packbits(np.asarray(column.is_valid())).tobytes()
    if isinstance(column, pa.ExtensionArray):  # JSON, say, is text with a name
        column = column.storage
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield np.asarray(pc.list_value_length(column).fill_null(0)).tobytes()
        yield np.asarray(pc.list_flatten(column)).tobytes()
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts = column.fill_null("")
        yield np.asarray(pc.binary_length(texts)).astype(np.int64).tobytes()
        yield joined(texts)
    elif pa.types.is_timestamp(kind):
        yield np.asarray(column.cast(pa.int64()).fill_null(0)).tobytes()
    else:
        filled = column.fill_null(False if pa.types.is_boolean(kind) else 0)
        yield filled.to_numpy(zero_copy_only=False).tobytes()


def joined(texts: pa.Array) -> memoryview:
    """Return all texts of an array one after the other, as UTF-8."""
    _, offsets, data = texts.buffers()
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    ends = np.frombuffer(offsets, width)[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(data)[ends[0] : ends[-1]] if data and len(texts) else memoryview(b"")
