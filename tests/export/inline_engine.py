"""A comparison computed in this process: the engine's own tasks, without its daemon."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.schema import set_target
from rebal_core.experiment.live_run import take_up
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.worker import execute
from rebal_core.store import Store
from rebal_core.store.ledger import Ledger


def rare_rows() -> pd.DataFrame:
    """Return rows of which a fifth are of the class that matters."""
    rng = np.random.default_rng(4)
    rare = rng.random(360) < 0.2
    return pd.DataFrame(
        {
            "amount": rng.normal(size=360) + 1.5 * rare,
            "device": rng.choice(["phone", "desk"], 360),
            "day": np.arange(360) + rng.integers(0, 3, 360),
            "label": np.where(rare, "rare", "common"),
        }
    )


def run_inline(home, table, *, target="label", **wishes) -> tuple[Store, int]:
    """Compare on a frame or a file; return the store and the number of the finished run."""
    store = Store(home)
    identifier, folder = store.new_dataset_folder()
    if isinstance(table, Path):
        dataset = read_table(table, folder, ReadOptions(target=target))
        dataset = dataset.with_schema(set_target(dataset.schema, target))
    else:
        dataset = from_frame(table, folder, target=target)
    store.add_dataset(dataset)
    plan = make_plan(dataset, **wishes)
    run = store.add_run("compare", plan.to_dict(), dataset=identifier, version="test")
    ledger = Ledger(store)
    job = take_up(store, ledger, run, gpus=False)
    assert job is not None
    while not job.over:
        node = next(itertools.islice(job.ready(), 1))
        told = execute(str(store.home.path), asdict(node), str(home / "no-flag"), lambda _: None)
        assert told["outcome"] == "done", told
        job.done.add(node.key)
    job.finish(store, ledger)
    return store, run
