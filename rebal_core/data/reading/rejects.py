"""Rows that could not be read: kept with what is wrong, few of them; too many refuse the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from rebal_core.data.defused import safe_text
from rebal_core.data.duck import parquet
from rebal_core.data.reading.dialect import TextFile, records
from rebal_core.data.reading.encoding import LINE
from rebal_core.wording import Text, UserError

#: Share of rows that may be rejected, the number that any file may have, and that none may have:
#: each is kept in memory, and there it ends.
MAX_REJECTED = 0.01
FEW_REJECTED = 5
MOST_REJECTED = 100_000
#: DuckDB keeps a kilobyte of each row that it cannot read until the end. A file of no more lines
#: may have any number of them; of a longer one they are listed only once their number is known.
MOST_LINES = 250_000
_CHUNK = 1 << 22
_ERRORS = {
    "MISSING COLUMNS": Text("too few fields"),
    "TOO MANY COLUMNS": Text("too many fields"),
    "UNQUOTED VALUE": Text("stray quote"),
    "LINE SIZE OVER MAXIMUM": Text("line longer than 16 MB"),
    "INVALID ENCODING": Text("not UTF-8"),
}


@dataclass(frozen=True)
class Reject:
    """A row that could not be read."""

    line: int
    column: str
    error: Text
    text: str


def _error(kind: str) -> Text:
    """Return what DuckDB's name of a fault means."""
    return _ERRORS.get(kind, Text("{kind}", {"kind": kind.lower()}))


def lines_of(path: Path) -> int:
    """Return the lines of a text, which end in any way."""
    count, before = 0, b""
    with path.open("rb") as stream:
        while data := stream.read(_CHUNK):
            count += int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))
            if b"\r" in data:
                count += data.count(b"\r") - data.count(b"\r\n")
            count -= before == b"\r" and data[:1] == b"\n"
            before = data[-1:]
    return count + (before not in (b"", b"\n", b"\r"))


def require_few(
    connection: duckdb.DuckDBPyConnection,
    text: TextFile,
    raw: Path,
    name: str,
    accepted: int,
    spare: int,
) -> bool:
    """Refuse a long file most of whose lines were not read; return whether to list any.

    Parameters
    ----------
    raw : Path
        The rows that were read.
    spare : int
        Lines that do not begin one of them: they go on with one, are blank, or cannot be read.

    Raises
    ------
    UserError
    """
    if spare > 0:
        spare -= _inside(connection, text, raw, "len(lines) - 1")
    if spare <= MOST_LINES:
        return spare > 0
    between = "len(list_filter(lines[2:-2], lambda line: line = ''))"
    spare -= sum(line == "\n" for line in _lines(text.path))
    spare += _inside(connection, text, raw, between)
    if spare <= MOST_LINES:
        return True
    line, kind = _first_bad(text, name)
    raise UserError(
        "{name}: {lost:,} of {rows:,} rows cannot be read, the first in line {line:,} "
        "({kind}); check the delimiter or mend the file.",
        name=name,
        lost=spare,
        rows=accepted + spare,
        line=line,
        kind=kind,
    )


def rejects_of(
    connection: duckdb.DuckDBPyConnection, text: TextFile, name: str, accepted: int, *, listed: bool
) -> list[Reject]:
    """Return the rows that DuckDB has listed, where it has.

    Raises
    ------
    UserError
        No rows, an unclosed quote, or more bad rows than :data:`MAX_REJECTED`.
    """
    rejects = _stored(connection, text, name) if listed else []
    _require_header_end(text, rejects, name)
    _require_rows(accepted, rejects, name)
    return rejects


