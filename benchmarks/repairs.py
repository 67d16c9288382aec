"""How far the probabilities of every arm are from what happens: E/O per arm on many tables.

The arms of the quick plan, 5x1, on the samples and the real tables below; large
tables are looked at in part. For two classes E/O is that of the class in focus, for many the mean
over the classes of 50 tested rows or more; the worst class of as many rows stands beside it, and
the log loss: of the model's own probabilities, of the closed form alone, and as repaired.
Run it with

    REBAL_DATA=<folder of the real tables> python benchmarks/repairs.py [table ...]

All tables together take some fifteen minutes on one core.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from rebal_core.arm import CellResult
from rebal_core.data.dataset import Dataset
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.data.samples import SAMPLES, open_sample
from rebal_core.data.schema import set_target
from rebal_core.decisions import correct_prior
from rebal_core.decisions.choice import FEWEST_JUDGED
from rebal_core.evaluation import ArmCells, Evaluation, evaluate
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.splits import splits_of
from rebal_core.experiment.tasks.judging import described
from rebal_core.rows import Floats
from rebal_core.samplers import Graphs
from rebal_core.seeding import child_seed
from rebal_core.strategies import fit_arm
from rebal_core.strategies.fit import fit_signature

#: Real tables: file, target, rows that are looked at, columns dropped.
REAL: dict[str, tuple[str, str, int | None, tuple[str, ...]]] = {
    "online_shoppers": ("online_shoppers", "Revenue", None, ()),
    "adult": ("adult", "income", 12_000, ("fnlwgt",)),
    "bank_marketing": ("bank_marketing", "y", 12_000, ("duration",)),
    "caravan": ("caravan", "Purchase", None, ()),
    "reviews": ("womens_clothing_reviews", "Class Name", 5_000, ("Title", "Review Text")),
    "eshop": ("eshop_clickstream_2008", "page 2 (clothing model)", 12_000, ()),
}


def gaussians(k: int = 38, rows: int = 9_000, seed: int = 0) -> pd.DataFrame:
    """Return classes of geometric sizes around centres that lie close to each other."""
    rng = np.random.default_rng(seed)
    share = np.geomspace(1.0, 0.004, k)
    size = np.maximum(np.round(rows * share / share.sum()), 12).astype(int)
    y = rng.permutation(np.repeat(np.arange(k), size))
    x = rng.normal(size=(y.size, 10)) + rng.normal(0.0, 1.1, (k, 10))[y]
    table = pd.DataFrame(x, columns=[f"x{j}" for j in range(10)])
    return table.assign(label=[f"c{code:02}" for code in y])


def wide(columns: int = 1_618, rows: int = 2_400, seed: int = 0) -> pd.DataFrame:
    """Return rare flags by the hundred, of which a few say something."""
    rng = np.random.default_rng(seed)
    x = (rng.random((rows, columns)) < 0.03).astype(float)
    odds = x[:, :40] @ rng.normal(1.2, 0.5, 40) - 5.0
    label = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    table = pd.DataFrame(x, columns=[f"f{j}" for j in range(columns)])
    return table.assign(label=label)


SIMULATED = {"gaussians38": gaussians, "wide1618": wide}


def opened(name: str, folder: Path | None, into: Path) -> tuple[Dataset, Plan] | None:
    """Return a table with its quick plan; None where the real tables are absent."""
    if name in SIMULATED:
        dataset = from_frame(SIMULATED[name](), into, target="label")
        return dataset, make_plan(dataset)
    if name in SAMPLES:
        dataset = open_sample(name, into)
        return dataset, make_plan(dataset)
    if folder is None:
        return None
    file, target, rows, drop = REAL[name]
    dataset = read_table(folder / f"{file}.parquet", into, ReadOptions(target=target))
    dataset = dataset.with_schema(set_target(dataset.schema, target))
    plan = make_plan(dataset, drop=drop, split="stratified")
    return replace(dataset, schema=plan.schema), replace(plan, rows=rows)


def arms_of(dataset: Dataset, plan: Plan) -> list[ArmCells]:
    """Fit every arm of a plan on every fold, one after the other."""
    labels, seed = dataset.labels(), plan.protocol.seed
    cells: dict[str, list[CellResult]] = {arm.name: [] for arm in plan.arms}
    for split in splits_of(dataset, plan.protocol, plan.rows):
        own = child_seed(seed, "prepare", split.repeat, split.fold)
        train = dataset.frame(rows=split.train)
        preparation, rows = Preparation.fit(train, labels.y[split.train], plan.schema, seed=own)
        test, graphs = preparation.transform(dataset.frame(rows=split.test)), Graphs.of(rows)
        done: dict[str, tuple[Floats, Floats, Floats]] = {}
        for arm in plan.arms:
            key = fit_signature(arm)
            if key not in done:
                fitted = fit_arm(
                    arm, rows, graphs,
                    seed=child_seed(seed, "split", split.repeat, split.fold),
                    n_classes=len(labels.classes),
                )  # fmt: skip
                proba = np.asarray(fitted.predict_proba(test), dtype=np.float64)
                done[key] = proba, fitted.prior_train, fitted.prior_fit
            cells[arm.name].append(
                CellResult(split.repeat, split.fold, split.test, labels.y[split.test], *done[key])
            )
    return [described(arm, "done", None, tuple(cells[arm.name])) for arm in plan.arms]


def tables(names: list[str], folder: Path | None) -> Iterator[tuple[str, Evaluation]]:
    """Yield every table with its evaluation."""
    for name in names or [*SAMPLES.names(), *SIMULATED, *REAL]:
        with tempfile.TemporaryDirectory() as scratch:
            found = opened(name, folder, Path(scratch) / "d")
            if found is None:
                continue
            dataset, plan = found
            labels = dataset.labels()
            arms = arms_of(dataset, plan)
            yield name, evaluate(arms, plan.protocol, labels.classes, labels.positive)


def rows(name: str, e: Evaluation) -> list[dict[str, object]]:
    """Return one line an arm: E/O before any repair, after the closed form alone, and as shown."""
    found: list[dict[str, object]] = []
    judged = e.support >= FEWEST_JUDGED
    for arm in e.arms:
        if arm.dummy or arm.arm.strategy == "threshold":
            continue
        cells = [d.cell for d in e.decisions[arm.name].cells]
        closed = [correct_prior(c.proba, c.prior_fit, c.prior_train) for c in cells]
        shown = [d.proba for d in e.decisions[arm.name].cells]
        line: dict[str, object] = {"table": name, "arm": arm.name}
        for kind, proba in (("raw", [c.proba for c in cells]), ("closed", closed), ("", shown)):
            expected = np.sum([p.sum(axis=0) for p in proba], axis=0)
            own = [p[np.arange(c.y.size), c.y] for p, c in zip(proba, cells, strict=True)]
            ratio = (expected / np.maximum(e.support, 1))[judged]
            mean = ratio.mean() if not e.binary else expected[e.positive] / e.support[e.positive]
            line |= {
                f"{kind} E/O".strip(): round(float(mean), 2),
                f"{kind} worst".strip(): round(float(ratio[np.abs(np.log(ratio)).argmax()]), 2),
                f"{kind} loss".strip(): round(
                    float(-np.log(np.maximum(np.concatenate(own), 1e-15)).mean()), 4
                ),
            }
        repair = e.repair(arm.name)
        found.append({**line, "repair": repair.name, "trusted": repair.trusted})
    return found


def main() -> None:
    folder = os.environ.get("REBAL_DATA")
    for name, evaluation in tables(sys.argv[1:], Path(folder) if folder else None):
        frame = pd.DataFrame(rows(name, evaluation))
        print(frame.to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
