"""The real server with a home of its own, and a real browser in front of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from rebal_core.store.store import Store

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-unsafe-swiftshader",
)


class Dashboard:
    """The app as a user starts it, and means to restart it under the browser's feet."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "app.server", "--no-browser", "--port", str(self.port)]
        environment = {**os.environ, "REBAL_HOME": str(self.home)}
        with (self.home.parent / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"no server: {(self.home.parent / 'server.log').read_text()}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def stop(self) -> None:
        """End the server and the engine of this home, with all that it started."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if "rebal_core.experiment.daemon" in command and str(self.home) in command:
                for one in [process, *process.children(recursive=True)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        one.kill()

    def faults(self) -> str:
        log = self.home / "app.log"
        return log.read_text() if log.exists() else ""

    def store(self) -> Store:
        return Store(self.home)


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Dashboard]:
    one = Dashboard(tmp_path / "home")
    one.home.mkdir()
    try:
        one.start()
        yield one
        assert one.faults() == ""
    finally:
        one.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    system = next((p for n in ("chromium", "chromium-browser") if (p := shutil.which(n))), None)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=system, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, dashboard: Dashboard, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh browser in the language of the test (``en`` unless it says otherwise)."""
    language = getattr(request, "param", "en")
    locale = {"en": "en-US", "zh": "zh-CN"}[language]
    context = browser.new_context(
        locale=locale, viewport={"width": 1440, "height": 1000}, accept_downloads=True
    )
    context.set_default_timeout(60_000)
    foreign: list[str] = []
    context.on("request", lambda r: foreign.append(r.url) if _foreign(r.url) else None)
    one = context.new_page()
    yield one
    context.close()
    assert foreign == []


def _foreign(url: str) -> bool:
    return url.startswith("http") and not url.startswith("http://127.0.0.1:")
