"""Soak: page loads, uploads, runs and kills in one home: what grows, what a clean-up takes back.

    nice -n 5 python benchmarks/soak.py [--scale 0.1]    (the issue's size: --scale 1)

At 1: 200 page loads, 50 uploads of 1 MB, 30 runs and 20 kills (worker and engine in turn). Printed
are the memory, open files and zombies of the app, and the files and bytes of the home, before,
after, and after the clean-up of the next engine with every run and dataset deleted.

The bound: a loaded page costs its session, an event loop with three open files. Streamlit keeps it
for two minutes after its websocket closed, so that a reader may come back, and never more than 128
of them; after that, memory and open files are where they were after the first loads. What is
deleted leaves no file.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "app"))

from served import Client, dashboard, draw, upload  # type: ignore[import-not-found]

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import client
from rebal_core.experiment.planning import make_plan
from rebal_core.store import Store

#: So long Streamlit keeps what a reader has left, with some to spare.
SESSION_SECONDS = 125
VIEWS = ("", "skew", "plan", "runs", "compare", "explain", "export", "help")


def state(words: str, app: psutil.Process, store: Store) -> None:
    """Print what the app and its home hold now."""
    files = [p for p in store.home.path.rglob("*") if p.is_file()]
    size = sum(p.stat().st_size for p in files if p.exists())
    below = [app, *app.children(recursive=True), *psutil.Process().children()]
    dead = sum(p.status() == psutil.STATUS_ZOMBIE for p in below if p.is_running())
    print(
        f"{words:<16} app {app.memory_info().rss / 1e6:6.0f} MB, {app.num_fds():4} open files, "
        f"{dead} zombies; home {len(files):5} files, {size / 1e6:7.1f} MB",
        flush=True,
    )


def table(seed: int) -> pd.DataFrame:
    """Return 2,000 rows, 10 % of them rare."""
    rng = np.random.default_rng(seed)
    y = rng.random(2_000) < 0.1
    return pd.DataFrame({"x": rng.normal(size=2_000) + y, "z": rng.normal(size=2_000), "y": y * 1})


def run_once(store: Store, seed: int, kill: str | None) -> None:
    """Compare a table of its own to the end; a worker or the engine may be killed meanwhile."""
    _, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(table(seed), folder, target="y"))
    dataset = store.dataset(folder.name)
    plan = make_plan(dataset, strategies="random_under", classifiers="logistic", folds=2, seed=seed)
    run = client.submit(store, plan)
    while kill and store.run(run).live:
        pid = client.engine_status(store).pid
        with suppress(psutil.NoSuchProcess):
            engine = psutil.Process(pid) if pid else None
            workers = engine.children(recursive=True) if engine else []
            if engine and store.run(run).state == "running" and workers:
                (workers[-1] if kill == "worker" else engine).kill()
                break
        time.sleep(0.05)
    row = client.wait(store, run, timeout=600)
    assert row.state == "done", row


def soak(scale: float, reader: Client, app: psutil.Process, store: Store) -> None:
    """Do it all, and print what it leaves."""
    loads, uploads, runs, kills = (max(1, round(n * scale)) for n in (200, 50, 30, 20))
    for view in VIEWS:
        draw(reader, view=view)
    state("begin", app, store)
    for number in range(loads):
        draw(reader, view=VIEWS[number % len(VIEWS)])
    state(f"{loads} loads", app, store)
    time.sleep(SESSION_SECONDS)
    draw(reader)
    state("sessions over", app, store)
    body = b"a,b,c\n" + b"1,2,x\n" * 170_000
    for number in range(uploads):
        assert upload(reader, draw(reader), f"t{number}.csv", body).status_code == 200
    state(f"{uploads} uploads", app, store)
    for number in range(runs):
        kill = ("worker", "engine")[number % 2] if number < kills else None
        run_once(store, number, kill)
    state(f"{runs} runs", app, store)
    for row in store.runs():
        client.delete_run(store, row.run)
    for one in store.datasets():
        client.delete_dataset(store, one.id)
    client.stop_engine(store)
    state("deleted", app, store)


def main() -> None:
    """Soak in a home of its own, which is gone afterwards."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        os.environ |= {"REBAL_HOME": str(home), "REBAL_WORKERS": "2"}
        store = Store()
        with dashboard({}, Path(name) / "printed.txt") as (reader, process):
            soak(options.scale, reader, psutil.Process(process.pid), store)
        files = [p for p in home.rglob("*") if p.is_file()]
        print(
            f"app ended        {len(files)} files, {sum(p.stat().st_size for p in files):,} bytes"
        )
        client.stop_engine(store)
        store.close()


if __name__ == "__main__":
    main()
