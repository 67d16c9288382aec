"""The file of a stranger before it is opened: is it one, what is it called, where is it read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rebal_core.scratch import scratch
from rebal_core.wording import UserError

_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")


def require_file(source: Path) -> str:
    """Return the suffix family of a readable file: ``csv``, ``tsv`` or ``parquet``.

    Raises
    ------
    UserError
        Absent, a folder, not readable, empty, or of another type.
    """
    if not source.exists():
        raise UserError(f"There is no file {source}; check the path.")
    if not source.is_file():
        raise UserError(f"{source} is a folder, not a file; name the table itself.")
    if not os.access(source, os.R_OK):
        raise UserError(f"{source} may not be read by this user; change its permissions.")
    lower = source.name.lower()
    suffix = next((s for s in _SUFFIXES if lower.endswith(s)), None)
    if suffix is None:
        shown = source.suffix or "no suffix"
        raise UserError(
            f"{source.name} has the type {shown}, which is not read; save the table as .csv, .tsv "
            "(also .gz) or .parquet."
        )
    if not source.stat().st_size:
        raise UserError(f"{source.name} is empty; choose a file that holds a table.")
    return suffix.split(".")[1]


@contextmanager
def scratch_folder(into: Path) -> Iterator[Path]:
    """Give a scratch folder, never inside ``into``; on failure nothing is left behind.

    An ``into`` that was made for this table, and so is empty, goes too.
    """
    with scratch() as work:  # which makes the home, where `into` may lie
        into.mkdir(parents=True, exist_ok=True)
        try:
            yield work
        except BaseException:
            with suppress(OSError):
                into.rmdir()
            raise


@contextmanager
def called_as(source: Path, name: str | None) -> Iterator[None]:
    """Let sentences call a file as the user does."""
    try:
        yield
    except UserError as error:
        if name is None:
            raise
        suffix = source.name.removeprefix(stem(source))
        called = name if name.lower().endswith(suffix.lower()) else f"{name}{suffix}"
        raise UserError(str(error).replace(source.name, called)) from None


def stem(source: Path) -> str:
    """Return a file's name without the suffix of its type."""
    lower = source.name.lower()
    found = (source.name[: -len(s)] for s in _SUFFIXES[::-1] if lower.endswith(s))
    return next(found, source.stem)
