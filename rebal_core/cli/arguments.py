"""What stands behind an option, read; a complaint is the end of a sentence."""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rebal_core.wording import UserError

#: Bytes of a file's name that file systems allow.
_MOST_NAME = 255
#: Bytes of what may stand between two fields.
_MOST_DELIMITER = 4


def whole(low: int, high: int | None = None) -> Any:
    """Return what reads a whole number of this span."""
    span = f"from {low} to {high}" if high is not None else f"of at least {low}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            raise argparse.ArgumentTypeError(f"“{text}” is not a whole number {span}")
        return value

    return read


def path(text: str) -> Path:
    """Read the name of a file that a file system can have."""
    if "\0" in text or any(len(os.fsencode(part)) > _MOST_NAME for part in Path(text).parts):
        start = text[:40].replace("\0", "?")
        raise argparse.ArgumentTypeError(
            f"“{start}...” is no name of a file: each part has at most {_MOST_NAME} bytes and no "
            "NUL"
        )
    if not _is_utf8(text):
        raise argparse.ArgumentTypeError(
            f"“{ascii(text[:40])[1:-1]}” is not written in UTF-8; rename the file or its folder"
        )
    return Path(text)


def _is_utf8(text: str) -> bool:
    try:
        return os.fsencode(os.path.abspath(text)) == os.path.abspath(text).encode()
    except (UnicodeError, OSError):
        return False


def require_utf8(words: Sequence[str]) -> None:
    """Refuse bytes that are no letters: nothing that is told of them could be written.

    Raises
    ------
    UserError
    """
    for word in words:
        try:
            word.encode()
        except UnicodeError:
            raise UserError(
                "“{word}” is not written in UTF-8; type it anew.", word=ascii(word[:40])[1:-1]
            ) from None


def json_file(text: str) -> str:
    """Read the name of a file, or ``-``."""
    # The other ways in which a name is none are told where outputs are checked.
    if "\0" not in text and not _is_utf8(text):
        path(text)
    return text


def share(text: str) -> float:
    """Read a number between 0 and 1, neither of them."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number between 0 and 1")
    return value


def price(text: str) -> float:
    """Read a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"“{text}” is not a number above 0")
    return value


def words(text: str) -> list[str]:
    """Split at commas; a column whose name holds one is written in double quotes."""
    words = [word.strip() for word in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(words) or not words:
        raise argparse.ArgumentTypeError(f"“{text}” holds an empty name between its commas")
    return words


def delimiter(text: str) -> str:
    """Take one sign, or few as in ``::``; a tab may be written in words."""
    mark = {"tab": "\t", "\\t": "\t"}.get(text.lower(), text)
    if not 0 < len(os.fsencode(mark)) <= _MOST_DELIMITER or set(mark) & set('"\r\n\0'):
        raise argparse.ArgumentTypeError(
            f"“{text[:40]}” is no delimiter: give one character such as “;”, or tab"
        )
    return mark


def saving(text: str) -> tuple[str, str]:
    """Read ``NAME=a+b``."""
    name, _, parts = text.partition("=")
    if not name.strip() or not parts.strip():
        raise argparse.ArgumentTypeError(f"“{text}” is not of the form NAME=a+b")
    return name.strip(), parts.strip()


def renaming(text: str) -> tuple[str, str]:
    """Read ``OLD=NEW``."""
    # What a hand wrote as the old name may hold the sign itself, a new one never does.
    old, sign, new = text.rpartition("=")
    if not sign or not old.strip() or not new.strip():
        raise argparse.ArgumentTypeError(f"“{text}” is not of the form OLD=NEW")
    return old.strip(), new.strip()


def label_pair(number: Any) -> Any:
    """Return what reads ``LABEL=NUMBER``, by what reads the number."""

    def read(text: str) -> tuple[str, Any]:
        # A label may hold the sign itself, a number never does.
        label, sign, value = text.rpartition("=")
        if not label or not sign:
            raise argparse.ArgumentTypeError(f"“{text}” is not of the form LABEL=NUMBER")
        return label, number(value)

    return read
