"""Whether bytes that come in pieces are UTF-8, and where they first are not."""

from __future__ import annotations

import struct

import pyarrow as pa

_LEAD = b"\xc0"


class Utf8:
    r"""The check of one text; what it makes of the bytes is not asked, so no text is made of them.

    Examples
    --------
    >>> check = Utf8()
    >>> for piece in (b"caf\xc3", b"\xa9", b"\xff"):
    ...     check.add(piece)
    >>> check.end()
    5
    """

    def __init__(self) -> None:
        self._rest, self._done, self._broken = b"", 0, -1

    def add(self, piece: bytes) -> None:
        """Look at the next bytes; a character at their very end may go on in the next piece."""
        if self._broken >= 0:
            return
        data = self._rest + piece if self._rest else piece
        ends = (len(data) - k for k in (1, 2, 3) if data[-k:][:1] >= _LEAD)
        self._look(data, next(ends, len(data)))

    def end(self) -> int:
        """Return the offset of the first byte that is not UTF-8, -1 for none: this was all."""
        if self._broken < 0:
            self._look(self._rest, len(self._rest))
        return self._broken

    def _look(self, data: bytes, end: int) -> None:
        if not _sound(data, end):
            try:
                data[:end].decode()
            except UnicodeDecodeError as error:
                self._broken = self._done + error.start
        self._done += end
        self._rest = data[end:]


def _sound(data: bytes, end: int) -> bool:
    """Ask Arrow, which is several times as fast as to decode, but tells no place."""
    buffers = [None, pa.py_buffer(struct.pack("=ii", 0, end)), pa.py_buffer(data)]
    try:
        pa.Array.from_buffers(pa.string(), 1, buffers).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
