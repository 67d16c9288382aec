"""One real server with one engine, and a real browser in front of it; each test finds no data."""

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
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect, sync_playwright

from rebal_core.experiment import client
from rebal_core.experiment.plan import Plan
from rebal_core.store.store import Store
from rebal_core.strategies.saved import FILE

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

    def restart(self) -> None:
        """Begin with a server that has drawn nothing yet; the engine goes on."""
        self.kill()
        self.start()

    def compared(self, plan: Plan) -> int:
        """Let the engine run a comparison to its end."""
        run = client.submit(self.store(), plan)
        assert client.wait(self.store(), run, timeout=240).state == "done"
        return run

    def clear(self) -> None:
        """Delete what was made and saved, so that the next finds none."""
        store = self.store()
        (self.home / FILE).unlink(missing_ok=True)
        for row in store.runs(None):
            client.delete_run(store, row.run)
        for dataset in store.datasets():
            client.delete_dataset(store, dataset.id)
        store.close()

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


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Start server and engine once: their imports take longer than most journeys."""
    one = Dashboard(tmp_path_factory.mktemp("served") / "home")
    one.home.mkdir()
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture
def dashboard(served: Dashboard) -> Iterator[Dashboard]:
    if served.process is None or served.process.poll() is not None:
        served.start()  # a test failed before it started the server again
    before = served.faults()
    yield served
    served.clear()
    assert served.faults().removeprefix(before) == ""


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
    # What the server still draws may read the table that is deleted next.
    expect(one.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=60_000
    )
    context.close()
    assert foreign == []


@pytest.fixture
def visit(page: Page) -> Callable[[str, str], None]:
    """Click on the link of a page; again, as a person would, where a run's end led elsewhere."""

    def click(name: str, path: str) -> None:
        for _ in range(3):
            page.get_by_role("link", name=name).click()
            with contextlib.suppress(TimeoutError):
                return page.wait_for_url(f"**/{path}?**", timeout=20_000)
        raise AssertionError(f"{name} leads to {page.url}")

    return click


def _foreign(url: str) -> bool:
    return url.startswith("http") and not url.startswith("http://127.0.0.1:")
