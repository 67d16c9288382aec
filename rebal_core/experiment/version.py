"""Which code is this: what decides which engine is newer, and who may work for it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[1]


@cache
def stamp() -> str:
    """Return ``time-hash`` of the whole core; of two stamps the greater one is the newer code."""
    newest = max(int(file.stat().st_mtime) for file in _ROOT.rglob("*.py"))
    return f"{newest:012d}-{same_code()}"


@cache
def same_code() -> str:
    """Return a hash of the whole core, as it was when first asked for.

    It is equal on all computers that have the same code. What a single result depends on is told
    by :mod:`rebal_core.experiment.keys`.
    """
    digest = hashlib.sha256()
    for file in sorted(_ROOT.rglob("*.py")):
        digest.update(str(file.relative_to(_ROOT)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
