"""Tables in which there is nothing to learn: no arm finds something, and no remedy helps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core import compare


def noise(seed: int, rows: int = 1_500, share: float = 0.05) -> pd.DataFrame:
    """Six features that know nothing of the label."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(rows, 6)), columns=[f"x{j}" for j in range(6)])
    label = np.where(np.arange(rows) < round(share * rows), "yes", "no")
    return table.assign(label=rng.permutation(label))


def test_no_arm_finds_anything_and_none_helps() -> None:
    found = compare(noise(0), "label")
    arms = found.arms[found.arms["status"] == "done"].set_index("arm")
    assert set(arms.index) == {
        f"{strategy}/{classifier}"
        for strategy in (
            "none", "threshold", "class_weight", "random_over", "random_under", "smote",
        )
        for classifier in ("logistic", "hist_gradient_boosting")
    } | {"dummy/prior"}  # fmt: skip
    assert arms["roc_auc"].max() <= 0.6
    assert not (arms["code"] == "HELPS").any()
    assert found.report["verdict"]["code"] != "HELPS"


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["average_precision", "balanced_accuracy"])
def test_no_remedy_helps_on_any_noise_table(metric) -> None:
    """Real classifiers and all strategies, as a user runs them, on five other tables."""
    helped = []
    for seed in range(1, 6):
        found = compare(
            noise(seed, rows=600, share=0.1),
            "label",
            strategies="all",
            classifiers=["logistic", "random_forest"],
            metric=metric,
            seed=seed,
        )
        helped += found.arms[found.arms["code"] == "HELPS"]["arm"].tolist()
    assert helped == []
