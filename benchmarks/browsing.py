"""What the benchmarks of the app share: a server with a home of its own, a browser, its memory.

Run by itself it measures nothing.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage")  # fmt: skip
PATIENCE = 120_000


def missing() -> str | None:
    """Return the reason why no page can be drawn here; None where one can."""
    if find_spec("playwright") is None:
        return "Playwright is not installed (pip install -e '.[dev]')."
    return None if _chromium() else "There is no Chromium on this computer."


def _chromium() -> str | None:
    return next((p for n in ("chromium", "chromium-browser") if (p := shutil.which(n))), None)


@contextmanager
def browser() -> Iterator[Any]:
    """Open the system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=_chromium(), args=list(FLAGS))
        yield opened
        opened.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def server(command: list[str], port: int, log: Path, **settings: Any) -> Iterator[psutil.Process]:
    """Run ``python`` with these words until it answers on the port; end it afterwards."""
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, *command], stdout=out, stderr=out, **settings)
    try:
        until(lambda: _answers(port), "the server answers", 60)
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
    except OSError:
        return False
    return True


def until(asked: Callable[[], Any], what: str, seconds: float = 1_800.0) -> Any:
    """Ask ten times a second until the answer is true; return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := asked():
            return answer
        time.sleep(0.1)
    sys.exit(f"Waited {seconds:.0f} s in vain until {what}.")


class Memory:
    """Watches the resident MB of the largest of some processes.

    Parameters
    ----------
    of : callable
        Returns the processes to watch; asked again and again, for workers come and go.
    """

    def __init__(self, of: Callable[[], list[psutil.Process]]) -> None:
        self._of, self._going, self.peak = of, True, 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def now(self) -> float:
        """Return the resident MB of the largest process."""
        sizes = [0.0]
        for process in self._of():
            try:
                sizes.append(process.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                continue
        return max(sizes)

    def lap(self) -> float:
        """Return the largest MB seen since the last call."""
        peak, self.peak = max(self.peak, self.now()), 0.0
        return peak

    def stop(self) -> None:
        """Look no more."""
        self._going = False
        self._thread.join()

    def _watch(self) -> None:
        while self._going:
            self.peak = max(self.peak, self.now())
            time.sleep(0.02)


if __name__ == "__main__":
    print("browsing: nothing measured; upload and first_paint use it.")
