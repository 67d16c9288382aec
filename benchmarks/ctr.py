"""What a click rate is worth after negative sampling: E/O, log loss and normalised entropy.

Two tables: a simulated click log of 10,000 clicks or more, and the 80 clicks of Open Bandit under
ten seeds. E/O is the mean predicted over the mean observed click rate on tested rows, after the
formula of the keep rate and the repair that the product adds: 1 is honest.

    REBAL_DATA=<folder of the real tables> python benchmarks/ctr.py [--folds 2] [--seeds 10]

The runs are those of the command, a table and a seed each:

    rebal compare TABLE --target T --strategies negative_sampling,contextual,random_under
        --classifiers logistic --drop propensity_score --folds 2 --seed S

``contextual`` is left out where no column is a context. With two folds and the linear model all
takes some two minutes of one core.
"""

from __future__ import annotations

import argparse
import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.schema import set_target
from rebal_core.data.simulate.clicks import simulate_click_log
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.store.store import Store

#: At 2 % of them clicked, more than 10,000 clicks.
ROWS = 520_000
STRATEGIES = ["negative_sampling", "contextual", "random_under"]
SHOWN = ("calibration_ratio", "log_loss", "normalised_entropy", "average_precision")


def opened(name: str, rows: int, folder: Path) -> Dataset:
    """Open one of the two tables."""
    if name == "simulated":
        read = from_frame(simulate_click_log(rows), folder)
        return read.with_schema(set_target(read.schema, "clicked"))
    read = read_table(Path(os.environ["REBAL_DATA"]) / "open_bandit_all.parquet", folder)
    return read.with_schema(set_target(read.schema, "click"))


def measured(name: str, seed: int, asked: argparse.Namespace) -> pd.DataFrame:
    """Return what each arm tells after its repair, a line an arm."""
    with tempfile.TemporaryDirectory(prefix="rebal-", ignore_cleanup_errors=True) as home:
        store = Store(Path(home))
        identifier, folder = store.new_dataset_folder()
        store.add_dataset(opened(name, asked.rows, folder))
        plan = make_plan(
            store.dataset(identifier),
            strategies=STRATEGIES[:1] if name == "simulated" else STRATEGIES,
            classifiers=asked.classifiers.split(","),
            folds=asked.folds,
            split="stratified",
            seed=seed,
            drop=[] if name == "simulated" else ["propensity_score"],
        )
        told = report(store, run_here(store, plan).run)
        store.close()
    lines = [
        {"arm": arm["arm"], **{metric: arm["metrics"][metric]["mean"] for metric in SHOWN}}
        for arm in told["arms"]
        if arm["metrics"]
    ]
    return pd.DataFrame(lines).assign(table=name, seed=seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--classifiers", default="logistic")
    parser.add_argument("tables", nargs="*", default=["simulated", "open_bandit"])
    asked = parser.parse_args()
    for name in asked.tables:
        found, began = [], time.process_time()
        for seed in range(1 if name == "simulated" else asked.seeds):
            found.append(measured(name, seed, asked))
            print(f"{name}, seed {seed}: {time.process_time() - began:.0f} CPU s", flush=True)
        both = pd.concat(found).groupby("arm", sort=False)[list(SHOWN)].agg(["mean", "min", "max"])
        ratio = both["calibration_ratio"].rename(columns=lambda part: f"E/O {part}")
        means = {metric: both[metric]["mean"] for metric in SHOWN[1:]}
        print(ratio.assign(**means).round(4).to_string(), flush=True)
        worst = np.abs(np.log(both["calibration_ratio"]["mean"])).idxmax()
        print(f"furthest from 1: {worst}\n", flush=True)


if __name__ == "__main__":
    main()
