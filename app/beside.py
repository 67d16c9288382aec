"""What is worked out beside the script, so that a page stays quick; and what came of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

import streamlit as st

#: Pieces of work at once, and answers kept of each kind.
WORKERS, KEPT = 2, 12


class Beside:
    """Threads that work, and the last answers; of all sessions."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="beside")
        self._asked: OrderedDict[str, Future[Any]] = OrderedDict()
        self._known: OrderedDict[str, tuple[Lock, list[Any]]] = OrderedDict()
        self._lock = Lock()

    def ask(self, key: str, work: Callable[[], Any]) -> Future[Any]:
        """Return what is or will be the answer; what failed is tried anew."""
        with self._lock:
            found = self._asked.pop(key, None)
            if found is None or (found.done() and found.exception() is not None):
                found = self._pool.submit(work)
            self._asked[key] = found
            while len(self._asked) > KEPT:
                self._asked.popitem(last=False)[1].cancel()
            return found

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what was made under a key, or make it here; others who want it wait."""
        with self._lock:
            own, made = self._known.setdefault(key, (Lock(), []))
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        with own:
            if not made:
                made.append(make())
        return made[0]


@st.cache_resource(show_spinner=False)
def beside() -> Beside:
    """Return the one of this server."""
    return Beside()
