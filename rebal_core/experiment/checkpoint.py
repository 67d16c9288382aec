"""Where a long task keeps how far it is, so that the next attempt need not begin anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rebal_core.experiment.files import Damaged, reading
from rebal_core.files import read_arrays, remove, write_arrays

State = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Checkpoint:
    """What an attempt leaves for the next one; there completely or not at all.

    Parameters
    ----------
    path : Path
        Of the file. Its name is the task's key, which tells the inputs and the code: another
        version never finds it.
    """

    path: Path

    @classmethod
    def of(cls, home: Path, key: str) -> Checkpoint:
        """Return the checkpoint of a task."""
        return cls(home / "results" / "checkpoint" / f"{key}.npz")

    def load(self) -> State | None:
        """Return the arrays that were saved last; None where there are none, or damaged ones."""
        try:
            with reading(self.path):
                return read_arrays(self.path)
        except Damaged:
            return None

    def save(self, state: State) -> None:
        """Keep these arrays in the place of earlier ones."""
        write_arrays(self.path, state)

    def clear(self) -> None:
        """Forget them: the task is done."""
        remove(self.path)
