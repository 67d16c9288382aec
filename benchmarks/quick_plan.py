"""The quick plan on online_shoppers against the same arms as imbalanced-learn pipelines.

Ours: the quick plan (5 folds, both default classifiers) by the engine with two workers, which was
up and had run a tiny plan before. Theirs: each fitting arm as a pipeline in
``cross_validate(n_jobs=2)`` of 5 folds, one after the other, its processes up before, too; every
library keeps to one thread a process in both.

    REBAL_DATA=<folder of the real tables> python benchmarks/quick_plan.py

The pipelines get the same columns standardised and one-hot, then the sampler and the classifier
with our parameters, and score average precision and AUC in each fold. They do less: no threshold,
no calibration, no stored predictions, models or attempts, no intervals, tests and verdict (the
tasks ``alarms`` and ``decide``), and a user who tunes the threshold of the untreated models pays
``tuned thresholds`` on top (``TunedThresholdClassifierCV``; we derive ours from the stored
predictions). They do other work in two places: boosting sees one-hot columns where
ours sees codes (so ``codes`` gives the peer our encoding wherever no row is made), and SMOTE
searches and mixes one-hot columns where ours takes categories from a parent.

The bound: both sides must do the fits, which are most of the time; two processes at best halve it.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["REBAL_WORKERS"] = "2"
os.environ["REBAL_GPUS"] = "0"

import tempfile
import time
from pathlib import Path

from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV, cross_validate
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import read_table
from rebal_core.data.schema import set_target
from rebal_core.experiment.client import stop_engine, submit, wait
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.store.store import Store

FILE, TARGET = "online_shoppers.parquet", "Revenue"
SAMPLERS = {"random_over": RandomOverSampler, "random_under": RandomUnderSampler, "smote": SMOTE}


def pipeline(dataset: Dataset, strategy: str, classifier: str, codes: bool) -> object:
    """Return an arm as a scikit-learn user writes it."""
    kinds = {c.name: c.kind for c in dataset.schema.features}
    plain = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encoder = plain if codes else OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer(
        (StandardScaler(), [n for n, k in kinds.items() if k != "category"]),
        (encoder, [n for n, k in kinds.items() if k == "category"]),
    )
    weight = "balanced" if strategy == "class_weight" else None
    if classifier == "prior":
        model = DummyClassifier()
    elif classifier == "logistic":
        model = LogisticRegression(max_iter=1000, class_weight=weight)
    else:
        model = HistGradientBoostingClassifier(
            early_stopping=False, class_weight=weight, random_state=0
        )
    sampler = [SAMPLERS[strategy](random_state=0)] if strategy in SAMPLERS else []
    made = make_pipeline(columns, *sampler, model)
    return TunedThresholdClassifierCV(made, scoring="f1") if strategy == "threshold" else made


def peer(dataset: Dataset, strategy: str, classifier: str, codes: bool = False) -> float:
    """Return the seconds of one arm in ``cross_validate``."""
    frame = dataset.frame()
    x, y = frame.drop(columns=TARGET), frame[TARGET].astype(int)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    estimator = pipeline(dataset, strategy, classifier, codes)
    began = time.perf_counter()
    found = cross_validate(
        estimator, x, y, cv=folds, n_jobs=2, scoring=("average_precision", "roc_auc")
    )
    seconds = time.perf_counter() - began
    score = found["test_average_precision"].mean()
    name = f"{strategy}/{classifier}" + (" codes" if codes else "")
    print(f"  {name:40s} {seconds:5.1f} s  average precision {score:.3f}", flush=True)
    return seconds


def main() -> None:
    data = Path(os.environ.get("REBAL_DATA", "")) / FILE
    if not os.environ.get("REBAL_DATA") or not data.is_file():
        print("quick_plan: nothing measured. Set REBAL_DATA to the folder of the real tables.")
        return
    with tempfile.TemporaryDirectory(prefix="rebal-") as home:
        store = Store(Path(home))
        identifier, folder = store.new_dataset_folder()
        read = read_table(data, folder)
        store.add_dataset(read.with_schema(set_target(read.schema, TARGET)))
        dataset = store.dataset(identifier)
        try:
            wishes = {"strategies": ["none"], "classifiers": ["logistic"], "folds": 2, "seed": 9}
            wait(store, submit(store, make_plan(dataset, **wishes)))
            plan = make_plan(dataset)
            row = wait(store, submit(store, plan))
            ours = row.finished - row.started
            told = report(store, row.run)
            kinds = store.tasks(row.run).groupby("kind")["seconds"].agg(["count", "sum"])
        finally:
            stop_engine(store)
            store.close()
        print(f"ours: {len(plan.arms)} arms x {plan.protocol.folds} folds, {row.state}, "
              f"{ours:.1f} s")  # fmt: skip
        for kind, (count, seconds) in kinds.iterrows():
            print(f"  {count:.0f} x {kind}: {seconds:.1f} s")
        for arm in told["arms"]:
            if arm["metrics"]:
                score = arm["metrics"]["average_precision"]["mean"]
                print(f"  {arm['arm']:40s} {'':7s}  average precision {score:.3f}")
        peer(dataset, "dummy", "prior")  # brings the processes up
        print("theirs:")
        arms = [(a.strategy, a.classifier) for a in plan.arms if a.strategy != "threshold"]
        took = {arm: peer(dataset, *arm) for arm in arms}
        codes = dict(took)
        for strategy, classifier in arms:
            if classifier == "hist_gradient_boosting" and strategy != "smote":
                codes[strategy, classifier] = peer(dataset, strategy, classifier, True)
        tuned = sum(peer(dataset, "threshold", c) for c in {c for s, c in arms if s == "none"})
    whole, coded = sum(took.values()), sum(codes.values())
    print(f"theirs {whole:.1f} s, codes {coded:.1f} s, tuned thresholds {tuned:.1f} s more")
    print(f"theirs / ours: {whole / ours:.2f}; codes {coded / ours:.2f}; "
          f"with tuned thresholds {(whole + tuned) / ours:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
