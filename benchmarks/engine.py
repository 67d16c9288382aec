"""Measure what the engine adds to a cell: the same tiny plan by the daemon and in this process.

A table of 60 rows, so that cells cost next to nothing; logistic regression, 2 folds, many repeats.
The daemon has one worker. Both have run a plan before, so that imports and start are not counted.

    python benchmarks/engine.py [repeats]

Each line tells the time a cell (the run's wall clock over its cells, the finish included), what of
it the tasks themselves took, and the rest: dispatch, the store, and with the daemon the way to the
worker and back. The last line is the ratio of the two rests and the daemon's rest beside its goal
of 50 ms. A cell's tasks share their fold's, which is why more tasks than cells are run.

The bound: a cell is two durable writes to SQLite (attempt begun, attempt ended) and one file
written, fsynced and renamed; ``writes`` measures just that in the same home.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["REBAL_WORKERS"] = "1"
os.environ["REBAL_GPUS"] = "0"

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.client import stop_engine, submit, wait
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.planning import make_plan
from rebal_core.store.rows import RunRow
from rebal_core.store.store import Store

ROWS, FOLDS, REPEATS = 60, 2, 25


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.arange(ROWS) % 3 == 0
    return pd.DataFrame({"x": rng.normal(size=ROWS) + y, "label": np.where(y, "rare", "common")})


def store_with_table(home: Path) -> tuple[Store, str]:
    store = Store(home)
    identifier, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(table(), folder, target="label"))
    return store, identifier


def plan_of(store: Store, identifier: str, seed: int, repeats: int) -> Plan:
    wishes = {"strategies": ["none"], "classifiers": ["logistic"], "folds": FOLDS}
    return make_plan(store.dataset(identifier), seed=seed, repeats=repeats, **wishes)


def rest(store: Store, row: RunRow, name: str) -> float:
    """Print the time a cell of a finished run; return what is not the tasks' own, in seconds."""
    if row.state != "done":
        sys.exit(f"The run ended as {row.state}: {row.error}")
    tasks = store.tasks(row.run)
    cells = (tasks["kind"] == "cell").sum()
    wall = (row.finished - row.started) / cells
    own = tasks["seconds"].sum() / cells
    print(f"{name}: {cells} cells, {len(tasks)} tasks; a cell {1e3 * wall:.1f} ms, "
          f"the tasks' own {1e3 * own:.1f}, the rest {1e3 * (wall - own):.1f}")  # fmt: skip
    return wall - own


def writes(store: Store, count: int = 40) -> float:
    """Return the seconds of two store writes and a durable file."""
    run = store.add_run("profile", {}, dataset=None, version="benchmark")
    began = time.perf_counter()
    for _ in range(count):
        store.cancel_run(run)
        store.cancel_run(run)
        part = store.home.path / "part"
        with part.open("wb") as file:
            file.write(b"x" * 2_000)
            os.fsync(file.fileno())
        part.replace(store.home.path / "whole")
    return (time.perf_counter() - began) / count


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    with tempfile.TemporaryDirectory(prefix="rebal-engine-") as folder:
        here, identifier = store_with_table(Path(folder) / "here")
        run_here(here, plan_of(here, identifier, 1, 1))
        alone = rest(here, run_here(here, plan_of(here, identifier, 0, repeats)), "in process")
        print(f"writes: {1e3 * writes(here):.1f} ms")
        here.close()
        store, identifier = store_with_table(Path(folder) / "daemon")
        try:
            wait(store, submit(store, plan_of(store, identifier, 1, 1)))
            row = wait(store, submit(store, plan_of(store, identifier, 0, repeats)))
            added = rest(store, row, "daemon")
        finally:
            stop_engine(store)
            store.close()
    print(f"rest, daemon / in process: {added / alone:.2f}; daemon {1e3 * added:.1f} ms, goal 50")


if __name__ == "__main__":
    main()
