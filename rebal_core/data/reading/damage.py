"""Parquet files whose inside is damaged: readers find out late, each in words of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.trouble import sentence_of
from rebal_core.wording import UserError


def damaged(name: str) -> UserError:
    """Return what is told of a file that no reader understands."""
    return UserError(
        "{name} cannot be read as Parquet: it is damaged or breaks off; copy or write it again.",
        name=name,
    )


@contextmanager
def told_if_damaged(source: Path) -> Iterator[None]:
    """Tell what a reader says of a Parquet file that is damaged deep inside.

    Whether it is must be seen, or faults of ours would pass for the file's: it is read once more.

    Raises
    ------
    UserError
    """
    try:
        yield
    except (pa.ArrowException, OSError, duckdb.Error, UnicodeDecodeError) as error:
        if sentence_of(error) is None and _is_damaged(source):
            raise damaged(source.name) from error
        raise


def _is_damaged(source: Path) -> bool:
    """Return whether not all of a file can be read."""
    try:
        file = pq.ParquetFile(source)
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(row_groups=[group], batch_size=1 << 12):
                batch.validate(full=True)
    except (pa.ArrowException, OSError):
        return True
    return False
