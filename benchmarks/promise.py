"""The quick plan's promise: what Start says against what it costs, on tables and samples.

Each quick plan runs in this one process, whose processor time is divided by two workers, that of
the verdict excepted; the start of an engine is taken as the estimate takes it. So the answer
holds on a busy machine as well. With ``--engine`` a real engine of two workers is started instead
and the wall time counts: for quiet machines only.

    export REBAL_DATA=<folder of the real tables>
    python benchmarks/promise.py [--engine] [NAME | PATH=TARGET ...]

The bound: within a factor of 1.5 either way, and at most 2 minutes.
"""

from __future__ import annotations

import argparse
import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["REBAL_WORKERS"] = "2"
os.environ["REBAL_GPUS"] = "0"

import tempfile
import time
from pathlib import Path

import pandas as pd

from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import read_table
from rebal_core.data.samples import SAMPLES, open_sample
from rebal_core.data.schema import set_target
from rebal_core.experiment.client import stop_engine, submit, wait
from rebal_core.experiment.estimate import START_SECONDS, estimate
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.store.store import Store

TABLES = {
    "online_shoppers": "Revenue",
    "bank_marketing": "y",
    "adult": "income",
    "caravan": "Purchase",
    "womens_clothing_reviews": "Class Name",
    "eshop_clickstream_2008": "page 2 (clothing model)",
}


def opened(name: str, folder: Path) -> Dataset:
    """Open a real table, a sample, or any table by ``PATH=TARGET``."""
    path, _, target = name.rpartition("=")
    if path:
        read = read_table(Path(path), folder)
        return read.with_schema(set_target(read.schema, target))
    if name not in TABLES:
        return open_sample(name, folder)
    read = read_table(Path(os.environ["REBAL_DATA"]) / f"{name}.parquet", folder)
    return read.with_schema(set_target(read.schema, TABLES[name]))


def measured(name: str, engine: bool) -> tuple[float, float, str]:
    """Return the promised and the measured seconds, and what was run."""
    with tempfile.TemporaryDirectory(prefix="rebal-", ignore_cleanup_errors=True) as home:
        store = Store(Path(home))
        identifier, folder = store.new_dataset_folder()
        store.add_dataset(opened(name, folder))
        dataset = store.dataset(identifier)
        plan = make_plan(dataset)
        promised = estimate(plan, dataset).seconds
        clock = time.perf_counter if engine else time.process_time
        began = clock()
        try:
            row = wait(store, submit(store, plan)) if engine else run_here(store, plan)
            took = clock() - began
            if not engine:
                took = START_SECONDS + shared(took, store.tasks(row.run))
        finally:
            if engine:
                stop_engine(store)
            store.close()
    rows = dataset.rows if plan.rows is None else plan.rows
    return promised, took, f"{row.state}, {len(plan.arms)} arms, {rows:,} rows"


def shared(took: float, tasks: pd.DataFrame) -> float:
    """Return what two workers take for the seconds of one: the verdict has but one of them."""
    seconds = tasks.set_index("kind")["seconds"]
    judged = took * float(seconds["decide"] / seconds.sum())
    return (took - judged) / 2 + judged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--engine", action="store_true")
    options = parser.parse_args()
    names = options.names or [*TABLES, *(sample.name for sample in SAMPLES)]
    for name in names:
        if name in TABLES and not os.environ.get("REBAL_DATA"):
            print(f"{name:26s} not measured: set REBAL_DATA to the folder of the real tables")
            continue
        promised, seconds, told = measured(name, options.engine)
        print(f"{name:26s} promised {promised:6.1f} s, took {seconds:6.1f} s, "
              f"ratio {seconds / promised:4.2f}  {told}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
