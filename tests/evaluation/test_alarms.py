"""Alarms: copies across folds and columns that hold the answer; quiet on honest tables."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.split import make_splits
from rebal_core.evaluation.alarms import auc_alone, find_alarms
from rebal_core.types import Column, Protocol, Schema


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [450, 50]).astype(np.int64)
    frame = pd.DataFrame(
        {
            "amount": rng.normal(size=500) + y,
            "city": rng.choice(["Paris", "Lima", None], 500),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, 500), "D"),
            "vector": [rng.normal(size=3) for _ in range(500)],
        }
    )
    return frame, y


def run(frame, y, classes=("no", "yes"), positive=1):
    kinds = {"city": "category", "leak": "category", "day": "time", "vector": "embedding"}
    columns = (Column(n, kinds.get(n, "number")) for n in frame.columns)
    schema = Schema((*columns, Column("y", "category", "target")))
    splits = make_splits(y, Protocol("f1", "f1"))
    return find_alarms(frame, schema, splits, y, classes, positive)


def test_honest_table_is_quiet(table):
    assert run(*table) == []


def test_copies_of_the_rare_class_block(table):
    frame, y = table
    copied = pd.concat([frame, frame.iloc[-20:]], ignore_index=True)
    (alarm,) = run(copied, np.r_[y, y[-20:]])
    assert (alarm["code"], alarm["blocks"]) == ("copies_across_folds", True)
    assert "“yes”" in alarm["message"]
    assert alarm["template"].format(**alarm["values"]) == alarm["message"]
    json.dumps(alarm, allow_nan=False)


def test_copies_of_the_common_class_only_warn(table):
    frame, y = table
    copied = pd.concat([frame, frame.iloc[:40]], ignore_index=True)
    (alarm,) = run(copied, np.r_[y, y[:40]])
    assert not alarm["blocks"]


@pytest.mark.parametrize(
    "leak",
    [
        lambda y, rng: y + rng.normal(size=y.size) * 0.01,
        lambda y, rng: -y + rng.normal(size=y.size) * 0.01,
        lambda y, rng: np.where(y == 1, "b", "a"),
        lambda y, rng: y,
        lambda y, rng: np.where(y == 1, np.nan, rng.normal(size=y.size)),
    ],
    ids=["rising", "falling", "category", "code", "missing"],
)
def test_a_column_that_holds_the_answer_blocks(table, leak):
    frame, y = table
    frame["leak"] = leak(y, np.random.default_rng(1))
    alarms = run(frame, y)
    assert [(a["code"], a["blocks"]) for a in alarms] == [("single_feature", True)]
    assert "“leak”" in alarms[0]["message"]


def test_many_classes_need_a_column_that_tells_them_all():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [300, 100, 40]).astype(np.int64)
    one = pd.Series(np.where(y == 1, 9.0, 0.0) + rng.normal(size=440))
    splits = make_splits(y, Protocol("macro_f1", "macro_f1"))
    assert auc_alone(one, splits, y, None) < 0.95
    frame = pd.DataFrame({"amount": rng.normal(size=440), "leak": y * 10})
    (alarm,) = run(frame, y, ("a", "b", "c"), 2)
    assert "every class" in alarm["message"]


def test_unique_category_tells_nothing():
    y = np.tile([0, 1], 100).astype(np.int64)
    splits = make_splits(y, Protocol("f1", "f1"))
    ids = pd.Series([f"id{i}" for i in range(200)])
    assert auc_alone(ids, splits, y, 1) == pytest.approx(0.5, abs=0.02)
    assert auc_alone(pd.Series(np.zeros(200)), splits, y, 1) == 0.0
