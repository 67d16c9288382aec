"""Compare our scores with published ones on eleven small imbalanced sets.

``roc_auc`` by stratified 5-fold cross-validation, columns standardised inside the fold, logistic
regression and random forest with every strategy of the published table, each with its default
parameters, against the published means (iCost, supplementary file S3). Run it with

    REBAL_DATA=<folder of the real tables> python benchmarks/published.py [repeats]

One repeat takes about three minutes on one core. It prints one line an arm, the mean distance of
each set with its sign, and the mean distance over all.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from rebal_core.arm import Arm, Protocol
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.split import make_splits
from rebal_core.rows import Floats
from rebal_core.samplers import Graphs
from rebal_core.schema import Column, Schema
from rebal_core.strategies import fit_arm

STRATEGIES = {
    "None": "none",
    "ROS": "random_over",
    "SMOTE": "smote",
    "BorderlineSMOTE": "borderline_smote",
    "ADASYN": "adasyn",
    "RUS": "random_under",
    "TomekLinks": "tomek",
    "ENN": "enn",
    "SMOTETomek": "smote_tomek",
    "SMOTEENN": "smote_enn",
}
CLASSIFIERS = {"LR": "logistic", "RF": "random_forest"}


def published(folder: Path) -> pd.DataFrame:
    """Return dataset, strategy, classifier and the published ``roc_auc``."""
    # The sampler "None" is text, not a missing value.
    table = pd.read_csv(folder / "small" / "reference_results.csv", keep_default_na=False)
    table = table[table["sampler"].isin(STRATEGIES) & table["classifier"].isin(CLASSIFIERS)]
    return pd.DataFrame(
        {
            "dataset": table["dataset"],
            "strategy": table["sampler"].map(STRATEGIES),
            "classifier": table["classifier"].map(CLASSIFIERS),
            "published": table["roc_auc_mean"].astype(float),
        }
    ).reset_index(drop=True)


def scores(table: pd.DataFrame, arms: list[Arm], *, repeats: int = 1, seed: int = 0) -> Floats:
    """Return the mean ``roc_auc`` of each arm; the last column of the table is the label."""
    target = table.columns[-1]
    y = (table[target] == table[target].value_counts().index[-1]).to_numpy().astype(np.int64)
    features = [Column(name, "number") for name in table.columns[:-1]]
    schema = Schema((*features, Column(target, "category", "target")))
    splits = make_splits(y, Protocol("roc_auc", "none", folds=5, repeats=repeats, seed=seed))
    result = np.zeros((len(splits), len(arms)))
    for i, split in enumerate(splits):
        train = table.iloc[split.train]
        preparation, rows = Preparation.fit(train, y[split.train], schema, seed=seed)
        test, graphs = preparation.transform(table.iloc[split.test]), Graphs.of(rows)
        for j, arm in enumerate(arms):
            proba = fit_arm(arm, rows, graphs, seed=seed + i).predict_proba(test)
            result[i, j] = roc_auc_score(y[split.test], proba[:, 1])
    return np.asarray(result.mean(axis=0))


def compare(
    folder: Path, *, classifiers: tuple[str, ...] = (), repeats: int = 1, seed: int = 0
) -> pd.DataFrame:
    """Return the published table with our scores and the gaps beside it."""
    reference = published(folder)
    if classifiers:
        reference = reference[reference["classifier"].isin(classifiers)]
    parts = []
    for name, group in reference.groupby("dataset", sort=False):
        table = pd.read_parquet(folder / "small" / f"{name}.parquet")
        arms = [Arm(s, c) for s, c in zip(group["strategy"], group["classifier"], strict=True)]
        ours = scores(table, arms, repeats=repeats, seed=seed)
        parts.append(group.assign(ours=ours, gap=ours - group["published"]))
    return pd.concat(parts)


def main() -> None:
    folder = os.environ.get("REBAL_DATA")
    if not folder:
        print("Nothing compared: set REBAL_DATA to the folder of the real tables.")
        return
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    table = compare(Path(folder), repeats=repeats)
    print(table.round(3).to_string(index=False))
    print(table.groupby(["classifier", "strategy"])["gap"].agg(["mean"]).round(3).to_string())
    print(table.groupby("dataset", sort=False)["gap"].agg(["mean"]).round(3).to_string())
    print(f"mean |gap| over {len(table)} scores: {table['gap'].abs().mean():.4f}")


if __name__ == "__main__":
    main()
