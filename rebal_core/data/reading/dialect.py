"""Which character parts the fields of a text table, and what its header says."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rebal_core.data.reading.detect import Candidate
from rebal_core.wording import Names, UserError

DELIMITERS = (",", "\t", ";", "|", "~", "::", "^", "\x01")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
#: More columns than this are refused.
MAX_COLUMNS = 5_000


@dataclass(frozen=True)
class Dialect:
    """How a text table is written down.

    Parameters
    ----------
    encoding : str
        Python's codec name.
    delimiter : str
        One of :data:`DELIMITERS`, or what the user said.
    header : tuple of str
        Cells of the first record as they stand.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]


@dataclass(frozen=True)
class TextFile:
    """A text table that is ready to be parsed.

    Parameters
    ----------
    path : Path
        UTF-8, lines end in one way only.
    dialect : Dialect
    head : str
        The beginning of the text from the header on, whole lines.
    skip : int
        Lines before the header: blank ones, and Excel's ``sep=;``.
    encodings : tuple of Candidate
        What it may be in, the likeliest first, where that is not clear; else empty.
    defused : tuple of str
        Names before which stood a quote that kept a spreadsheet from running them.
    """

    path: Path
    dialect: Dialect
    head: str
    skip: int = 0
    encodings: tuple[Candidate, ...] = ()
    defused: tuple[str, ...] = ()


def records(text: str, delimiter: str, most: int = 200) -> list[list[str]]:
    """Split the beginning of a text into records of fields.

    Parameters
    ----------
    text : str
        Whole lines; a last record that is cut off is better left away by the caller.
    delimiter : str
        One character, or several (``::``).
    most : int
        Records to read.
    """
    if len(delimiter) > 1:
        if "\x00" in text:
            return []
        text, delimiter = text.replace(delimiter, "\x00"), "\x00"
    lines = iter(re.split(r"(?<=\n)|(?<=\r)(?!\n)", text))
    found = []
    try:
        for record in csv.reader(lines, delimiter=delimiter):
            if record:
                found.append(record)
            if len(found) == most:
                break
    except csv.Error:
        return found
    return found


def before_header(text: str) -> tuple[int, str | None, str]:
    """Set aside what stands before the header: blank lines, and Excel's ``sep=;``.

    Returns
    -------
    skip : int
        Lines to leave out.
    delimiter : str or None
        The one that ``sep=`` names.
    text : str
        The rest.
    """
    skip, delimiter = 0, None
    while line := re.match(r" *(?:sep=(\S{1,2}|\t))? *(?:\r\n|\n|\r)", text, re.IGNORECASE):
        skip, delimiter = skip + 1, line[1] or delimiter
        text = text[line.end() :]
    return skip, delimiter, text


def find_delimiter(text: str, candidates: Sequence[str] = DELIMITERS) -> str | None:
    """Return the delimiter that gives most records as many fields as the first one has.

    Returns
    -------
    str or None
        None when no candidate parts the header into two fields or more.
    """
    best: tuple[float, int, str | None] = (0.0, 0, None)
    for delimiter in candidates:
        rows = records(text, delimiter)
        width = len(rows[0]) if rows else 0
        if width < 2:
            continue
        same = sum(len(r) == width for r in rows) / len(rows)
        if (round(same, 1), width) > best[:2]:
            best = (round(same, 1), width, delimiter)
    return best[2]


def column_names(header: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return names that differ from each other, and which of them are new.

    A doubled ``y`` becomes ``y_2``, an empty name ``column_3`` (its position, from 1). SQL does
    not tell ``Y`` from ``y``, so these count as doubled too.

    Returns
    -------
    names : list of str
    renamed : dict of str to str
        New name to the name in the file.
    """
    names: list[str] = []
    renamed: dict[str, str] = {}
    told = {cell.strip().casefold() for cell in header}
    used: set[str] = set()
    for position, cell in enumerate(header, start=1):
        name = stem = cell.strip() or f"column_{position}"
        count = 2
        while name.casefold() in used or (name != cell.strip() and name.casefold() in told):
            name, count = f"{stem}_{count}", count + 1
        used.add(name.casefold())
        names.append(name)
        if name != cell.strip():
            renamed[name] = cell.strip()
    return names, renamed


def require_header(
    header: Sequence[str], rows: Sequence[Sequence[str]], where: str, least: int = 2
) -> None:
    """Refuse a first record that cannot be a header.

    Parameters
    ----------
    header : sequence of str
        The first record.
    rows : sequence of sequence of str
        Some records after it.
    where : str
        Name of the file, for the sentence.
    least : int
        Fewest columns.

    Raises
    ------
    UserError
        No header, too few or too many columns.
    """
    if len(header) < least:
        raise UserError(
            "{where} has only one column; a table needs two at least, parted by commas, tabs or "
            "another delimiter that you can name.",
            where=where,
        )
    if len(header) > MAX_COLUMNS:
        raise UserError(
            "{where} has {columns:,} columns; at most {most:,} are read, so leave out "
            "those that are not needed.",
            where=where,
            columns=len(header),
            most=MAX_COLUMNS,
        )
    filled = [cell for cell in header if cell.strip()]
    numbers = [cell for cell in filled if _NUMBER.fullmatch(cell)]
    below = rows[0] if rows and len(rows[0]) == len(header) else header
    decimals = any(
        _NUMBER.fullmatch(cell) and not cell.strip().isdigit() and _NUMBER.fullmatch(under)
        for cell, under in zip(header, below, strict=True)
    )
    doubled = len(numbers) > len(filled) / 2 and len(set(numbers)) < len(numbers)
    if len(numbers) == len(filled) or decimals or doubled:
        shown = Names(header[:4])
        raise UserError(
            "{where} has no header: its first line holds values ({shown}); add a first "
            "line with the names of the columns.",
            where=where,
            shown=shown,
        )
