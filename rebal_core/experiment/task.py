"""One piece of work, a frozen value that says all a worker has to know, and where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Seat = Literal["cpu", "gpu"]


@dataclass(frozen=True)
class Node:
    """One task of a run.

    Parameters
    ----------
    key : str
        Stands for everything the result depends on; equal key, equal result.
    kind : str
        Names the function in :data:`rebal_core.experiment.worker.TASKS`.
    path : str
        Where the result will lie, relative to the home.
    params : mapping
        Plain values for that function.
    needs : tuple of str
        Keys that must be done first.
    seat : {"cpu", "gpu"}
        What kind of worker it takes.
    answers : tuple of (arm name, repeat, fold)
        Cells of the grid that this task fills.
    beside : tuple of str
        Paths of what else the task makes: without them its result is not whole.
    shares : str
        Names what it makes together with others: at the same time one would wait for the other.
    """

    key: str
    kind: str
    path: str
    params: Mapping[str, Any]
    needs: tuple[str, ...] = ()
    seat: Seat = "cpu"
    answers: tuple[tuple[str, int, int], ...] = field(default=())
    beside: tuple[str, ...] = ()
    shares: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Where all lies that the task makes."""
        return (self.path, *self.beside)


@dataclass(frozen=True)
class Place:
    """A connected worker; ``address`` changes whenever its process does.

    ``occupied`` while it uses a pause to get ready: a task would wait for that.
    """

    name: str
    seat: Seat
    address: str
    nanny: str
    occupied: bool = field(default=False, compare=False)
