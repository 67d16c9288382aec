"""Neighbour graphs of a fold on disk, searched once for all samplers of all runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.experiment import keys
from rebal_core.experiment.whole import is_whole
from rebal_core.files import open_array, put_array, remove, write_once
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.samplers import Graphs
from rebal_core.samplers.neighbors import space_of
from rebal_core.seeding import content_key


class SharedGraphs(Graphs):
    """Graphs that are looked up in a folder before they are searched.

    Parameters
    ----------
    folder : Path
        One a fold; made when the first graph is written.
    rows : TypedRows
        Training rows of the fold.
    part : ndarray of int64, optional
        Positions of the rows among which neighbours are searched; default all.
    """

    def __init__(self, folder: Path, rows: TypedRows, part: Ints | None = None) -> None:
        fewer = part is not None and len(part) < len(rows)
        self._rows = rows.take(part) if part is not None and fewer else rows
        super().__init__(np.empty((0, 0), dtype=np.float32), self._rows.y)
        del self.space  # computed when the first search needs it
        # Of other rows, code or libraries the neighbours may be others.
        which = hashlib.sha256(part.tobytes()).hexdigest() if part is not None and fewer else None
        self._folder = folder / content_key(keys.of_neighbors(), which)
        self._lock = folder.with_suffix(".lock")

    @cached_property
    def space(self) -> NDArray[np.floating[Any]]:  # type: ignore[override]
        """Where neighbours are searched."""
        return space_of(self._rows)

    def all(self, k: int) -> tuple[Floats, Ints]:
        """Return distances and positions of the k nearest other rows, shape (n, k) each."""
        return self._shared("all", k, lambda: super(SharedGraphs, self).all(k))

    def within(self, label: int, k: int) -> tuple[Floats, Ints]:
        """Return the same among the rows of one class, in the order of its rows."""
        return self._shared(f"class_{label}", k, lambda: super(SharedGraphs, self).within(label, k))

    def _shared(
        self, name: str, k: int, search: Callable[[], tuple[Floats, Ints]]
    ) -> tuple[Floats, Ints]:
        found = self._find(name, k)
        if found is None:
            # Two samplers of one fold may run at once: the second waits for the first's search.
            with _locked(self._lock):
                found = self._find(name, k)
                if found is None:
                    pair = search()
                    write_once(self._folder / f"{name}-{k}", lambda path: _save(path, *pair))
                    return pair
        return found

    def _find(self, name: str, k: int) -> tuple[Floats, Ints] | None:
        for folder in self._folder.glob(f"{name}-*"):
            match = re.fullmatch(rf"{name}-(\d+)", folder.name)
            if match and int(match[1]) >= k:
                if not is_whole(folder / "distances.npy") or not is_whole(folder / "positions.npy"):
                    remove(folder)  # searched again
                    continue
                distances = open_array(folder / "distances.npy")
                return distances[:, :k], open_array(folder / "positions.npy")[:, :k]
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file lock; the system lets go when the process dies."""
    path.parent.mkdir(exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _save(folder: Path, distances: Floats, positions: Ints) -> None:
    folder.mkdir()
    put_array(folder / "distances.npy", distances)
    put_array(folder / "positions.npy", positions)
