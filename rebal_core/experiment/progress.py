"""How long a live run will still take, from its own finished tasks."""

from __future__ import annotations

import pandas as pd

from rebal_core.arm import Arm
from rebal_core.experiment.machine import worker_count
from rebal_core.store.rows import RunRow
from rebal_core.store.store import Store
from rebal_core.strategies import strategy_of


def seconds_left(store: Store, run: int) -> float | None:
    """Return the seconds that a live run still needs; None while nothing is known.

    A cell that has not ended is expected to take as long as the finished ones of the same arm,
    else of the same classifier, other work as that of its kind; all workers are busy with it. While
    none of a classifier has ended nothing is foretold: a network takes a thousand times as long as
    a logistic regression. So it is with the generator of a strategy.
    """
    row = store.run(run)
    if not row.live:
        return 0.0
    tasks = store.tasks(run).set_index("key")
    if not len(tasks):
        return None
    cells = store.cells(run).drop_duplicates("key").set_index("key")
    tasks["arm"] = cells["arm"].reindex(tasks.index).astype("string")
    tasks["classifier"] = tasks["arm"].str.rsplit("/", n=1).str[-1]
    tasks["generator"] = _generators(store, row).reindex(tasks.index).astype("string")
    ended = tasks[tasks["seconds"].notna()]
    still = tasks[tasks["state"].isin(["queued", "running"])]
    if len(ended) < 0.1 * len(tasks):  # the first ones pay for imports and tell little
        return None
    expected = still["arm"].map(ended.groupby("arm")["seconds"].mean())
    expected = expected.fillna(
        still["classifier"].map(ended.groupby("classifier")["seconds"].mean())
    )
    expected = expected.fillna(still["generator"].map(ended.groupby("generator")["seconds"].mean()))
    others = (still["kind"] != "cell") & still["generator"].isna()
    quick = ended[ended["generator"].isna()]
    alike = still["kind"].map(quick.groupby("kind")["seconds"].mean())
    expected = expected.mask(others, alike.fillna(0.0))  # what is due once is little
    return None if expected.isna().any() else float(expected.sum()) / worker_count()


def _generators(store: Store, row: RunRow) -> pd.Series[str]:
    """Return the strategy of each task in which a generator learns, by its key."""
    arms = [Arm.from_dict(values) for values in row.plan.get("arms", ())]
    made = store.resampled(row.run).drop_duplicates("key").set_index("key")["arm"]
    learn = [a.name for a in arms if any(s.makes == "generated" for s in strategy_of(a).samplers)]
    return made[made.isin(learn)].str.rsplit("/", n=1).str[0]
