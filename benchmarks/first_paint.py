"""How long a page of ours takes from request to drawn, against Streamlit's own empty app.

Two servers run side by side: the dashboard, with a sample dataset and a finished small comparison
in its home, and ``streamlit run`` of one line that writes one word. Chromium opens their pages in
turn, each time in a fresh context (an empty cache, a new session), once to warm up and then
several times.

    python benchmarks/first_paint.py [--times 3]

Each line tells the median and the quickest time from the request to the page being drawn, and
the ratio of the medians to the empty app's: Data is drawn when its last sample card is, Skew and
Compare when a chart stands in them. Drawn means visible, with no status of running left, and a
frame painted after it.

The bound: the browser loads Streamlit's shell and opens a socket whatever the page does; that is
what the empty app measures. Ours adds its script's run and, for charts, plotly's own 1 MB script.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from browsing import PATIENCE, browser, free_port, missing, server

from rebal_core.data.samples import SAMPLES, open_sample
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.store.store import Store

EMPTY = "import streamlit as st\nst.write('hello')\n"
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
IDLE = "() => !document.querySelector('[data-testid=stStatusWidget]')"


def filled_home(home: Path) -> str:
    """Make a home with a sample and a finished comparison; return the query that shows it."""
    store = Store(home)
    identifier, folder = store.new_dataset_folder()
    store.add_dataset(open_sample("diagnosis", folder))
    wishes: dict[str, Any] = {"classifiers": ["logistic"], "folds": 3}
    plan = make_plan(store.dataset(identifier), strategies=["random_under"], **wishes)
    run = run_here(store, plan)
    store.close()
    return f"?ds={identifier}&run={run.run}"


def drawn(chrome: Any, address: str, sign: str) -> float:
    """Return the seconds from the request until the sign and a quiet page are painted."""
    context = chrome.new_context(locale="en-US", viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(sign).last.wait_for(timeout=PATIENCE)
    page.wait_for_function(IDLE, timeout=PATIENCE)
    page.evaluate(PAINTED)
    seconds = time.perf_counter() - began
    context.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    if reason := missing():
        print(f"first_paint: nothing measured. {reason}")
        return
    with tempfile.TemporaryDirectory(prefix="rebal-", ignore_cleanup_errors=True) as name:
        folder, ours, other = Path(name), free_port(), free_port()
        query = filled_home(folder / "home")
        (folder / "empty.py").write_text(EMPTY)
        app = ["-m", "app.server", "--no-browser", "--port", str(ours)]
        bare = ["-m", "streamlit", "run", str(folder / "empty.py"), "--server.headless=true",
                f"--server.port={other}", "--server.address=127.0.0.1",
                "--browser.gatherUsageStats=false", "--server.fileWatcherType=none"]  # fmt: skip
        base, chart = f"http://127.0.0.1:{ours}", ".js-plotly-plot .main-svg"
        card = f"text={list(SAMPLES)[-1].label}"
        pages = {
            "empty": (f"http://127.0.0.1:{other}/", "text=hello"),
            "data": (f"{base}/{query}", card),
            "skew": (f"{base}/skew{query}", chart),
            "compare": (f"{base}/compare{query}", chart),
        }
        home = {"env": {**os.environ, "REBAL_HOME": str(folder / "home")}}
        log = folder / "log.txt"
        with (
            server(app, ours, log, **home),
            server(bare, other, log, cwd=folder),
            browser() as chrome,
        ):
            time.sleep(5)  # our server imports in advance what later pages need
            seconds: dict[str, list[float]] = {name: [] for name in pages}
            for turn in range(times + 1):
                for name, (address, sign) in pages.items():
                    took = drawn(chrome, address, sign)
                    seconds[name] += [took] if turn else []
        empty = statistics.median(seconds["empty"])
        for name, took in seconds.items():
            middle = statistics.median(took)
            print(f"{name:8s} {middle:5.2f} s  quickest {min(took):5.2f} s  "
                  f"ratio {middle / empty:5.2f}  {1e3 * (middle - empty):+6.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
