"""Rows of the store as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

RunState = Literal["queued", "running", "done", "failed", "cancelled"]
TaskState = Literal["queued", "running", "done", "failed", "skipped"]

#: States in which the engine has something to do.
LIVE: tuple[RunState, ...] = ("queued", "running")


@dataclass(frozen=True)
class DatasetRow:
    """A dataset as lists show it; ``Store.dataset(id)`` opens it."""

    id: str
    name: str
    fingerprint: str
    rows: int
    created: float


@dataclass(frozen=True)
class RunRow:
    """A comparison, or a single task (ingest, profile, explain, export), and how far it is.

    Parameters
    ----------
    run : int
        Its number, never given twice.
    kind : str
        ``"compare"`` or the kind of the single task.
    state : {"queued", "running", "done", "failed", "cancelled"}
        ``cancelled`` is shown as soon as it is asked for.
    plan : mapping
        ``Plan.to_dict()``, or the parameters of the single task.
    dataset : str or None
        Id of the dataset it works on.
    created, started, finished : float
        Seconds since 1970, UTC; the latter two None until then.
    detail : str or None
        Why a live run does not move, in a sentence: the disk is full.
    error : str or None
        Why it failed, in a sentence.
    incident : str or None
        Where the trace stands in the log, when the fault is ours.
    progress : (int, int)
        Finished and all pieces of work; failed ones count as finished.
    fraction : float
        The same, running pieces counted in part; 0 to 1.
    """

    run: int
    kind: str
    state: RunState
    plan: Mapping[str, Any]
    dataset: str | None
    version: str
    created: float
    started: float | None
    finished: float | None
    detail: str | None
    error: str | None
    incident: str | None
    progress: tuple[int, int]
    fraction: float

    @property
    def live(self) -> bool:
        """True while the engine still works on it, or will."""
        return self.state in LIVE

    @property
    def seconds(self) -> float | None:
        """From start to end; None until it has ended; 0 where the clock was set back."""
        if self.started is None or self.finished is None:
            return None
        return max(0.0, self.finished - self.started)
