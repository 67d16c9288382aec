"""Every classifier, two and three classes, a category and a missing value: sums are exact."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Arm, Protocol
from rebal_core.data.dataset import Dataset
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.load import from_frame
from rebal_core.data.split import make_splits
from rebal_core.decisions import Calibration, Policy, Repair
from rebal_core.explain import Explanation, compare_importance, explain_arm, kernel
from rebal_core.explain.sample import background_rows, explained_rows
from rebal_core.strategies import fit_arm
from rebal_core.wording import Unsuitable

ARMS = (
    "smote/logistic",
    "random_over/random_forest",
    "random_over/hist_gradient_boosting",
    "class_weight/mlp",
    "class_weight/linear_svm",
    "smote/decision_tree",
    "none/extra_trees",
    "none/rbf_svm",
    "class_weight/knn",
    "random_over/naive_bayes",
    "class_weight/lightgbm",
    "focal/lightgbm",
    "logit_adjusted_loss/lightgbm",
    "balanced_random_forest/random_forest",
)


def open_table(tmp_path, frame) -> Dataset:
    frame = frame.copy()
    frame.loc[frame.index[::9], "amount"] = np.nan
    return from_frame(frame, tmp_path / "data", target="label")


def fitted_arm(dataset, name):
    labels = dataset.labels()
    protocol = Protocol("average_precision", "f1", folds=3)
    split = make_splits(labels.y, protocol)[0]
    frame = dataset.frame(rows=split.train)
    preparation, rows = Preparation.fit(frame, labels.y[split.train], dataset.schema)
    arm = Arm(*name.split("/"))
    fitted = fit_arm(arm, rows, seed=0, n_classes=len(labels.classes))
    return fitted, preparation, split


@pytest.mark.parametrize("name", ARMS)
@pytest.mark.parametrize("table", ["tiny_binary", "tiny_multiclass"])
def test_values_add_up_to_the_model_s_own_output(name, table, tmp_path, request):
    dataset = open_table(tmp_path, request.getfixturevalue(table))
    fitted, preparation, split = fitted_arm(dataset, name)
    classes = dataset.labels().classes
    offsets = tuple(0.1 * np.arange(len(classes)))
    policy = Policy(1, Repair("prior+intercepts", Calibration(0.8, offsets)))
    for label in classes[-2:]:
        found = explain_arm(
            fitted, preparation, dataset, split, label=label, policy=policy, seed=0, rows=24
        )
        limit = 1e-8 if found.method == "permutation" else 1e-6
        assert found.error < limit
        assert set(found.players) == {"amount", "age", "device", "city"}
        assert np.abs(found.values).max() > 1e-4
        assert np.isin(found.rows, split.test).all()


def test_unrepaired_output_is_explained_too(tmp_path, tiny_binary):
    dataset = open_table(tmp_path, tiny_binary)
    fitted, preparation, split = fitted_arm(dataset, "none/logistic")
    found = explain_arm(
        fitted, preparation, dataset, split, label="rare", policy=Policy(1), seed=0, rows=10
    )
    typed = preparation.transform(dataset.frame(rows=found.rows))
    np.testing.assert_allclose(found.output, fitted.predict_proba(typed)[:, 1])
    assert found.importance()["player"].iloc[0] == "amount"


def test_text_column_is_one_player(tmp_path):
    rng = np.random.default_rng(0)
    wanted = rng.random(200) < 0.3
    frame = pd.DataFrame(
        {
            "question": np.where(wanted, "refund my order please", "where is the shop")
            + pd.Series(rng.integers(0, 9999, 200).astype(str)),
            "price": rng.normal(size=200),
            "label": np.where(wanted, "refund", "other"),
        }
    )
    dataset = from_frame(frame, tmp_path / "data", target="label")
    schema = dataset.schema.with_role("feature", "question")
    columns = [c if c.name != "question" else type(c)("question", "text") for c in schema.columns]
    dataset = dataset.with_schema(type(schema)(tuple(columns)))
    for name in ("none/logistic", "none/linear_svm", "none/random_forest"):
        fitted, preparation, split = fitted_arm(dataset, name)
        found = explain_arm(
            fitted, preparation, dataset, split, label="refund", policy=Policy(1), seed=0, rows=10
        )
        assert found.players == ("question", "price")
        assert found.importance()["player"].iloc[0] == "question"


def test_same_rows_for_every_arm_and_half_of_the_class(tmp_path, tiny_binary):
    dataset = open_table(tmp_path, tiny_binary)
    labels = dataset.labels()
    split = make_splits(labels.y, Protocol("average_precision", "f1", folds=3))[0]
    rows, weight = explained_rows(labels.y, split, 1, seed=0, size=16)
    assert (labels.y[rows] == 1).sum() == 8
    np.testing.assert_allclose(weight.sum(), len(split.test))
    fewer, _ = explained_rows(labels.y, split, 1, seed=0, size=8)
    assert set(fewer) <= set(rows)
    everything, stands = explained_rows(labels.y, split, 1, seed=0, size=10_000)
    assert sorted(everything) == sorted(split.test)
    np.testing.assert_allclose(stands, 1)
    assert np.isin(background_rows(split, 0), split.train).all()


def test_values_that_miss_the_output_are_not_shown(tmp_path, tiny_binary, monkeypatch):
    dataset = open_table(tmp_path, tiny_binary)
    fitted, preparation, split = fitted_arm(dataset, "none/hist_gradient_boosting")
    monkeypatch.setattr(kernel, "shapley", lambda t, x, b, player, worth: np.zeros((len(x), 4)))
    with pytest.raises(Unsuitable, match="miss its own output"):
        explain_arm(
            fitted, preparation, dataset, split, label="rare", policy=Policy(1), seed=0, rows=10
        )


def test_dummy_has_nothing_to_explain(tmp_path, tiny_binary):
    dataset = open_table(tmp_path, tiny_binary)
    fitted, preparation, split = fitted_arm(dataset, "dummy/prior")
    with pytest.raises(Unsuitable, match="nothing to explain"):
        explain_arm(fitted, preparation, dataset, split, label="rare", policy=Policy(1), seed=0)


def test_saved_explanation_comes_back(tmp_path, tiny_binary):
    dataset = open_table(tmp_path, tiny_binary)
    fitted, preparation, split = fitted_arm(dataset, "none/logistic")
    found = explain_arm(
        fitted, preparation, dataset, split, label="rare", policy=Policy(1), seed=0, rows=10
    )
    found.save(tmp_path / "values.npz")
    again = Explanation.load(tmp_path / "values.npz")
    np.testing.assert_array_equal(again.values, found.values)
    assert (again.players, again.base, again.arm) == (found.players, found.base, found.arm)
    long = again.frame(dataset.frame(rows=again.rows), dataset.schema)
    assert len(long) == found.values.size
    ordered = long.groupby("player")["ordered"].agg(["all", "any"])
    assert set(ordered.index[ordered["all"]]) == {"amount", "age"}
    assert not ordered.loc[["device", "city"], "any"].any()
    assert long.loc[1, "feature_value"] == dataset.frame(rows=again.rows)[again.players[1]].iloc[0]
    beside = compare_importance(found, again)
    assert (beside["shift"] == 0).all()
    assert beside["left"].is_monotonic_decreasing
