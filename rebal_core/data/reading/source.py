"""The file of a stranger before it is opened: is it one, what is it called, where is it read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rebal_core.scratch import scratch
from rebal_core.wording import Text, UserError

_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")


def require_file(source: Path) -> str:
    """Return the suffix family of a readable file: ``csv``, ``tsv`` or ``parquet``.

    Raises
    ------
    UserError
        Absent, a folder, not readable, empty, or of another type.
    """
    if not source.exists():
        raise UserError("There is no file {source}; check the path.", source=source)
    if not source.is_file():
        raise UserError("{source} is a folder, not a file; name the table itself.", source=source)
    if not os.access(source, os.R_OK):
        raise UserError(
            "{source} may not be read by this user; change its permissions.", source=source
        )
    lower = source.name.lower()
    suffix = next((s for s in _SUFFIXES if lower.endswith(s)), None)
    if suffix is None:
        shown = source.suffix or Text("no suffix")
        raise UserError(
            "{name} has the type {shown}, which is not read; save the table as .csv, "
            ".tsv (also .gz) or .parquet.",
            name=source.name,
            shown=shown,
        )
    if not source.stat().st_size:
        raise UserError("{name} is empty; choose a file that holds a table.", name=source.name)
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
        values = _with_name(error.text.values, source.name, called)
        raise UserError(replace(error.text, values=values)) from None


def _with_name(values: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return the values of a sentence with another name of the file."""
    texts = {k: str(v) if isinstance(v, Path) else v for k, v in values.items()}
    return {k: v.replace(old, new) if isinstance(v, str) else v for k, v in texts.items()}


def stem(source: Path) -> str:
    """Return a file's name without the suffix of its type."""
    lower = source.name.lower()
    found = (source.name[: -len(s)] for s in _SUFFIXES[::-1] if lower.endswith(s))
    return next(found, source.stem)
