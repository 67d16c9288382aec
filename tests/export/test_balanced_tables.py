"""Balanced tables in the user's own columns: original rows are the source, value by value."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from rebal_core.arm import Arm
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.load import from_frame
from rebal_core.export.balance import balance_table
from rebal_core.export.tables import write_table
from rebal_core.strategies import fit_arm
from rebal_core.wording import UserError


def odd_table(frame) -> pd.DataFrame:
    """Large whole numbers beside missing ones, our own names, dates."""
    n = len(frame)
    return frame.assign(
        big=pd.array([2**60 + i if i % 3 else None for i in range(n)], dtype="Int64"),
        _origin=np.linspace(0, 1, n),
        seen=pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(n), unit="h"),
    )


@pytest.mark.parametrize("strategy", ["smote", "random_over", "random_under", "smote_enn"])
def test_original_rows_equal_their_source(strategy, tiny_binary, tmp_path):
    dataset = from_frame(odd_table(tiny_binary), tmp_path / "d", target="label")
    made = balance_table(dataset, strategy, holdout=0.25, seed=3)
    source = pq.read_table(dataset.table)
    values, own = source.to_pylist(), [*source.column_names]
    assert made.train.column_names == [*own, "_origin_2", "_parents"]
    assert made.train.schema.types[: len(own)] == source.schema.types
    origin = made.train["_origin_2"].to_pylist()
    parents = made.train["_parents"].to_pylist()
    for row, word, of in zip(made.train.select(own).to_pylist(), origin, parents, strict=True):
        if word in ("original", "duplicate"):
            assert row == values[of[0]]
    used = {row for of in parents for row in of}
    tested = {of[0] for of in made.test["_parents"].to_pylist()}
    assert not used & tested
    for row in made.test.to_pylist():
        assert {name: row[name] for name in own} == values[row["_parents"][0]]


def test_made_rows_lie_between_their_parents(tiny_binary, tmp_path):
    dataset = from_frame(tiny_binary, tmp_path / "d", target="label")
    made = balance_table(dataset, "smote").train.to_pandas()
    source = dataset.frame()
    for row in made[made["_origin"] == "interpolated"].itertuples():
        pair = source.loc[list(row._7)]
        assert pair["amount"].min() - 1e-9 <= row.amount <= pair["amount"].max() + 1e-9
        assert row.age == int(row.age)
        assert row.device in set(pair["device"])
        assert row.label == "rare"


def test_whole_numbers_at_the_bound_are_made_inside_it(tiny_binary, tmp_path):
    top = np.iinfo(np.int64).max
    big = top - np.arange(len(tiny_binary), dtype=np.int64) % 9
    dataset = from_frame(tiny_binary.assign(big=big), tmp_path / "d", target="label")
    made = balance_table(dataset, "smote").train
    assert made["big"].type == "int64"
    assert max(made["big"].to_pylist()) <= top
    assert min(made["big"].to_pylist()) >= top - 2048


def test_counts_and_shares(tiny_multiclass, tmp_path):
    dataset = from_frame(tiny_multiclass, tmp_path / "d", target="label")
    made = balance_table(dataset, "random_over", counts={"d": 50}, params={"ratio": "0.1"})
    assert made.counts == {"a": 280, "b": 90, "c": 28, "d": 50}
    assert made.natural["a"] == pytest.approx(0.7)
    assert sum(made.balanced.values()) == pytest.approx(1)
    changed = made.train["label"].to_pandas().value_counts().to_dict()
    assert changed == made.counts


def test_the_note_travels_in_the_parquet_file(tiny_binary, tmp_path):
    dataset = from_frame(tiny_binary, tmp_path / "d", target="label")
    made = balance_table(dataset, "random_under")
    write_table(made.train, tmp_path / "b.parquet", made.note())
    note = json.loads(pq.read_schema(tmp_path / "b.parquet").metadata[b"rebal"])
    assert note["natural_prevalence"]["rare"] == pytest.approx(0.1)
    assert "natural_k / balanced_k" in note["undo"]
    assert any("whole table" in sentence for sentence in note["notes"])


def test_counts_that_cleaning_undid_are_told(tiny_binary, tmp_path):
    dataset = from_frame(tiny_binary, tmp_path / "d", target="label")
    made = balance_table(dataset, "smote_enn", counts={"rare": 200, "common": 270})
    written = made.train["label"].to_pandas().value_counts().to_dict()
    assert made.note()["counts"] == made.counts == written
    assert written["common"] < 270
    told = [note for note in made.notes if "“common”" in note]
    assert any(f"has {written['common']} rows, not the 270 asked for" in note for note in told)


def test_a_strategy_that_only_weighs_writes_weights_that_serve_again(tiny_binary, tmp_path):
    dataset = from_frame(tiny_binary, tmp_path / "d", target="label")
    made = balance_table(dataset, "class_weight")
    table = made.train.to_pandas()
    counts = tiny_binary["label"].value_counts()
    assert made.counts == counts.to_dict()
    assert made.balanced == pytest.approx(dict.fromkeys(counts.index, 0.5))
    assert any("sample_weight" in note for note in made.notes)
    expected = (len(table) / 2 / counts)[table["label"]].to_numpy()
    np.testing.assert_allclose(table["_weight"], expected)
    assert set(table["_origin"]) == {"original"}
    again = from_frame(table, tmp_path / "again", target="label")
    assert again.schema.named("weight") == ("_weight",)
    labels = again.labels()
    _, typed = Preparation.fit(again.frame(), labels.y, again.schema)
    np.testing.assert_allclose(fit_arm(Arm("none", "logistic"), typed, seed=0).prior_fit, 0.5)


def test_asked_counts_are_all_that_is_cut(tiny_multiclass, tmp_path):
    table = tiny_multiclass.drop(tiny_multiclass.index[tiny_multiclass["label"] == "d"][:3])
    dataset = from_frame(table, tmp_path / "d", target="label")
    asked = {"a": 20, "b": 15, "c": 24}
    assert balance_table(dataset, "random_under", counts=asked).counts == {**asked, "d": 3}
    with pytest.raises(UserError, match="leave 12 of 397 rows"):
        balance_table(dataset, "random_under")
    single = pd.DataFrame({"a": np.arange(60) % 7 / 2, "label": [f"k{i}" for i in range(30)] * 2})
    dataset = from_frame(single, tmp_path / "e", target="label")
    assert set(balance_table(dataset, "random_under").counts.values()) == {2}


@pytest.mark.parametrize(
    ("strategy", "options", "words"),
    [
        ("threshold", {}, "leaves the table as it is"),
        ("balanced_random_forest", {}, "leaves the table as it is"),
        ("smote", {"params": {"k": "3"}}, "no parameter"),
        ("smote", {"counts": {"nobody": 3}}, "no class “nobody”"),
        ("random_over", {"counts": {"common": 3}}, "cannot take a class"),
        ("smote", {"counts": {"rare": 70}, "params": {"ratio": "0.5"}}, "ratio has no class left"),
        (
            "random_under",
            {"counts": {"common": 70}, "params": {"ratio": "0.5"}},
            "ratio has no class left",
        ),
        ("smoote", {}, "did you mean smote"),
    ],
)
def test_what_cannot_be_balanced_is_told(strategy, options, words, tiny_binary, tmp_path):
    dataset = from_frame(tiny_binary, tmp_path / "d", target="label")
    with pytest.raises(UserError, match=words):
        balance_table(dataset, strategy, **options)


def test_a_cleaning_says_what_it_took_and_marks_what_is_strange(tiny_binary, tmp_path):
    frame = tiny_binary.copy()
    frame["amount"] = frame["amount"].astype(float)
    for label in ("rare", "common"):
        frame.loc[frame.index[frame["label"] == label][:3], "amount"] = 1e6
    dataset = from_frame(frame, tmp_path / "d", target="label")
    made = balance_table(dataset, "outliers_centre")
    assert made.train.column_names[-3:] == ["_flag", "_origin", "_parents"]
    table = made.train.to_pandas()
    assert table["_flag"].dtype == bool
    assert set(table.loc[table["_flag"], "label"]) == {"rare"}
    assert (table["label"] == "rare").sum() == (frame["label"] == "rare").sum()
    taken, marked = made.notes[:2]
    gone = (frame["label"] == "common").sum() - (table["label"] == "common").sum()
    assert gone >= 3
    assert f"“common” {gone} / 270" in taken
    assert "“rare” 0 / 30 (0.0%)" in taken
    assert f"“rare” {table['_flag'].sum()} / 30" in marked
    again = from_frame(table, tmp_path / "again", target="label").schema
    assert {c.name: c.role for c in again.columns}["_flag"] == "ignore"
    only = balance_table(dataset, "outliers_centre", params={"action": "flag"})
    assert only.train.num_rows == len(frame)
    assert only.train["_flag"].to_pylist().count(True) >= 6
    halved = balance_table(dataset, "outliers_centre", params={"action": "weigh"}).train
    assert set(halved["_weight"].to_pylist()) == {0.5, 1.0}
    assert not any("took away" in note for note in balance_table(dataset, "random_under").notes)


def test_a_table_is_made_of_one_amount(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200), "label": ["rare"] * 60 + ["common"] * 140})
    dataset = from_frame(frame, tmp_path / "d", target="label")
    made = balance_table(dataset, "copula", params={"fill": "0.5"})
    assert made.train["label"].to_pylist().count("rare") == 60 + 40
    with pytest.raises(UserError, match="Several amounts make several tables"):
        balance_table(dataset, "copula", params={"fill": "0.5,1"})