def write_rejects(rejects: Sequence[Reject], path: Path) -> None:
    """Write the rejected rows as a CSV that is safe to open in a spreadsheet."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["line", "column", "error", "text"])
        for reject in rejects:
            cells = (reject.column, reject.error.render(), reject.text)
            writer.writerow([reject.line, *map(safe_text, cells)])


def _stored(connection: duckdb.DuckDBPyConnection, text: TextFile, name: str) -> list[Reject]:
    rows = connection.execute(
        "SELECT DISTINCT ON (line) line, column_idx, error_type, csv_line, byte_position, "
        "contains(error_message, 'unterminated quote') FROM reject_errors "
        "ORDER BY line, column_idx"
    ).fetchall()
    errors = connection.execute("SELECT count(*) FROM reject_errors").fetchone()[0]  # type: ignore[index]
    for line, _column, _kind, _raw, place, is_open in rows:
        # What such a quote swallowed is no row and no reject, so it has to be counted.
        if is_open and (lines := _lines_after(text.path, place)) is not None:
            raise UserError(
                "{name} has a quote in line {line:,} that is never closed, so {lines:,} "
                "lines or more cannot be read; mend that line and try again.",
                name=name,
                line=line,
                lines=lines,
            )
    if errors >= MOST_REJECTED:
        kind = _error(rows[0][2])
        raise UserError(
            "{name}: {lost:,} rows or more cannot be read, the first in line {line:,} "
            "({kind}); check the delimiter or mend the file.",
            name=name,
            lost=len(rows),
            line=rows[0][0],
            kind=kind,
        )
    header = text.dialect.header
    return [
        Reject(
            line=int(line),
            column=header[index - 1].strip() if index and index <= len(header) else "",
            error=_error(kind),
            text=(raw or "").rstrip("\r\n"),
        )
        for line, index, kind, raw, _place, _open in rows
    ]


def _inside(connection: duckdb.DuckDBPyConnection, text: TextFile, raw: Path, counted: str) -> int:
    """Count something of the ``lines`` of all cells that were read."""
    total = 0
    for k in range(len(text.dialect.header)):
        ends = f"replace(replace(c{k}, chr(13) || chr(10), chr(10)), chr(13), chr(10))"
        cells = f"SELECT string_split({ends}, chr(10)) AS lines FROM {parquet(raw)}"
        row = connection.execute(
            f"SELECT sum({counted}) FROM ({cells} WHERE contains(c{k}, chr(10)) "
            f"OR contains(c{k}, chr(13)))"
        ).fetchone()
        total += int(row[0] or 0) if row else 0
    return total


def _first_bad(text: TextFile, name: str) -> tuple[int, Text]:
    """Return the first line whose row cannot be read, and what is wrong with it."""
    begun, size, is_open = 0, 0, False
    held: list[str] = []  # of one row
    for number, line in enumerate(_lines(text.path), 1):
        begun, size = begun if held else number, size + len(line)
        held.append(line)
        is_open ^= line.count('"') % 2 == 1
        if size > LINE:
            break
        if not is_open:
            wrong = _wrong("".join(held), text) if number > text.skip and line != "\n" else None
            if wrong:
                return begun, wrong
            held, size = [], 0
    raise UserError(
        "{name} has a quote in line {begun:,} that is never closed, so {lines:,} lines "
        "or more cannot be read; mend that line and try again.",
        name=name,
        begun=begun,
        lines=len(held),
    )


def _wrong(row: str, text: TextFile) -> Text | None:
    """Return what is wrong with a row."""
    mark = text.dialect.delimiter
    if len(mark) > 1:
        row, mark = row.replace(mark, "\x00"), "\x00"
    try:
        fields = len(next(csv.reader([row], delimiter=mark, strict=True)))
    except csv.Error as error:  # a cell may be longer than Python takes
        return None if "limit" in str(error) else _ERRORS["UNQUOTED VALUE"]
    over = fields - len(text.dialect.header)
    return _ERRORS["TOO MANY COLUMNS" if over > 0 else "MISSING COLUMNS"] if over else None


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text, each with one end; of a line without end no more than is read."""
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        while line := stream.readline(LINE + 1):
            yield line


def _lines_after(path: Path, place: int) -> int | None:
    """Count the lines of the longest row that is read, from a place on; None at the file's end."""
    with path.open("rb") as stream:
        stream.seek(place)
        data = stream.read(LINE)
        return data.count(b"\n") if stream.read(1) else None


def _require_header_end(text: TextFile, rejects: list[Reject], name: str) -> None:
    """Name the delimiter too many at the end of a header whose rows do not have it."""
    header = text.dialect.header
    short = [r for r in rejects if r.error == _ERRORS["MISSING COLUMNS"]]
    if len(short) > FEW_REJECTED and len(header) > 1 and not header[-1].strip():
        wide = [r for r in records(text.head, text.dialect.delimiter)[1:] if len(r) >= len(header)]
        if not wide:
            raise UserError(
                "The header of {name} ends with a delimiter that the rows do not have; "
                "delete it and try again.",
                name=name,
            )


def _require_rows(accepted: int, rejects: list[Reject], name: str) -> None:
    swallowed = sum(reject.text.count("\n") for reject in rejects)
    lost = len(rejects) + swallowed
    if swallowed and lost > max(FEW_REJECTED, MAX_REJECTED * (accepted + lost)):
        line = next(r.line for r in rejects if "\n" in r.text)
        raise UserError(
            "{name} has a quote in line {line:,} that is never closed, so {lost:,} "
            "lines cannot be read; mend that line and try again.",
            name=name,
            line=line,
            lost=lost,
        )
    if not accepted and not rejects:
        raise UserError(
            "{name} has a header but no rows; choose a file that holds data.", name=name
        )
    if lost > max(FEW_REJECTED, MAX_REJECTED * (accepted + lost)) or not accepted:
        first = rejects[0]
        raise UserError(
            "{name}: {lost:,} of {rows:,} rows cannot be read, the first in line "
            "{line:,} ({error}); check the delimiter or mend the file.",
            name=name,
            lost=lost,
            rows=accepted + lost,
            line=first.line,
            error=first.error,
        )
