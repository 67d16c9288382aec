"""Eleven remedies on two models against the script that an analyst would write today.

Ours: one plan of eleven neighbour and random strategies x logistic regression and histogram
gradient boosting x 5 folds, by an engine of two workers that has run a tiny plan before; cut-offs,
calibration, intervals and the verdict included. Theirs: each arm as a pipeline of imbalanced-learn
in ``cross_validate(n_jobs=2)`` of 5 folds, its processes up before; average precision alone.
Every library keeps to one thread a process.

    REBAL_DATA=<folder of the real tables> python benchmarks/eleven.py [NAME of a table]

It tells wall and processor seconds of both, their ratios (above 1 we are faster), each arm's mean
average precision beside the pipeline's, and which of our tasks the time went to.

The bound: both do the same fits; what is shared is the preparation and the search for neighbours.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["REBAL_WORKERS"] = "2"
os.environ["REBAL_GPUS"] = "0"

import sys
import tempfile
import time
import warnings
from collections.abc import Iterable
from pathlib import Path

import psutil
from imblearn.combine import SMOTEENN, SMOTETomek
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import (
    EditedNearestNeighbours,
    NearMiss,
    NeighbourhoodCleaningRule,
    RandomUnderSampler,
    TomekLinks,
)
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import read_table
from rebal_core.data.schema import set_target
from rebal_core.experiment.client import stop_engine, submit, wait
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.store.store import Store

TARGETS = {"online_shoppers": ("Revenue", True), "bank_marketing": ("y", "yes")}
SAMPLERS = {
    "random_over": RandomOverSampler(random_state=0),
    "random_under": RandomUnderSampler(random_state=0),
    "smote": SMOTE(random_state=0),
    "borderline_smote": BorderlineSMOTE(random_state=0),
    "adasyn": ADASYN(random_state=0),
    "near_miss_1": NearMiss(version=1),
    "tomek": TomekLinks(),
    "enn": EditedNearestNeighbours(),
    "neighbourhood_cleaning": NeighbourhoodCleaningRule(),
    "smote_tomek": SMOTETomek(random_state=0),
    "smote_enn": SMOTEENN(random_state=0),
}
CLASSIFIERS = {
    "logistic": LogisticRegression(max_iter=1000),
    "hist_gradient_boosting": HistGradientBoostingClassifier(early_stopping=False, random_state=0),
}


def processor(roots: Iterable[psutil.Process]) -> float:
    """Return the processor seconds of processes and all that they have started."""
    total = 0.0
    for root in roots:
        for process in (root, *root.children(recursive=True)):
            total += sum(process.cpu_times()[:2])
    return total


def engine_of(home: Path) -> list[psutil.Process]:
    """Return the process of a home's engine."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "rebal_core.experiment.daemon" in line and any(str(home) in part for part in line):
            found.append(process)
    return found


def ours(store: Store, dataset: Dataset) -> tuple[float, float, dict[str, float]]:
    """Run the plan; return wall and processor seconds, and the average precision of each arm."""
    arms = {"strategies": list(SAMPLERS), "classifiers": list(CLASSIFIERS)}
    plan = make_plan(dataset, **arms, metric="average_precision")
    engine = engine_of(store.home.path)
    before, began = processor(engine), time.perf_counter()
    row = wait(store, submit(store, plan))
    wall, used = time.perf_counter() - began, processor(engine) - before
    kinds = store.tasks(row.run).groupby("kind")["seconds"].agg(["count", "sum"])
    print(f"ours: {len(plan.arms)} arms, {row.state}, wall {wall:.1f} s, processor {used:.1f} s")
    for kind, (count, seconds) in kinds.iterrows():
        print(f"  {count:.0f} x {kind}: {seconds:.1f} s")
    found = {
        arm["arm"]: arm["metrics"]["average_precision"]["mean"]
        for arm in report(store, row.run)["arms"]
        if arm["metrics"]
    }
    return wall, used, found


def theirs(
    dataset: Dataset, target: str, positive: object
) -> tuple[float, float, dict[str, float]]:
    """Cross-validate the pipelines; return the same."""
    frame = dataset.frame()
    x, y = frame.drop(columns=target), (frame[target] == positive).astype(int)
    kinds = {c.name: c.kind for c in dataset.schema.features}
    columns = make_column_transformer(
        (StandardScaler(), [n for n, k in kinds.items() if k != "category"]),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            [n for n, k in kinds.items() if k == "category"],
        ),
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    cross_validate(make_pipeline(columns, DummyClassifier()), x, y, cv=folds, n_jobs=2)
    me, found = [psutil.Process()], {}
    before, began = processor(me), time.perf_counter()
    for strategy, sampler in SAMPLERS.items():
        for classifier, model in CLASSIFIERS.items():
            made = make_pipeline(columns, sampler, model)
            scores = cross_validate(made, x, y, cv=folds, n_jobs=2, scoring="average_precision")
            found[f"{strategy}/{classifier}"] = scores["test_score"].mean()
    wall, used = time.perf_counter() - began, processor(me) - before
    print(f"theirs: {len(found)} arms, wall {wall:.1f} s, processor {used:.1f} s")
    return wall, used, found


def measured(name: str) -> None:
    """Run both on a table and print their ratios."""
    target, positive = TARGETS[name]
    with tempfile.TemporaryDirectory(prefix="rebal-", ignore_cleanup_errors=True) as home:
        store = Store(Path(home))
        identifier, folder = store.new_dataset_folder()
        read = read_table(Path(os.environ["REBAL_DATA"]) / f"{name}.parquet", folder)
        store.add_dataset(read.with_schema(set_target(read.schema, target)))
        dataset = store.dataset(identifier)
        try:
            tiny = {"strategies": ["none"], "classifiers": ["logistic"], "folds": 2, "seed": 9}
            wait(store, submit(store, make_plan(dataset, **tiny)))
            wall, used, mine = ours(store, dataset)
        finally:
            stop_engine(store)
            store.close()
        their_wall, their_used, other = theirs(dataset, target, positive)
    for arm, score in other.items():
        print(f"  {arm:48s} {mine[arm]:.3f}  {score:.3f}  {mine[arm] - score:+.3f}")
    print(f"{name}: theirs / ours, wall {their_wall / wall:.2f}, processor "
          f"{their_used / used:.2f}")  # fmt: skip


def main() -> None:
    if not os.environ.get("REBAL_DATA"):
        print("eleven: nothing measured. Set REBAL_DATA to the folder of the real tables.")
        return
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or TARGETS:
        measured(name)


if __name__ == "__main__":
    main()
