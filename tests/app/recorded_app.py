"""``python recorded_app.py LOG ...``: the dashboard, every name and address it asks for in LOG."""

from __future__ import annotations

import sys
from typing import Any

LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
SENDINGS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def record(path: str) -> None:
    log = open(path, "a", encoding="utf-8")  # noqa: SIM115  (open for the life of the process)

    def hook(event: str, about: tuple[Any, ...]) -> None:
        place = about[0] if event in LOOK_UPS else about[-1] if event in SENDINGS else None
        name = place[0] if isinstance(place, tuple) else place
        if event in (*LOOK_UPS, *SENDINGS) and name is not None:
            print(event, name.decode() if isinstance(name, bytes) else name, file=log, flush=True)

    sys.addaudithook(hook)


if __name__ == "__main__":
    record(sys.argv[1])
    from app.server import main

    main(sys.argv[2:])
