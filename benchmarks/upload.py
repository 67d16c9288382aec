"""Upload a CSV through the real page and watch the memory of the app and of the reading process.

A click log (``reading.write_log``) is chosen in the drop zone of the Data page in Chromium. It
streams to disk through the app's own route, the engine's worker reads it, and the page shows what
was read. The resident memory of the server and of every engine process is looked at 50 times a
second.

    python benchmarks/upload.py [--gb 0.1]        (the goal's size: --gb 1)

Each line of a phase tells its seconds, the app's peak, and what that is above the app at rest with
the empty page drawn; the reading line also tells the peak of the largest engine process. Goals:
while a file arrives and is read the app grows by less than 50 MB, the engine's process stays below
700 MB.

The bound: each byte is received once and written once, so the route needs one chunk of memory, and
the time is that of a copy through a socket; ``copy`` is the time of a plain copy of the same file.
Reading holds DuckDB's buffers (400 MB at most) above what the imports of a worker take.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from browsing import PATIENCE, Memory, browser, free_port, missing, server, until
from reading import write_log

from rebal_core.experiment.client import engine_status, stop_engine
from rebal_core.store.store import Store

BYTES_A_ROW = 91.3


def write_file(path: Path, size: float) -> float:
    """Write a log of about so many bytes; return the seconds that copying it takes."""
    write_log(path, round(size / BYTES_A_ROW))
    began = time.perf_counter()
    shutil.copyfile(path, path.with_suffix(".copy"))
    seconds = time.perf_counter() - began
    path.with_suffix(".copy").unlink()
    return seconds


def engine_processes(store: Store) -> list[psutil.Process]:
    """Return the daemon of the home and all that it started."""
    pid = engine_status(store).pid
    try:
        return [] if pid is None else [(p := psutil.Process(pid)), *p.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def measure(page: Any, app: psutil.Process, store: Store, file: Path, copy: float) -> None:
    """Upload the file and print each phase."""
    memory, engine = Memory(lambda: [app]), Memory(lambda: engine_processes(store))
    rest = memory.now()
    print(f"at rest     app {rest:.0f} MB")
    grown = 0.0

    def phase(name: str, since: float) -> float:
        peak, now = memory.lap(), time.perf_counter()
        print(f"{name:11s} {now - since:6.1f} s  app {peak:.0f} MB ({peak - rest:+.1f})", end="")
        return peak - rest

    memory.lap()
    began = time.perf_counter()
    page.locator("input[type=file]").set_input_files(file)
    run = until(lambda: store.runs("ingest"), "the file has arrived")[0].run
    grown = max(grown, phase("arriving", began))
    print(f"; {(time.perf_counter() - began) / copy:.1f} times a copy ({copy:.1f} s)")
    engine.lap()
    began = time.perf_counter()
    until(lambda: not store.run(run).live, "the file is read")
    grown, peak = max(grown, phase("reading", began)), engine.lap()
    print(f"; the engine's largest process {peak:.0f} MB")
    began = time.perf_counter()
    page.get_by_text("Check what we read").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Looks right").wait_for(timeout=PATIENCE)
    phase("shown", began)
    print()
    time.sleep(2)
    print(f"afterwards  app {memory.now():.0f} MB ({memory.now() - rest:+.1f})")
    memory.stop()
    engine.stop()
    rows = store.dataset(store.datasets()[0].id).rows
    print(f"{rows:,} rows, {store.run(run).state}; app {grown:+.1f} MB, goal 50; "
          f"reading {peak:.0f} MB, goal 700")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, default=0.1, help="size of the file")
    size = parser.parse_args().gb * 1e9
    if reason := missing():
        print(f"upload: nothing measured. {reason}")
        return
    with tempfile.TemporaryDirectory(prefix="rebal-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        copy = write_file(folder / "log.csv", size)
        print(f"file        {(folder / 'log.csv').stat().st_size / 1e6:,.0f} MB")
        command = ["-m", "app.server", "--no-browser", "--port", str(port)]
        settings = {"env": {**os.environ, "REBAL_HOME": str(folder / "home")}}
        store = Store(folder / "home")
        try:
            with server(command, port, folder / "log.txt", **settings) as app, browser() as chrome:
                page = chrome.new_page(locale="en-US")
                page.goto(f"http://127.0.0.1:{port}")
                page.locator("input[type=file]").wait_for(state="attached", timeout=PATIENCE)
                time.sleep(6)  # the server imports in advance what later pages need
                measure(page, app, store, folder / "log.csv", copy)
        finally:
            stop_engine(store)
            store.close()


if __name__ == "__main__":
    main()
