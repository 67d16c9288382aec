"""The report of a run as it lies in its folder: read without what it takes to make one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rebal_core.files import read_json

REPORT = "report.json"
#: What every report has.
_PARTS = frozenset(("run", "unused", "dataset", "protocol", "arms", "verdict", "alarms", "seconds"))


def written_report(folder: Path, run: int) -> dict[str, Any] | None:
    """Return a run's report as it was written; None where it is damaged, or of another version."""
    try:
        found = read_json(folder / REPORT)
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or not found.keys() >= _PARTS or found["run"] != run:
        return None
    verdict = found["verdict"]
    return found if isinstance(verdict, dict) and "code" in verdict else None
