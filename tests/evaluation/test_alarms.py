"""Alarms: copies across folds and columns that hold the answer; quiet on honest tables."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from rebal_core.arm import Protocol
from rebal_core.data.split import make_splits
from rebal_core.evaluation.alarms import aucs_alone, copied_rows, copy_codes, find_alarms
from rebal_core.schema import Column, Schema


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


def test_copies_are_counted_in_all_rows_and_in_the_judged_class(table):
    frame, y = table
    copied = pd.concat([frame, frame.iloc[-20:]], ignore_index=True)
    (alarm,) = run(copied, np.r_[y, y[-20:]])
    assert (alarm["code"], alarm["label"]) == ("copies_across_folds", "yes")
    # Twins fall into one fold in about a fifth of the cases.
    assert 0.35 < alarm["rare"] < 0.58
    assert alarm["share"] == pytest.approx(alarm["rare"] * 70 / 520)
    json.dumps(alarm, allow_nan=False)
    (common,) = run(pd.concat([frame, frame.iloc[:40]], ignore_index=True), np.r_[y, y[:40]])
    assert common["rare"] == 0


@given(st.lists(st.integers(0, 6), min_size=12, max_size=40), st.integers(0, 3))
def test_a_tested_copy_is_one_whose_twin_is_taught(values, seed):
    y = (np.arange(len(values)) % 2).astype(np.int64)
    splits = make_splits(y, Protocol("f1", "f1", folds=3, repeats=2, seed=seed))
    frame = pd.DataFrame({"a": values, "b": [str(v % 2) for v in values]})
    code = copy_codes(frame, [Column("a", "number"), Column("b", "category")])
    found = copied_rows(code, splits)
    for s in splits:
        taught = {values[k] for k in s.train}
        assert [values[k] in taught for k in s.test] == found[s.repeat, s.test].tolist()


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
def test_a_column_that_holds_the_answer_is_told(table, leak):
    frame, y = table
    frame["leak"] = leak(y, np.random.default_rng(1))
    alarms = run(frame, y)
    assert [(a["code"], a["column"], a["weighs"]) for a in alarms] == [
        ("single_feature", "leak", True)
    ]
    assert alarms[0]["labels"] == ["yes"]
    assert alarms[0]["auc"] > 0.99


def test_a_range_that_holds_most_of_a_rare_class_is_told():
    rng = np.random.default_rng(0)
    y = (rng.random(2_000) < 0.1).astype(np.int64)
    refund = np.where((y == 1) & (rng.random(2_000) < 0.8), rng.gamma(2.0, 50.0, 2_000), 0.0)
    frame = pd.DataFrame({"amount": rng.normal(size=2_000), "leak": refund})
    for positive in (1, 0):  # the rare class is told whichever is in focus
        (alarm,) = run(frame, y, positive=positive)
        held = {"sign": ">", "value": "0", "own": int((refund > 0).sum()), "others": 0}
        assert alarm["auc"] < 0.95
        assert (alarm["column"], alarm["labels"], alarm["weighs"]) == ("leak", ["yes"], True)
        assert held.items() <= alarm["range"].items()
        json.dumps(alarm, allow_nan=False)


def many(sizes, told):
    """Many classes and a column that gives some of them away."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(len(sizes)), sizes).astype(np.int64)
    leak = rng.normal(size=y.size) + 9.0 * np.isin(y, told)
    return pd.DataFrame({"amount": rng.normal(size=y.size), "leak": leak}), y


@pytest.mark.parametrize(
    ("sizes", "told", "weighs"),
    [
        ((300, 100, 40), [1], True),  # one of three moves an average over them much
        ((300, 100, 40), [2], True),
        ((100,) * 14, [3], False),  # one of fourteen moves it little
        ((200,) * 13 + (40,), [13], True),  # but this is the class under claim
        ((200,) * 13 + (40, 4), [13], True),  # since no claim is made of four rows
    ],
)
def test_of_many_classes_one_that_is_given_away_is_told(sizes, told, weighs):
    frame, y = many(sizes, told)
    names = tuple(f"c{k}" for k in range(len(sizes)))
    (alarm,) = run(frame, y, names, len(sizes) - 1)
    assert (alarm["column"], alarm["labels"]) == ("leak", [f"c{k}" for k in told])
    assert alarm["weighs"] is weighs


def test_a_code_that_tells_every_class():
    frame, y = many((300, 100, 40), [])
    (alarm,) = run(frame.assign(leak=y * 10), y, ("a", "b", "c"), 2)
    assert alarm["labels"] == ["a", "b", "c"]


def test_auc_alone_against_scikit_learn():
    rng = np.random.default_rng(0)
    y = rng.choice(4, 600, p=[0.5, 0.3, 0.15, 0.05]).astype(np.int64)
    splits = make_splits(y, Protocol("macro_f1", "macro_f1"))
    score = pd.Series(rng.normal(size=600) + y)
    code = pd.Series(rng.integers(0, 12, 600) + y).astype(str)
    for k in range(4):
        (ranked,) = aucs_alone(score, splits, y, np.array([k]))
        plain = np.mean([roc_auc_score(y[s.test] == k, score[s.test]) for s in splits])
        assert ranked == pytest.approx(max(plain, 1 - plain))
        folds = []
        for s in splits:
            rates = {
                c: ((y[s.train] == k)[code[s.train] == c].sum() + (y[s.train] == k).mean())
                / ((code[s.train] == c).sum() + 1)
                for c in code.unique()
            }
            folds.append(roc_auc_score(y[s.test] == k, code[s.test].map(rates)))
        assert aucs_alone(code, splits, y, np.array([k]))[0] == pytest.approx(np.mean(folds))


def test_unique_category_tells_nothing():
    y = np.tile([0, 1], 100).astype(np.int64)
    splits = make_splits(y, Protocol("f1", "f1"))
    ids = pd.Series([f"id{i}" for i in range(200)])
    one = np.array([1])
    assert aucs_alone(ids, splits, y, one)[0] == pytest.approx(0.5, abs=0.02)
    assert aucs_alone(pd.Series(np.zeros(200)), splits, y, one)[0] == 0.0


def test_groups_on_both_sides_are_told(table):
    frame, y = table
    code = np.arange(500) // 4
    kinds = Schema((Column("amount", "number"), Column("y", "category", "target")))
    rows = make_splits(y, Protocol("f1", "f1"))
    (alarm,) = find_alarms(frame[["amount"]], kinds, rows, y, ("no", "yes"), 1, {"who": code})
    assert (alarm["code"], alarm["column"]) == ("mixed_groups", "who")
    assert alarm["share"] > 0.9
    whole = make_splits(y, Protocol("f1", "f1", split="group"), groups=code)
    assert find_alarms(frame[["amount"]], kinds, whole, y, ("no", "yes"), 1, {"who": code}) == []
