"""Which encoding a text file is in, and the same text as UTF-8."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rebal_core.data.reading.detect import Candidate, candidates
from rebal_core.data.reading.line_ends import LineEnds
from rebal_core.data.reading.utf8 import Utf8
from rebal_core.wording import Text, UserError

CHUNK = 1 << 20
#: More bytes than this after decompression are refused, and a gzip file that grows 500-fold.
MAX_BYTES = 64 << 30
_SAMPLE = 1 << 16
#: From the word with a byte outside ASCII to the end of its field; none of these ends is a second
#: byte anywhere.
_EVIDENCE = re.compile(rb"(?<![A-Za-z])[A-Za-z]*[\x80-\xff][^\r\n,;\t]*")
#: Bytes of the longest line that is read.
LINE = 16_000_000
#: So many bytes of fields are looked at for others than are known.
_SEEN = 1 << 22

#: Where Japanese begins in a mail.
_JIS = re.compile(rb"\x1b\$[@B]")
#: Letters of two bytes in UTF-8 that stand in Western texts.
_WESTERN = frozenset("äöüßÄÖÜéèêëáàâãåæçíìîïñóòôõøœúùûýÿÉÈÊÁÀÂÃÅÆÇÍÎÑÓÔÕØÚ€£°«»–—‘’“”…®©²³½·")

_NO_TEXT = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape")
#: Encodings and those that write the same and more.
_WIDER = {
    **{"gbk": "gb18030", "gb2312": "gb18030", "big5": "cp950", "shift_jis": "cp932"},
    **{"euc_kr": "cp949", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874"},
    "iso8859-11": "cp874",
}

_MAGIC = {
    b"\x89PNG": Text("a PNG picture"),
    b"\xff\xd8\xff": Text("a JPEG picture"),
    b"GIF8": Text("a GIF picture"),
    b"BM": Text("a bitmap picture"),
    b"%PDF": Text("a PDF document"),
    b"PK\x03\x04": Text("a zip archive or an Excel workbook"),
    b"\xd0\xcf\x11\xe0": Text("an old Excel workbook"),
    b"PAR1": Text("a Parquet file"),
    b"7z\xbc\xaf": Text("a 7-Zip archive"),
    b"SQLite format 3": Text("an SQLite database"),
    b"\x7fELF": Text("a program"),
}


@dataclass(frozen=True)
class Scan:
    """What one pass over the bytes of a text file found.

    Parameters
    ----------
    head : bytes
        The first 64 KiB.
    evidence : tuple of bytes
        About 64 KiB of fields, each once, from their first word with a byte outside ASCII.
    size : int
        Bytes after decompression.
    utf8 : bool
        Whether all of it is strict UTF-8.
    nul : int
        Offset of the first NUL byte, -1 for none.
    mixed : bool
        Whether lines end in more than one way.
    gz : bool
        Whether the file is compressed.
    broken : int
        Offset of the first byte that is not UTF-8, -1 for none.
    """

    head: bytes
    evidence: tuple[bytes, ...]
    size: int
    utf8: bool
    nul: int
    mixed: bool
    gz: bool
    broken: int = -1


def scan(
    source: Path,
    progress: Callable[[float], None] | None = None,
    line_feed: bytes = b"\n",
) -> Scan:
    """Read a text file once, in pieces; one that is not UTF-8 once more, for its fields.

    Parameters
    ----------
    line_feed : bytes
        What ends a line, if not a carriage return.

    Raises
    ------
    UserError
        Empty file, truncated or broken gzip, too much data, a picture or another known format,
        no line end where the first one should be.
    """
    head, size, nul, endings = b"", 0, -1, set[str]()
    utf8, last = Utf8(), b""
    for chunk in pieces(source, progress):
        if not size:
            head = chunk[:_SAMPLE]
            _refuse_magic(head, source.name)
        if nul < 0 and (at := chunk.find(b"\0")) >= 0:
            nul = size + at
        utf8.add(chunk)
        endings |= _endings(last + chunk if last else chunk)
        last = chunk[-1:] if chunk[-1:] == b"\r" else b""
        size += len(chunk)
        if size > LINE and not endings and line_feed not in chunk:
            raise UserError(
                "{name} has no line break in its first {size} MB, so it is no table of "
                "a header and rows; export it again as CSV.",
                name=source.name,
                size=LINE // 1_000_000,
            )
    if not size or not head.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise UserError("{name} is empty; choose a file that holds a table.", name=source.name)
    broken = utf8.end()
    fields = () if broken < 0 else _foreign(source)
    return Scan(head, fields, size, broken < 0, nul, len(endings) > 1, _is_gzip(source), broken)


def _foreign(source: Path) -> tuple[bytes, ...]:
    """Return the fields that are not plain ASCII, which tell the encoding."""
    evidence, start = _Evidence(), 0
    for chunk in pieces(source, None):
        evidence.add(chunk, chunk.find(b"\n") + 1 if start else 0)
        start += len(chunk)
    return evidence.fields()


class _Evidence:
    """Collects the fields that are not plain ASCII, each once."""

    def __init__(self) -> None:
        self._found: dict[bytes, None] = {}
        self._size = self._seen = 0
        self._last = b""

    def add(self, chunk: bytes, start: int) -> None:
        """Look at a piece of the file from where its first whole field begins."""
        self._last = b""
        if self._size >= _SAMPLE or self._seen >= _SEEN or chunk.isascii():
            return
        for match in _EVIDENCE.finditer(chunk, start):
            field = match.group()
            self._seen += len(field)
            if match.end() == len(chunk):  # cut off, unless the file ends here
                self._last = field
            elif field not in self._found:
                self._found[field] = None
                self._size += len(field)
            if self._size >= _SAMPLE or self._seen >= _SEEN:
                return

    def fields(self) -> tuple[bytes, ...]:
        """Return what was found, now that the file is at its end."""
        return tuple(dict.fromkeys([*self._found, *filter(None, [self._last])]))


def mostly_utf8(found: Scan) -> bool:
    """Return whether most fields outside ASCII are UTF-8 although the file as a whole is not.

    Two bytes of another encoding are often UTF-8 by chance, hence only Western letters count
    among the characters of two bytes.
    """
    good = 0
    for field in found.evidence:
        try:
            foreign = [c for c in field.decode() if c > "\x7f"]
        except UnicodeDecodeError:
            continue
        good += all(c >= "\u0800" or c in _WESTERN for c in foreign)
    return not found.utf8 and good > len(found.evidence) / 2


def likely(found: Scan) -> list[Candidate]:
    """Return the encodings that the file is likely in, the likeliest first; none where none fits.

    A byte order mark decides, then the density of NUL bytes, then strict UTF-8; else every other
    encoding is asked how well the fields read in the languages that it is made for.
    """
    head = found.head
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like the next one
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark) and (found.utf8 or codec != "utf-8-sig"):
            return [Candidate(codec)]
    if found.nul >= 0:
        for codec, start in (("utf-16-le", 1), ("utf-16-be", 0)):
            zeros = head[start::2].count(0)
            if zeros > 0.4 * len(head[start::2]) and zeros > 3 * head[1 - start :: 2].count(0):
                return [Candidate(codec)]
    if found.utf8:
        return [Candidate("iso2022_jp" if _JIS.search(head) else "utf-8")]
    return candidates(found.evidence)


def to_utf8(
    source: Path,
    target: Path,
    encoding: str,
    *,
    one_newline: bool = False,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write the text of a file as UTF-8 without a byte order mark.

    Parameters
    ----------
    one_newline : bool
        Let every line end in a line feed; line ends within quotes stay as they are.

    Raises
    ------
    UserError
        Where a byte does not belong to the encoding; the sentence names the first one's offset.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done = 0
    with target.open("wb") as out:
        ends = LineEnds()
        for chunk in pieces(source, progress):
            text = _decoded(decoder, chunk, done, encoding, source.name)
            done += len(chunk)
            if one_newline:
                text = ends.made_one(text)
            out.write((text[1:] if text[:1] == "\ufeff" and out.tell() == 0 else text).encode())
        _decoded(decoder, b"", done, encoding, source.name, final=True)
        out.write(ends.rest().encode())


def pieces(source: Path, progress: Callable[[float], None] | None = None) -> Iterator[bytes]:
    """Yield the file in pieces of 1 MiB, decompressed if it is gzip.

    Raises
    ------
    UserError
        Truncated or broken gzip, or more data than :data:`MAX_BYTES`.
    """
    total, size = max(source.stat().st_size, 1), 0
    with source.open("rb") as raw:
        stream: BinaryIO = gzip.GzipFile(fileobj=raw) if _is_gzip(source) else raw  # type: ignore[assignment]
        while True:
            try:
                chunk = stream.read(CHUNK)
            except (EOFError, zlib.error, gzip.BadGzipFile):
                raise UserError(
                    "{name} is a damaged gzip file: it breaks off after {size:,} bytes "
                    "of text; copy or download it again.",
                    name=source.name,
                    size=size,
                ) from None
            if not chunk:
                return
            size += len(chunk)
            if size > MAX_BYTES or (size > CHUNK << 10 and size > 500 * total):
                raise UserError(
                    "{name} grows to more than {size:,} MiB when it is unpacked; split "
                    "it into smaller tables.",
                    name=source.name,
                    size=size >> 20,
                )
            if progress is not None:
                progress(raw.tell() / total)
            yield chunk


def codec_name(encoding: str) -> str:
    """Return the codec that serves what a user or a file claims: the superset of its family.

    Raises
    ------
    UserError
        When Python knows no such encoding of text.
    """
    try:
        codec = codecs.lookup(encoding.strip())
    except (LookupError, ValueError):
        codec = None
    # Python's codecs also pack bytes and write addresses.
    if codec is None or not codec._is_text_encoding or codec.name in _NO_TEXT:  # type: ignore[attr-defined]
        raise UserError(
            "There is no encoding called “{encoding}”; try utf-8, gb18030, cp950 or cp1252.",
            encoding=encoding,
        )
    return _WIDER.get(codec.name, codec.name)


def _decoded(
    decoder: codecs.IncrementalDecoder,
    chunk: bytes,
    offset: int,
    encoding: str,
    name: str,
    final: bool = False,
) -> str:
    pending = len(decoder.getstate()[0])
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        at = offset - pending + error.start
        raise UserError(
            "{name} is not {encoding} throughout: byte {byte:,} does not belong to it; "
            "choose another encoding.",
            name=name,
            encoding=encoding,
            byte=at,
        ) from None
    except UnicodeError:  # as utf-16 answers to a file without its mark
        raise UserError(
            "{name} does not begin as a file in {encoding} does; choose another encoding.",
            name=name,
            encoding=encoding,
        ) from None


def _is_gzip(source: Path) -> bool:
    with source.open("rb") as raw:
        return raw.read(2) == b"\x1f\x8b"


def _endings(chunk: bytes) -> set[str]:
    """Return the line ends in a piece; a carriage return at its very end is left to the next."""
    if b"\r" not in chunk:
        return {"\n"} if b"\n" in chunk else set()
    pairs = chunk.count(b"\r\n")
    lone = chunk.count(b"\r") - pairs - chunk.endswith(b"\r")
    counts = {"\r\n": pairs, "\n": chunk.count(b"\n") - pairs, "\r": lone}
    return {ending for ending, count in counts.items() if count}


def _refuse_magic(head: bytes, name: str) -> None:
    for magic, what in _MAGIC.items():
        if head.startswith(magic) and (magic != b"BM" or b"\0" in head[:64]):
            raise UserError(
                "{name} is {what}, not a text table; save the table as CSV or Parquet.",
                name=name,
                what=what,
            )
