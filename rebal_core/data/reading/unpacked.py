"""How large a Parquet file becomes in memory, known before it is read: the guard against bombs.

A few kilobytes may stand for terabytes: a million rows that point to one long text of a
dictionary, texts told by what they share with the one before, pages of zeros, long lists. The
headers of the pages bound all of it. Where that does not suffice, the longest text of a dictionary
mostly does; at last the lengths of all texts are added up, in batches that the bounds keep small.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rebal_core.data.reading.damage import damaged
from rebal_core.data.reading.looks import batch_rows
from rebal_core.data.reading.pages import DELTA, DICTIONARY, LENGTHS, PLAIN, Page, pages_of
from rebal_core.rows import Ints
from rebal_core.wording import UserError

#: Bytes that are refused when all is unpacked; and what is, if it is so many times the file.
MAX_BYTES, _SUSPECT, _TIMES = 64 << 30, 2 << 30, 1000
#: Bytes that are refused for the rows that are read at one time.
MAX_HELD = 1 << 30
#: A page of texts that is larger, and so many times what it was packed to, holds nothing but air.
_LARGE_PAGE = 256 << 20
_WIDTH = 8
#: Bytes of little account; those of a batch of texts, and rows whose places are added up at a time.
_LITTLE, _BATCH_BYTES, _PLACES = 1 << 24, 1 << 27, 1 << 20


def require_bounded(source: Path, metadata: Any, schema: pa.Schema) -> None:
    """Refuse a file that would not fit into memory, before more of it than fits is unpacked.

    Parameters
    ----------
    source : Path
    metadata : pyarrow.parquet.FileMetaData
    schema : pyarrow.Schema
        One field for each column of the file: plain values, or lists of numbers.

    Raises
    ------
    UserError
        A bomb, or pages that cannot be.
    """
    file = _File(source, metadata, schema)
    file.require(_WIDTH * metadata.num_rows * max(metadata.num_columns, 1))
    try:
        known = _numbers(file)
        texts = [[_most(file, group, k) for k in file.texts] for group in range(len(known))]
        size: float = sum(whole for whole, _ in known)
        size += sum(most for some in texts for most, _ in some)
        held = [
            sum(numbers) + sum(peak for _, peak in some)
            for (_, numbers), some in zip(known, texts, strict=True)
        ]
        if file.breaks(size) or max(held, default=0) > MAX_HELD:
            _count_texts(file, known)
    except (pa.ArrowException, OSError, ValueError, LookupError):
        raise damaged(source.name) from None


@dataclass(frozen=True)
class _File:
    """One file, its pages, and what it is allowed."""

    source: Path
    metadata: Any
    schema: pa.Schema

    @cached_property
    def groups(self) -> list[list[list[Page]]]:
        """The pages of each column in each row group."""
        about = self.metadata
        file = os.open(self.source, os.O_RDONLY)
        try:
            return [
                [
                    # Some writers end with a group without rows, whose pages are anywhere.
                    list(pages_of(file, group.column(k))) if group.num_rows else []
                    for k in range(about.num_columns)
                ]
                for group in map(about.row_group, range(about.num_row_groups))
            ]
        finally:
            os.close(file)

    @cached_property
    def texts(self) -> list[int]:
        """The places of the columns of texts."""
        columns = map(self.metadata.schema.column, range(self.metadata.num_columns))
        return [k for k, column in enumerate(columns) if column.physical_type == "BYTE_ARRAY"]

    @cached_property
    def window(self) -> int:
        """The most rows that are read at one time."""
        return batch_rows(len(self.texts))

    @cached_property
    def _coded(self) -> Any:
        names = [self.metadata.schema.column(k).path for k in self.texts]
        return pq.ParquetFile(self.source, read_dictionary=names).reader

    @cached_property
    def _plain(self) -> Any:
        return pq.ParquetFile(self.source).reader

    def batches(self, group: int, column: int, rows: int, *, coded: bool) -> Iterator[pa.Array]:
        """Yield a column, so many rows a batch; coded as places in its dictionary."""
        # By place, which this reader alone can: names may be doubled.
        for batch in (self._coded if coded else self._plain).iter_batches(
            batch_size=rows, row_groups=[group], column_indices=[column], use_threads=False
        ):
            yield batch.column(0)

    def breaks(self, size: float) -> bool:
        """Return whether so many bytes are too many in all."""
        times = _TIMES * self.source.stat().st_size
        return size > MAX_BYTES or (size > _SUSPECT and size > times)

    def require(self, size: float, held: Sequence[float] = (0,)) -> None:
        """Refuse so many bytes in all, or of each column at one time."""
        if self.breaks(size):
            raise self.bomb(size)
        if sum(held) > MAX_HELD:
            column = self.schema.names[int(np.argmax(held))]
            rows = min(self.window, self.metadata.num_rows)
            raise UserError(
                "{name} would take more than {most:,} MiB of memory for {rows:,} rows, "
                "most of it for the column “{column}”; leave that column out or shorten "
                "its values.",
                name=self.source.name,
                most=MAX_HELD >> 20,
                rows=rows,
                column=column,
            )

    def bomb(self, size: float) -> UserError:
        """Return what is told of so many bytes."""
        return UserError(
            "{name} would grow to {size:,} MiB or more when it is unpacked, which is "
            "refused; split it into smaller tables.",
            name=self.source.name,
            size=int(size) >> 20,
        )


def _numbers(file: _File) -> list[tuple[int, list[float]]]:
    """Return the bytes of a row group without its texts: in all, and of each column at one time."""
    file.require(sum(p.size for columns in file.groups for pages in columns for p in pages))
    found = []
    for group, columns in enumerate(file.groups):
        rows, size, held = file.metadata.row_group(group).num_rows, 0, [0.0] * len(columns)
        for k, pages in enumerate(columns):
            about = file.metadata.schema.column(k)
            values = sum(page.values for page in pages if not page.shared)
            if values < rows or (values > rows and not about.max_repetition_level):
                raise ValueError("another number of values than of rows")
            if k in file.texts:
                air = [p.size for p in pages if p.size > max(_LARGE_PAGE, _TIMES * p.packed)]
                if air:
                    raise file.bomb(max(air))
                continue
            width = max(_WIDTH, about.length or 0)
            size += max(values * width, sum(page.size for page in pages))
            # What a page has beyond its values nobody wrote who had them.
            beyond = max((p.size - 2 * width * p.values for p in pages), default=0)
            lists = width * values * min(file.window, rows) // rows if values > rows else 0
            held[k] = max(beyond - _LITTLE, 0) + lists
        found.append((size, held))
        file.require(sum(size for size, _ in found), held)
    return found


def _most(file: _File, group: int, column: int) -> tuple[float, float]:
    """Return the most bytes that the texts of a column can have: in all, and at one time."""
    pages = file.groups[group][column]
    data, longest = [p for p in pages if not p.shared], _longest(file, group, column)
    most = np.array([_most_of(page, longest) for page in data])
    if not data or not np.isfinite(most).all():
        return float(most.sum()), float(most.sum())
    ends = np.cumsum([page.values for page in data])
    starts, sums = np.append(0, ends[:-1]), np.append(0, np.cumsum(most))
    last = np.searchsorted(starts, ends + file.window - 1)
    return float(sums[-1]), float((sums[last] - sums[:-1]).max())


def _most_of(page: Page, longest: int) -> float:
    if page.encoding in (PLAIN, LENGTHS):
        return page.size
    return float(page.values * longest) if page.encoding in DICTIONARY else np.inf


def _longest(file: _File, group: int, column: int) -> int:
    """Return the bytes of the longest text of a dictionary; a bound where that matters little."""
    pages = file.groups[group][column]
    size = max((page.size for page in pages if page.shared), default=0)
    if size * sum(p.values for p in pages if p.encoding in DICTIONARY) <= _LITTLE:
        return size
    first = next(file.batches(group, column, 1, coded=True), None)
    if first is None or not pa.types.is_dictionary(first.type):
        return size
    return int(_lengths(first.dictionary).max(initial=0))


def _count_texts(file: _File, known: list[tuple[int, list[float]]]) -> None:
    """Add up the texts, until they are too many or come to their end."""
    total = sum(size for size, _ in known)
    for group, (_, held) in enumerate(known):
        for k in file.texts:
            for size, peak in _texts(file, group, k):
                total, held[k] = total + size, peak
                file.require(total, held)


def _texts(file: _File, group: int, column: int) -> Iterator[tuple[int, float]]:
    """Yield the bytes of each batch of texts, and the most that had to be held at one time."""
    pages = [page for page in file.groups[group][column] if not page.shared]
    ends = np.cumsum([page.values for page in pages])
    starts = [np.arange(0, ends[-1] if pages else 0, file.window)]
    if any(page.encoding == DELTA for page in pages):  # such a page is unpacked as a whole
        starts.append(ends - [page.values for page in pages])
    coded = all(page.encoding in (PLAIN, *DICTIONARY) for page in pages)
    sums = [np.zeros(len(some), np.int64) for some in starts]
    row = 0
    rows = _step(file.groups[group][column], file.window, coded)
    for batch in file.batches(group, column, rows, coded=coded):
        below = np.append(0, np.cumsum(_lengths(batch)))
        for some, held in zip(starts, sums, strict=True):
            places = np.clip(np.append(some, ends[-1]) - row, 0, len(batch))
            held += np.diff(below[places])
        row += len(batch)
        yield int(below[-1]), float(max(held.max() for held in sums))


def _step(pages: Sequence[Page], window: int, coded: bool) -> int:
    """Return how many rows make a batch that stays small whatever its texts are."""
    rows = [_PLACES]
    for page in pages:
        if page.encoding == DELTA or (page.shared and not coded):  # each may be as long
            rows.append(_BATCH_BYTES // max(page.size, 1))
        elif not page.shared and page.encoding not in DICTIONARY:
            rows += [page.values * _BATCH_BYTES // max(page.size, 1), window]
    return max(min(rows), 1)


def _lengths(texts: pa.Array) -> Ints:
    """Return the bytes of each text; 0 where it is missing."""
    if pa.types.is_dictionary(texts.type):
        lengths = np.append(_lengths(texts.dictionary), 0)
        places = texts.indices.fill_null(len(lengths) - 1)
        return np.asarray(lengths[places.to_numpy(zero_copy_only=False)])
    if isinstance(texts, pa.ExtensionArray):
        texts = texts.storage
    if pa.types.is_decimal(texts.type):
        return np.full(len(texts), texts.type.bit_width // 8, np.int64)
    lengths = pc.binary_length(texts).fill_null(0)
    return np.asarray(lengths.to_numpy(zero_copy_only=False), np.int64)
