"""CSV and TSV: from a file in any encoding to raw text columns, bad rows listed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.defused import bared
from rebal_core.data.duck import file, group_rows, literal, watched
from rebal_core.data.reading.detect import Candidate
from rebal_core.data.reading.dialect import (
    DELIMITERS,
    Dialect,
    TextFile,
    before_header,
    find_delimiter,
    records,
    require_header,
)
from rebal_core.data.reading.encoding import (
    LINE,
    Scan,
    codec_name,
    likely,
    mostly_utf8,
    scan,
    to_utf8,
)
from rebal_core.data.reading.rejects import (
    MOST_LINES,
    MOST_REJECTED,
    Reject,
    lines_of,
    rejects_of,
    require_few,
)
from rebal_core.wording import UserError

Progress = Callable[[float], None]
Look = Callable[[pa.RecordBatch], None]

_HEAD = 1 << 18
#: Rows that are asked for at a time, and bytes that are enough for a row group.
_FETCHED, _GROUP_BYTES = 1 << 13, 1 << 26
#: Raw texts are read a few times and then gone: to pack them, or to look for words that repeat,
#: costs more than it saves. On disk they are a third larger than the file.
_UNPACKED: dict[str, Any] = {
    "compression": "none",
    "use_dictionary": False,
    "write_statistics": False,
}


def open_text(
    source: Path,
    scratch: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    least: int = 2,
    progress: Progress | None = None,
) -> TextFile:
    """Find encoding and delimiter of a text table and bring it into UTF-8.

    Parameters
    ----------
    scratch : Path
        Written only where the source cannot be parsed as it is.
    encoding, delimiter : str, optional
        What the user says; it wins over what was found.
    least : int
        Fewest columns. A single one is parted by nothing, so commas may stand in its values.

    Raises
    ------
    UserError
        For everything that is wrong with the file up to its header.
    """
    named = codec_name(encoding) if encoding else None
    fed = "\n".encode(named or "utf-8")
    found = scan(source, progress, b"\n" if b"\n" in fed else fed)
    known = [] if named else _encodings_of(found, source.name)
    codec = named or known[0].encoding
    if found.nul >= 0 and not codec.startswith(("utf-16", "utf-32")):
        raise UserError(
            "{name} holds a NUL byte (the first is byte {byte:,}), so it is not a text "
            "table or it is damaged; export it again as CSV.",
            name=source.name,
            byte=found.nul,
        )
    path = source
    if found.gz or found.mixed or not found.utf8 or codec not in ("utf-8", "utf-8-sig"):
        to_utf8(source, scratch, codec, one_newline=found.mixed, progress=progress)
        path = scratch
    skip, said, head = before_header(_head(path))
    parted = (
        delimiter
        or said
        or find_delimiter(head, _ordered(source))
        or ("," if least > 1 else "\x01")
    )
    rows = records(head, parted)
    if not rows:
        raise UserError("{name} is empty; choose a file that holds a table.", name=source.name)
    require_header(rows[0], rows[1:], source.name, least)
    unsure = tuple(known) if len(known) > 1 else ()
    names = _names(rows[0])
    defused = tuple(n for n, cell in zip(names, rows[0], strict=True) if n != cell.strip())
    return TextFile(path, Dialect(codec, parted, names), head, skip, unsure, defused)


def parse(
    connection: duckdb.DuckDBPyConnection,
    text: TextFile,
    raw: Path,
    name: str,
    look: Look,
    progress: Progress | None = None,
) -> list[Reject]:
    """Write all rows as text columns ``c0, c1, ...`` to a Parquet file.

    Parameters
    ----------
    raw : Path
        The file to write.
    name : str
        Of the source, for sentences.
    look : callable
        Gets the rows in batches, while they are at hand.

    Returns
    -------
    list of Reject
        Rows with too many or too few fields, or a stray quote.

    Raises
    ------
    UserError
        No rows, an unclosed quote, or more bad rows than
        :data:`~rebal_core.data.reading.rejects.MAX_REJECTED`.
    """
    size, lines = max(text.path.stat().st_size, 1), lines_of(text.path)
    listed = lines <= MOST_LINES
    copy = _Copy(connection, text, raw, look, listed)
    try:
        watched(connection, copy.run, progress, lambda: copy.done / size)
    except (duckdb.InvalidInputException, OSError) as error:  # of the query, or through Arrow
        reason = str(error).split("\n")[0][:200]
        if not reason.startswith("Invalid Input"):
            raise
        raise UserError(
            "{name} cannot be parsed as a table: {reason}", name=name, reason=reason
        ) from None
    if not listed:
        spare = lines - 1 - text.skip - copy.rows
        listed = require_few(connection, text, raw, name, copy.rows, spare)
        if listed:  # again, now that their number is known
            connection.execute(f"SELECT count(*) FROM {_reader(text, listed=True)}").fetchall()
    return rejects_of(connection, text, name, copy.rows, listed=listed)


@dataclass
class _Copy:
    """The rows of a text on their way into a Parquet file.

    Parameters
    ----------
    listed : bool
        Whether rows that cannot be read are listed on the way.
    rows, done : int
        Rows that are written, and about how many bytes of the text they were.
    """

    connection: duckdb.DuckDBPyConnection
    text: TextFile
    raw: Path
    look: Look
    listed: bool
    rows: int = 0
    done: int = 0

    def run(self, stop: threading.Event) -> None:
        """Write all rows, or those until it is stopped."""
        query, width = _reader(self.text, listed=self.listed), len(self.text.dialect.header)
        stream = self.connection.sql(f"FROM {query}").to_arrow_reader(_FETCHED)
        with pq.ParquetWriter(self.raw, stream.schema, **_UNPACKED) as writer:
            for batch in _groups(stream, group_rows(width)):
                if stop.is_set():
                    return
                self.look(batch)
                writer.write_batch(batch)
                self.rows += len(batch)
                # Four bytes a cell, of which the text has one: a delimiter.
                self.done += batch.nbytes - 3 * width * len(batch)


def _groups(stream: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows in batches of so many, or of fewer where texts are long."""
    held: list[pa.RecordBatch] = []
    for batch in stream:
        held.append(batch)
        if sum(map(len, held)) >= rows or sum(b.nbytes for b in held) >= _GROUP_BYTES:
            yield pa.concat_batches(held)
            held = []
    if held:
        yield pa.concat_batches(held)


