"""Python loads this first where this folder is on its path: names and addresses asked for.

So each process is recorded that the dashboard starts, the engine and its workers among them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
SENDINGS = ("socket.connect", "socket.sendto", "socket.sendmsg")
BEGUN = "begun"


def recording(log: Path) -> dict[str, str]:
    """Return the environment in which every Python is recorded."""
    path = os.environ.get("PYTHONPATH", "")
    here = str(Path(__file__).parent)
    return {"REBAL_ASKED": str(log), "PYTHONPATH": here + (os.pathsep + path if path else "")}


def names_asked(log: Path) -> set[str]:
    """Return the names and addresses in a log."""
    lines = (line.split(" ", 1) for line in log.read_text().splitlines())
    return {name for event, name in lines if event != BEGUN}


def processes_heard(log: Path) -> int:
    """Return how many processes were recorded: none must not pass for silence."""
    return sum(line.startswith(BEGUN) for line in log.read_text().splitlines())


def _record(path: str) -> None:
    log = open(path, "a", encoding="utf-8")  # noqa: SIM115  (open for the life of the process)

    def hook(event: str, about: tuple[Any, ...]) -> None:
        place = about[0] if event in LOOK_UPS else about[-1] if event in SENDINGS else None
        name = place[0] if isinstance(place, tuple) else place
        if event in (*LOOK_UPS, *SENDINGS) and name is not None:
            print(event, name.decode() if isinstance(name, bytes) else name, file=log, flush=True)

    print(BEGUN, os.getpid(), file=log, flush=True)
    sys.addaudithook(hook)


if __name__ == "sitecustomize" and "REBAL_ASKED" in os.environ:
    _record(os.environ["REBAL_ASKED"])
