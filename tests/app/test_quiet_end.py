"""Ending the dashboard prints nothing: what was warmed up is taken apart in order."""

from __future__ import annotations

import subprocess
import sys


def test_nothing_is_told_of_what_was_frozen() -> None:
    """DuckDB's bindings call a leak whatever of theirs still stands when Python has ended."""
    script = "import duckdb; from app.server import _warm_up; _warm_up()"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
