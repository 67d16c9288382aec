"""Where answers go: JSON, plain tables, progress."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from rebal_core.data.defused import OBEYED, visible
from rebal_core.outputs import require_output, written

#: Seconds between two drawings of the bar.
_PACE = 0.1


def check_json(target: str | None, *inputs: Path) -> None:
    """Refuse a ``--json`` file that must not or could not be written."""
    if target not in (None, "-"):
        require_output(Path(str(target)), "--json", inputs)


def answer(value: Any, target: str | None, text: Callable[[], str]) -> None:
    """Give the result: JSON to the target, words for people unless stdout holds the JSON.

    Parameters
    ----------
    value : JSON-able
        Numbers that are not finite become null.
    target : str or None
        ``"-"`` for standard output, a file name, or None for words only.
    text : callable
        Makes the words for people, one line an item.
    """
    if target == "-":
        narrow = "utf" not in (sys.stdout.encoding or "").lower()
        sys.stdout.write(_dump(value, ascii_only=narrow))
    elif target is not None:
        write_json(value, Path(target))
    if target != "-":
        tell(text())
    sys.stdout.flush()


def tell(text: str) -> None:
    """Write words to standard output, whatever characters its encoding lacks."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(visible(text).encode(encoding, "replace").decode(encoding) + "\n")


def note(sentence: str) -> None:
    """Say what the user should know beside a good result, on stderr."""
    sys.stderr.write(visible(" ".join(sentence.split())) + "\n")


def write_json(value: Any, path: Path) -> None:
    """Write strict JSON so that a reader sees the old file or the whole new one."""
    with written(path) as (part,):
        part.write_text(_dump(value), encoding="utf-8")


def _dump(value: Any, *, ascii_only: bool = False) -> str:
    text = json.dumps(strict(value), ensure_ascii=ascii_only, allow_nan=False, indent=2)
    # JSON has its own escapes for what a terminal would obey; only texts hold such signs.
    return OBEYED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text) + "\n"


def strict(value: Any) -> Any:
    """Return plain JSON values: numpy scalars as Python's, NaN and infinities as null."""
    if isinstance(value, Mapping):
        return {str(k): strict(v) for k, v in value.items()}
    if isinstance(value, (str, bool)) or value is None:
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
        return strict(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Iterable):
        return [strict(v) for v in value]
    return value


def columns(rows: Sequence[Sequence[Any]], head: Sequence[str]) -> str:
    """Lay out a small table for people; numbers to the right, None as a dash."""
    cells = [list(head)] + [[_cell(v) for v in row] for row in rows]
    widths = [max(_width(line[i]) for line in cells) for i in range(len(head))]
    numeric = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(head))]
    lines = []
    for line in cells:
        parts = []
        for cell, width, right in zip(line, widths, numeric, strict=True):
            room = " " * (width - _width(cell))
            parts.append(room + cell if right else cell + room)
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def iso(seconds: float | None) -> str | None:
    """Return seconds since 1970 as ISO 8601 in UTC, for JSON."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def moment(stamp: str | None) -> str | None:
    """Return such a time as the clock here shows it, for people: ``28 Nov 2026, 05:12``."""
    if stamp is None:
        return None
    here = datetime.fromisoformat(stamp).astimezone()
    return f"{here.day} {here:%b %Y, %H:%M}"


def _width(text: str) -> int:
    """Return how many places of a terminal a text takes: Chinese signs take two each."""
    return sum(1 + (east_asian_width(sign) in "WF") for sign in text)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())


class Bar:
    """A progress bar on a terminal; silent in a pipe.

    Parameters
    ----------
    label : str
        What is being done.
    """

    def __init__(self, label: str) -> None:
        self._label = visible(label)
        self._live = sys.stderr.isatty()
        self._begun = self._drawn = time.monotonic()

    def show(self, done: float, total: float) -> None:
        """Draw ``done`` of ``total`` with the time left."""
        now = time.monotonic()
        if not self._live or total <= 0 or (now - self._drawn < _PACE and done < total):
            return
        self._drawn = now
        share = min(done / total, 1.0)
        filled = round(24 * share)
        left = (now - self._begun) * (1 - share) / share if share else math.nan
        rest = f", {left:.0f} s left" if 0 < left < math.inf else ""
        bar = "#" * filled + "." * (24 - filled)
        sys.stderr.write(f"\r{self._label} [{bar}] {share:4.0%}{rest}\x1b[K")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the bar off the screen."""
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
