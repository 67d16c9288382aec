"""What two towers find by each way to choose what an item stands against while they learn.

On the E-shop clickstream (165,474 events of 24,026 visits on 217 items), or on a part of its
visits: NDCG and recall at 10 of the last event of each visit, the recall in the tail, the part of
the catalogue that is shown, and the processor seconds of the fit, each the mean of some seeds. Run
it with

    REBAL_DATA=<folder of the real tables> python benchmarks/negatives.py [PART [SEEDS]]

All visits and one seed, of 2026-11-29: with the correction every way finds the same, and so does
the attack on the points.

                    NDCG  recall    tail   shown   CPU s
    item_knn      0.2202  0.4142  0.3392  0.9816     1.5
    all           0.2425  0.4493  0.3691  0.9816    25.8
    in_batch      0.2419  0.4485  0.3651  0.9816    27.5
    uniform       0.2411  0.4468  0.3695  0.9816    27.9
    popularity    0.2416  0.4479  0.3681  0.9908    26.1
    attacked      0.2431  0.4506  0.3702  0.9816    30.6
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.nn.negatives import WAYS
from rebal_core.ranking.bands import TAIL, bands_of
from rebal_core.ranking.lists import top_lists
from rebal_core.ranking.metrics import ndcg, recall
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.reading import LogColumns, read_log
from rebal_core.ranking.trial import Trial, last_events

FILE, K = "eshop_clickstream_2008.parquet", 10
COLUMNS = LogColumns("session ID", "page 2 (clothing model)", ("year", "month", "day", "order"))
#: Models, and what is set of them.
ARMS: dict[str, tuple[str, dict[str, Any]]] = {
    "item_knn": ("item_knn", {}),
    **{way: ("two_tower", {"negatives": way}) for way in WAYS if not WAYS[way].shown},
    "attacked": ("two_tower", {"attack": 1.0, "epsilon": 0.1}),
}


def trial_of(part: float) -> Trial:
    """Return the trial of the last events of a part of the visits."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = read_table(Path(os.environ["REBAL_DATA"]) / FILE, Path(folder) / "all")
        if part < 1:
            frame = dataset.frame([c.name for c in dataset.schema.columns])
            visits = frame[COLUMNS.user].unique()
            kept = np.random.default_rng(0).random(len(visits)) < part
            frame = frame[frame[COLUMNS.user].isin(visits[kept])]
            dataset = from_frame(frame, Path(folder) / "part")
        return last_events(read_log(dataset, COLUMNS).log)


def measured(trial: Trial, model: str, params: dict[str, Any], seed: int) -> list[float]:
    """Return the numbers of one fit."""
    ranker, items = RECOMMENDERS[model].build(params, seed), len(trial.log.items)
    began = time.process_time()
    ranker.fit(trial.log)
    spent = time.process_time() - began
    lists = top_lists(ranker, trial.visits, K, items=items)
    found = recall(lists, trial.truth)
    tail = bands_of(trial.log.popularity)[trial.truth.item] == TAIL
    values = (ndcg(lists, trial.truth).mean(), found.mean(), found[tail].mean())
    return [*map(float, values), len(np.unique(lists)) / items, spent]


def main(part: float, seeds: int) -> None:
    """Print a line for each way."""
    trial = trial_of(part)
    print(f"{len(trial.log):,} events to learn from, {len(trial.visits):,} visits")
    print(f"{'':12}{'NDCG':>8}{'recall':>8}{'tail':>8}{'shown':>8}{'CPU s':>8}")
    for name, (model, params) in ARMS.items():
        means = np.mean([measured(trial, model, params, seed) for seed in range(seeds)], axis=0)
        print(
            f"{name:12}" + "".join(f"{v:8.4f}" for v in means[:4]) + f"{means[4]:8.1f}", flush=True
        )


if __name__ == "__main__":
    main(float((sys.argv[1:] or ["1"])[0]), int((sys.argv[2:] or ["1"])[0]))
