"""Which code is this: part of every content key, and what decides which engine is newer."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[1]

#: Rooms whose code shapes the result of a task.
_BASE = (
    "schema.py",
    "rows.py",
    "arm.py",
    "seeding.py",
    "data",
    "samplers",
    "weighting",
    "nn",
    "classifiers",
)
LEARNING = (*_BASE, "strategies", "experiment/splits.py", "experiment/learning.py")
JUDGING = (*LEARNING, "decisions", "metrics", "evaluation", "experiment/judging.py")


@cache
def code_version(rooms: tuple[str, ...]) -> str:
    """Return a hash of the sources of these rooms, as they were when first asked for.

    Coarser than one spec, and never wrong: a changed sampler base invalidates every sampler.
    """
    digest = hashlib.sha256()
    for file in _sources(rooms):
        digest.update(str(file.relative_to(_ROOT)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def stamp() -> str:
    """Return ``time-hash`` of the whole core; of two stamps the greater one is the newer code."""
    newest = max(int(file.stat().st_mtime) for file in _sources((".",)))
    return f"{newest:012d}-{same_code()}"


def same_code() -> str:
    """Return a hash of the whole core: equal on all computers that have the same code."""
    return code_version((".",))


def _sources(rooms: tuple[str, ...]) -> list[Path]:
    places = [_ROOT / room for room in rooms]
    files = [f for p in places for f in (p.rglob("*.py") if p.is_dir() else [p])]
    return sorted(files)