def _encodings_of(found: Scan, name: str) -> list[Candidate]:
    if mostly_utf8(found):
        raise UserError(
            "{name} is UTF-8 for the most part, but byte {byte:,} is not; save all of "
            "it as UTF-8, or name its encoding.",
            name=name,
            byte=found.broken,
        )
    known = likely(found)
    if not known:
        raise UserError(
            "The encoding of {name} was not recognised; name it, or save the file as UTF-8.",
            name=name,
        )
    return known


def _names(header: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a header that was made safe for spreadsheets, as all of ours are.

    A name that would then stand there twice keeps its quote.
    """
    found = [cell.strip() for cell in header]
    return tuple(bare if (bare := bared(c)) not in found else c for c in found)


def _ordered(source: Path) -> Sequence[str]:
    """Tab first in a .tsv."""
    tabbed = ".tsv" in (s.lower() for s in source.suffixes)
    return ("\t", *DELIMITERS) if tabbed else DELIMITERS


def _head(path: Path) -> str:
    """Return the beginning of a UTF-8 file, without a last line that is cut off."""
    with path.open("rb") as stream:
        data = stream.read(_HEAD)
        while data and (cut := max(data.rfind(b"\n"), data.rfind(b"\r"))) < 0:
            more = stream.read(_HEAD)
            if not more:
                break
            data += more
        if stream.read(1):
            data = data[: cut + 1]
    return data.decode("utf-8-sig", "ignore")


def _reader(text: TextFile, *, listed: bool) -> str:
    columns = ", ".join(f"c{i}: 'VARCHAR'" for i in range(len(text.dialect.header)))
    kept = f"store_rejects = true, rejects_limit = {MOST_REJECTED}"
    return (
        f"read_csv({file(text.path)}, auto_detect = false, hive_partitioning = false, "
        f"header = true, "
        f"skip = {text.skip}, delim = {literal(text.dialect.delimiter)}, "
        f"quote = '\"', escape = '\"', "
        f"columns = {{{columns}}}, {kept if listed else 'ignore_errors = true'}, "
        f"max_line_size = {LINE}, "
        f"buffer_size = {2 * LINE})"  # DuckDB would take 16 times the line; two will do
    )
