"""Hold the decisions and the money of ``row_costs`` against empulse's, on its credit data.

A comparison of ours runs on the PAKDD credit data: the amount at risk is the part of the credit
line that is lost, a false alarm costs the mean of what empulse has it cost (ours is one price for
all rows). From its stored, repaired probabilities empulse then decides and counts for itself.

    bash benchmarks/peers/make.sh && python benchmarks/peers/row_costs.py

It takes about a minute, and writes ``row_costs.json`` beside it.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
from beside import asked, hash_of, keep

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import evaluation
from rebal_core.metrics.names import COST
from rebal_core.store.store import Store

#: Two decisions are the same, and two sums of money, up to this.
CLOSE = 1e-6


def main() -> None:
    """Compare, ask, and print the gaps."""
    data = asked("empulse", {})
    versions = data.pop("versions")
    false_alarm = float(data["fp"].mean())
    frame = pd.DataFrame({name: data[name] for name in data if name.startswith("x_")})
    frame["amount"], frame["bad"] = data["amount"], np.where(data["y"] == 1, "yes", "no")
    with tempfile.TemporaryDirectory() as folder, closing(Store(Path(folder))) as store:
        dataset = from_frame(frame, store.new_dataset_folder()[1], target="bad")
        store.add_dataset(dataset)
        plan = make_plan(
            dataset, strategies=["row_costs"], classifiers=["hist_gradient_boosting"],
            value="amount", false_alarm=false_alarm, metric=COST, positive="yes",
        )  # fmt: skip
        run = run_here(store, plan).run
        name = "row_costs/hist_gradient_boosting"
        told = evaluation(store, run)
        ours, usual = told.spent(name) or (np.nan, np.nan)
        decided = open_arm(store, run, name).decisions.cells
    rows = np.concatenate([d.cell.rows for d in decided])
    p = np.concatenate([d.proba[:, 1] for d in decided])
    said = np.concatenate([d.tuned for d in decided])
    y, amount = data["y"][rows], data["amount"][rows]
    theirs = asked(
        "empulse", {"y": y, "p": p, "amount": amount, "fp": np.array(false_alarm), "ours": said}
    )
    lost = np.where(y == 1, amount * (said == 0), false_alarm * (said == 1)).sum()
    trivial = min(amount[y == 1].sum(), false_alarm * (y == 0).sum())
    savings = 1 - lost / trivial
    gaps = {
        "decisions that differ": int((theirs["decisions"] != said).sum()),
        "gap of cost per row": abs(lost - float(theirs["cost"])) / len(y),
        "gap of shown cost in 1,000 rows": abs(ours - 1_000 * float(theirs["cost"]) / len(y)),
        "gap of savings": abs(savings - float(theirs["savings"])),
    }
    numbers = {
        "rows": len(y),
        "false_alarm": false_alarm,
        "cost in 1,000 rows": {"row_costs": ours, "one tuned cut-off": usual},
        "savings": {"ours": savings, "empulse": float(theirs["savings"])},
        **gaps,
        "holds": max(gaps.values()) <= CLOSE,
    }
    keep("row_costs", numbers, hash_of(data), versions)


if __name__ == "__main__":
    main()
