"""The pages of a Parquet file as their own headers tell of them; nothing is unpacked for it.

The footer tells sizes as well, but no reader heeds them: what is made in memory is what the header
of a page says. It is a Thrift struct in the compact protocol; see ``PageHeader`` in
parquet-format's ``parquet.thrift``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PLAIN, DICTIONARY, LENGTHS, DELTA = 0, (2, 8), 6, 7  # of texts; 2 is the old number of 8
_DATA, _DICTIONARY_PAGE, _DATA_V2 = 0, 2, 3
#: Bytes read for a header at first, and that one may have at most: it may hold two values.
_READ, _LONGEST = 256, 1 << 24
_DEEPEST = 4


@dataclass(frozen=True)
class Page:
    """One page.

    Parameters
    ----------
    values : int
        With those that are missing; in a column without lists one a row.
    size, packed : int
        Bytes before and after the compression.
    encoding : int
        Of its values.
    shared : bool
        Whether it is the dictionary of the pages behind it.
    """

    values: int
    size: int
    packed: int
    encoding: int
    shared: bool = False


def pages_of(file: int, chunk: Any) -> Iterator[Page]:
    """Yield the pages of a column in a row group, as readers go through them.

    Parameters
    ----------
    file : int
        Descriptor of the open file.
    chunk : pyarrow.parquet.ColumnChunkMetaData

    Raises
    ------
    ValueError
        No header, or pages that hold another number of values than the footer says.
    OSError
        The file cannot be read there.
    """
    place, left = chunk.data_page_offset, chunk.num_values
    shared = chunk.dictionary_page_offset if chunk.has_dictionary_page else None
    if shared:
        if shared > place:  # readers would go different ways
            raise ValueError("the dictionary lies behind the data")
        place = shared
    while left > 0:
        header, length = _header(file, place)
        size, packed = header.get(2, -1), header.get(3, -1)
        if size < 0 or packed < 0:
            raise ValueError("a page without a size")
        place += length + packed
        kind = header.get(1)
        if kind == _DICTIONARY_PAGE:
            yield Page(header[7][1], size, packed, header[7][2], shared=True)
        elif kind in (_DATA, _DATA_V2):
            about, encoding = (header[5], 2) if kind == _DATA else (header[8], 4)
            left -= about[1]
            if about[1] < 0:
                break
            yield Page(about[1], size, packed, about[encoding])
    if left:
        raise ValueError("pages with more values than the footer says")


def _header(file: int, place: int) -> tuple[dict[int, Any], int]:
    """Return the fields of the header at this place, by their number, and its length."""
    length = _READ
    while True:
        data = os.pread(file, length, place)
        try:
            return _struct(data, 0)
        except IndexError:
            if len(data) < length or length >= _LONGEST:
                raise ValueError("no header of a page") from None
            length *= 16
        except KeyError:
            raise ValueError("no header of a page") from None


def _struct(data: bytes, at: int, depth: int = 0) -> tuple[dict[int, Any], int]:
    fields: dict[int, Any] = {}
    number = 0
    if depth > _DEEPEST:
        raise ValueError("too deep for a header")
    while data[at]:
        kind, step = data[at] & 15, data[at] >> 4
        at += 1
        if step:
            number += step
        else:
            number, at = _signed(data, at)
        fields[number], at = _value(data, at, kind, depth)
    return fields, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (1, 2):  # the truth of a flag lies in its type
        return kind == 1, at
    if kind in (4, 5, 6):
        return _signed(data, at)
    if kind == 8:
        length, at = _varint(data, at)
        data[at + length - 1 if length else at - 1]  # all of it must be at hand
        return None, at + length
    if kind == 12:
        return _struct(data, at, depth + 1)
    if kind in (3, 7):
        return None, at + (1 if kind == 3 else 8)
    raise ValueError("a type that no header has")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("no number")


def _signed(data: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at
