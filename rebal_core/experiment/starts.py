"""Engines that fail one after the other are told of, and not started for ever."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from rebal_core.experiment.daemon import FAULT, REFUSED
from rebal_core.wording import UserError

#: So many engines in a row that fail are told of, rather than one more started,
MOST_FAILURES = 3
#: until so much time has passed; then one is tried again.
PAUSE_SECONDS = 30.0
#: One that lived for so long does not fail in a row with those before.
STEADY_SECONDS = 60.0


@dataclass(frozen=True)
class Failures:
    """How often in a row the engines of a home failed, when the last did, and its exit code."""

    times: int = 0
    at: float = 0.0
    code: int = 0


_known: dict[Path, Failures] = {}


def note_end(home: Path, code: int, lived: float) -> None:
    """Take note of how an engine ended.

    Parameters
    ----------
    home : Path
    code : int
        Its exit code. 0 is an end in order and below 0 somebody killed it: neither has failed.
    lived : float
        Seconds.
    """
    before = Failures() if lived > STEADY_SECONDS else _known.get(home, Failures())
    failed = code > 0 and code != REFUSED
    _known[home] = Failures(before.times + 1, time.monotonic(), code) if failed else Failures()


def require_hope(home: Path, log: Path) -> None:
    """Refuse to start an engine so soon after so many that failed.

    Raises
    ------
    UserError
    """
    last = _known.get(home, Failures())
    if last.times < MOST_FAILURES or time.monotonic() > last.at + PAUSE_SECONDS:
        return
    if last.code == FAULT:
        raise UserError(
            "The engine ends again and again on a fault of ours; the end of {log} says why.",
            log=log,
        )
    raise UserError("The engine does not start; the end of {log} says why.", log=log)
