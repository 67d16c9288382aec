"""Neighbour graphs of a fold on disk, searched once for all samplers of all runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rebal_core.experiment import keys
from rebal_core.experiment.whole import is_whole
from rebal_core.files import open_array, put_array, remove, write_once
from rebal_core.rows import Ints, Recipe, TypedRows
from rebal_core.samplers import Graphs
from rebal_core.samplers.searching import Found
from rebal_core.seeding import content_key

_PARTS = ("distances", "positions", "recall")


def shared_graphs(folder: Path, rows: TypedRows, part: Ints | None = None) -> Graphs:
    """Return the graphs of a fold that are looked up in a folder before they are searched.

    Parameters
    ----------
    folder : Path
        One a fold; made when the first graph is written.
    rows : TypedRows
        Training rows of the fold.
    part : ndarray of int64, optional
        Positions of the rows among which neighbours are searched; default all.
    """
    fewer = part is not None and len(part) < len(rows)
    which = hashlib.sha256(part.tobytes()).hexdigest() if part is not None and fewer else None
    # Of other rows, code or libraries the neighbours may be others.
    shelf = Folder(folder / content_key(keys.of_neighbors(), which))
    return Graphs.of(rows.take(part) if part is not None and fewer else rows, shelf)


@dataclass(frozen=True)
class Folder:
    """Graphs on disk, for all processes.

    Parameters
    ----------
    path : Path
        Made when the first graph is written.
    """

    path: Path

    def get(self, name: str, k: int, find: Callable[[], Found]) -> Found:
        """Return a graph of at least k neighbours; found and kept where there is none yet."""
        known = self._known(name, k)
        if known is None:
            # Two samplers of one fold may run at once: the second waits for the first's search.
            with _locked(self.path.with_suffix(".lock")):
                known = self._known(name, k)
                if known is None:
                    found = find()
                    write_once(self.path / f"{name}-{k}", lambda path: _save(path, found))
                    return found
        return known

    def after(self, recipe: Recipe) -> Folder:
        """Return the folder of the rows that a recipe makes of these."""
        content = hashlib.sha256()
        for name, array in sorted(recipe.to_arrays().items()):
            content.update(name.encode() + np.ascontiguousarray(array).tobytes())
        return Folder(self.path / f"after-{content.hexdigest()[:32]}")

    def by(self, columns: tuple[str, ...], metric: str) -> Folder:
        """Return the folder of the same rows by some columns alone, or another metric."""
        return Folder(self.path / f"by-{content_key(columns, metric)}")

    def _known(self, name: str, k: int) -> Found | None:
        for folder in self.path.glob(f"{name}-*"):
            match = re.fullmatch(rf"{name}-(\d+)", folder.name)
            if match and int(match[1]) >= k:
                if not all(is_whole(folder / f"{part}.npy") for part in _PARTS):
                    remove(folder)  # searched again
                    continue
                distances, positions, recall = (open_array(folder / f"{p}.npy") for p in _PARTS)
                return Found(distances, positions, recall)
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file lock; the system lets go when the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _save(folder: Path, found: Found) -> None:
    folder.mkdir()
    parts = (found.distances, found.positions, found.parts)
    for name, array in zip(_PARTS, parts, strict=True):
        put_array(folder / f"{name}.npy", array)
