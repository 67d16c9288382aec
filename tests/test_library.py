"""The front door for notebooks: what it takes, what comes back, and what it refuses."""

from __future__ import annotations

import doctest
from datetime import time
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rebal_core as rebal
from rebal_core import library
from rebal_core.data.reading.load import from_frame
from rebal_core.data.unused import unused
from rebal_core.experiment.tasks import learning
from rebal_core.strategies import fit_arm
from rebal_core.wording import UserError

N = 60
RNG = np.random.default_rng(0)
Y = np.where(RNG.random(N) < 0.3, "yes", "no")
FRAME = pd.DataFrame(
    {
        0: RNG.normal(size=N).astype(np.float32),
        1: np.arange(N) % 7,
        "kind": pd.Categorical(RNG.choice(["a", "b"], N)),
        "gaps": pd.array([None if i % 9 == 0 else i % 13 for i in range(N)], dtype="Int64"),
        "truth": pd.array([None if i % 9 == 0 else i % 2 == 0 for i in range(N)], dtype="boolean"),
        "id": np.arange(N) + 2**60 + 1,
        "day": pd.date_range("2020", periods=N).astype("datetime64[ns]"),
        "y": Y,
    }
)
X = FRAME[[0, 1, "kind"]]


class Stream:
    """A table of a stranger that knows the Arrow stream protocol only, as those of polars do."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_the_examples_are_true() -> None:
    found = doctest.testmod(library, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted >= 6
    assert not found.failed


def test_what_comes_back_has_the_caller_s_names_and_types() -> None:
    before = FRAME.copy(deep=True)
    made = rebal.balance(FRAME, "y", "smote", ratio=0.9)
    pd.testing.assert_frame_equal(FRAME, before)
    assert made.columns.tolist() == [*FRAME.columns, "_origin", "_parents"]
    whole = FRAME.astype({"id": "Int64"})  # rows that were made have none
    assert made.dtypes.iloc[:-2].tolist() == whole.dtypes.tolist()
    pd.testing.assert_frame_equal(made.iloc[:N, :-2], whole)
    assert (made["_origin"][N:] == "interpolated").all()
    assert made["id"][N:].isna().all()


def test_the_rows_that_were_taken_away_come_too() -> None:
    table = FRAME.copy()
    made = rebal.balance(table, "y", "tomek+random_under", seed=3)
    balanced, gone = rebal.balance(table, "y", "tomek+random_under", seed=3, removed=True)
    pd.testing.assert_frame_equal(balanced, made)
    assert gone.columns.tolist() == [*table.columns, "_removed_by", "_origin", "_parents"]
    assert gone.dtypes.iloc[:-3].tolist() == table.dtypes.tolist()
    assert set(gone["_removed_by"]) <= {"tomek", "random_under"}
    assert set(gone["_origin"]) == {"removed"}
    places = [place for (place,) in gone["_parents"]]
    left = [place for (place,) in balanced["_parents"]]
    assert sorted(places + left) == list(range(N))
    pd.testing.assert_frame_equal(
        gone.iloc[:, :-3], table.iloc[places].reset_index(drop=True), check_index_type=False
    )
    _made, none = rebal.balance(table, "y", "random_over", removed=True)
    assert len(none) == 0
    assert none.columns.tolist() == gone.columns.tolist()


def test_rows_of_the_caller_s_are_theirs_value_by_value() -> None:
    place = np.arange(N)
    table = pd.DataFrame(
        {
            "infinite": np.where(place == 3, np.inf, place / 3),
            "empty": np.where(place % 7, "x", ""),
            "long": pd.Series([10**30 + i for i in range(N)], dtype=object),
            "mixed": pd.Series([i if i % 2 else str(i) for i in range(N)], dtype=object),
            "hour": pd.Series([time(i % 24) for i in range(N)], dtype=object),
            "uuid": pd.Series([UUID(int=i) for i in range(N)], dtype=object),
            "span": pd.cut(FRAME[0], 5),
            "either": pd.Categorical([1, "1", 2] * (N // 3)),
            "rank": pd.Categorical(place % 3, categories=[0, 1, 2, 9]),
            "beyond": place.astype(np.uint64) * 3 + 2**63,
            "small": (place * 5 % 16).astype(np.int8),
            "tick": pd.to_timedelta(place, unit="ns"),
            "y": Y,
        }
    )
    for strategy in "smote", "random_over", "random_under", "smote_enn":
        made = rebal.balance(table, "y", strategy)
        mine = made["_origin"].isin(["original", "duplicate"])
        assert mine.any()
        rows = [parents[0] for parents in made["_parents"][mine]]
        back, there = made.loc[mine, table.columns], table.iloc[rows]
        for name in table:
            assert back[name].tolist() == there[name].tolist(), (strategy, name)
        if strategy != "smote":
            continue
        assert not mine.all()
        kinds = table.dtypes.to_dict() | {"beyond": pd.UInt64Dtype()}  # an id: made rows have none
        assert made.dtypes[table.columns].to_dict() == kinds
        assert made["span"].isin(table["span"]).all()
        assert {type(v) for v in made["hour"]} == {time}


def test_what_was_balanced_can_be_read_again(tmp_path) -> None:
    made = rebal.balance(FRAME, "y", "smote", ratio=0.8)
    again = rebal.balance(made, "y", "random_over")
    added = ["_origin", "_parents", "_origin_2", "_parents_2"]
    assert again.columns.tolist() == [*FRAME.columns, *added]
    schema = from_frame(again, tmp_path / "again", target="y").schema
    assert {schema[name].role for name in added} == {"ignore"}
    told = {row["column"]: row["reason"] for row in unused(schema)}
    assert {told[name] for name in added} == {"Written by Rebal: where the row comes from."}


def test_rows_to_label_oneself_are_those_without_a_label_and_never_test_rows(monkeypatch) -> None:
    place = np.arange(2 * N)
    table = pd.DataFrame({"x": place + (place % 7) / 10, "y": [*Y, *[None] * N]})
    met = []

    def spied(arm, rows, *others, unlabelled=None, **options):
        met.append((arm.strategy, rows, unlabelled))
        return fit_arm(arm, rows, *others, unlabelled=unlabelled, **options)

    monkeypatch.setattr(learning, "fit_arm", spied)
    asked = {"strategies": ["consistency"], "classifiers": ["mlp"], "folds": 2}
    rebal.compare(table, "y", params={"mlp": {"epochs": 2}}, **asked)
    free = [(rows, others) for name, rows, others in met if name == "consistency"]
    assert len(free) == 2
    assert all(others is None for name, _, others in met if name != "consistency")
    for rows, others in free:
        assert len(rows) == N / 2
        assert len(others) == N
        assert others.numbers.min() > rows.numbers.max(), "test rows lie among those learned from"
        assert set(others.y) == {-1}


def test_columns_of_every_kind_are_compared() -> None:
    """Where every row has a label, none is left for those who learn from the others."""
    rng = np.random.default_rng(1)
    words = rng.choice(["red", "blue", "shoe", "shirt", "sale", "暖和"], (N, 12))
    table = FRAME.assign(
        said=[f"{' '.join(some)} {i}" for i, some in enumerate(words)],
        point=[row.tolist() for row in rng.normal(size=(N, 3))],
    )
    found = rebal.compare(table, "y", strategies=["none"], classifiers=["logistic"], folds=2)
    assert set(found.arms["status"]) == {"done"}


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([1.0, 2.0], {2.0: 45}),
        ([1, 2], {2: 45}),
        ([False, True], {True: 45}),
        ([False, True], pd.Series({True: 45})),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), {pd.Timestamp("2021-01-01"): 45}),
    ],
)
def test_classes_are_named_as_the_caller_s_labels(values, counts) -> None:
    labels = pd.Series(values)[(Y == "yes").astype(int)].to_numpy()
    made = rebal.balance(X, labels, "random_over", counts=counts)
    assert made["target"].value_counts()[values[1]] == 45
    assert made["target"].value_counts()[values[0]] == (Y == "no").sum()


@settings(max_examples=12, deadline=None)
@given(
    names=st.lists(
        st.one_of(
            st.integers(-3, 3), st.text("ab _1", max_size=2), st.dates(), st.floats(0, 1), st.none()
        ),
        min_size=2, max_size=5, unique_by=str,
    ),
    place=st.integers(0, 4),
)  # fmt: skip
def test_columns_may_have_any_name(names, place) -> None:
    table = pd.DataFrame({j: np.arange(12.0) for j in range(len(names))})
    place %= len(names)
    table[place] = ["no", "no", "yes"] * 4
    table.columns = pd.Index(names, dtype=object)
    if names[place] is None:
        return
    made = rebal.balance(table, names[place], "random_over")
    assert made.columns.tolist() == [*names, "_origin", "_parents"]
    assert (made.iloc[:, place] == "yes").sum() == 8


TARGETS = {
    "Series with a name": (pd.Series(Y, name="said"), "said"),
    "Series": (pd.Series(Y), "target"),
    "array": (Y, "target"),
    "list": (Y.tolist(), "target"),
    "frame of one column": (pd.DataFrame({"said": Y}), "said"),
    "Arrow array": (pa.array(Y.tolist()), "target"),
}


@pytest.mark.parametrize(("target", "name"), TARGETS.values(), ids=TARGETS)
def test_the_target_may_be_values(target, name) -> None:
    tables = X, pa.Table.from_pandas(X.rename(columns=str), preserve_index=False)
    for table in tables:
        made = rebal.balance(table, target, "random_under", counts={"no": 20})
        assert made[name].value_counts()["no"] == 20
        assert list(made.columns[:-2]) == [*made.columns[: X.shape[1]], name]


def test_a_name_that_is_taken_is_not_given_to_the_target() -> None:
    made = rebal.balance(X.assign(target=1.5 * np.arange(N)), Y, "random_over")
    assert made.columns.tolist()[-4:] == ["target", "target_2", "_origin", "_parents"]


def test_arrow_and_files_are_tables(tmp_path) -> None:
    table = pa.table(
        {
            "a": RNG.normal(size=N),
            "y": pa.array(Y.tolist(), pa.string_view()),
            "kind": pa.array(RNG.choice(["u", "v"], N).tolist()).dictionary_encode(),
        }
    )
    path = tmp_path / "table.csv"
    table.to_pandas().to_csv(path, index=False)
    reader = pa.RecordBatchReader.from_stream(table)
    expected = rebal.balance(table, "y", "smote", seed=3)
    assert len(expected) > N
    for other in (Stream(table), table.to_batches()[0], reader, str(path), path):
        made = rebal.balance(other, "y", "smote", seed=3)
        pd.testing.assert_frame_equal(made, expected)


LEVELS = pd.MultiIndex.from_product([["x"], X.columns])
WRONG_TABLES = {
    "a list": ([1, 2], "type list"),
    "a dict": ({"y": [1]}, "type dict"),
    "an array": (np.zeros((5, 2)), "type ndarray"),
    "a Series": (FRAME["y"], "type Series"),
    "an Arrow array": (pa.chunked_array([[1]]), "type ChunkedArray"),
    "nothing": (None, "type NoneType"),
    "levels": (X.set_axis(LEVELS, axis=1), "2 levels"),
    "no rows": (FRAME.iloc[:0], "no rows"),
    "no column": (pd.DataFrame(), "only one column"),
    "no file": ("absent.csv", "no file absent.csv"),
    "a long text": ("x" * 5000, "no file xxx"),
}
WRONG_TARGETS = {
    "nothing": (None, "No target"),
    "no column": ("z", "no column “z”"),
    "no number": (5, "no column “5”"),
    "too few": (Y[:-1], "59 entries, and the table has 60 rows"),
    "many columns": (np.zeros((N, 2)), "one value a row"),
    "a set": ({"y"}, "type set"),
    "no dimension": (np.array(5), "no column “5”"),
    "taken": (pd.Series(Y, name="kind"), "has a column “kind”"),
    "another order": (pd.Series(Y, index=range(N)[::-1]), "in another order"),
    "one class": (["no"] * N, "“no”"),
}


@pytest.mark.parametrize("call", [rebal.compare, rebal.balance])
def test_a_wrong_table_or_target_is_told_in_a_sentence(call) -> None:
    cases = [(table, "y", words) for table, words in WRONG_TABLES.values()]
    cases += [(X, target, words) for target, words in WRONG_TARGETS.values()]
    doubled = FRAME.set_axis([*FRAME.columns[:-2], "y", "y"], axis=1)
    for table, target, words in (*cases, (doubled, "y", "Several columns are called “y”")):
        with pytest.raises(UserError) as caught:
            call(table, target)
        assert words in str(caught.value)


WRONG_OPTIONS = (
    ({"fold": 3}, "no option “fold”; it has strategies, classifiers, trust, metric"),
    ({"folds": "3"}, "folds is '3'; give a whole number"),
    ({"folds": True}, "folds is True"),
    ({"repeats": None}, "repeats is None"),
    ({"seed": 1.5}, "seed is 1.5"),
    ({"margin": "a"}, "margin is 'a'; give a number"),
    ({"metric": 3}, "metric is 3; give a name"),
    ({"split": "x"}, "split is 'x'; give rows, group or time"),
    ({"strategies": 5}, "strategies is 5"),
    ({"strategies": [5]}, "strategies is list"),
    ({"classifiers": 5}, "classifiers is 5"),
    ({"params": 5}, "params is 5"),
    ({"params": {5: {}}}, "params is dict"),
    ({"params": {"smote": {5: 1}}}, "params is dict"),
    ({"params": {"smote": 5}}, "What is set of smote is 5"),
    ({"params": {"smote": {"ratios": 1}}}, "no parameter “ratios”"),
    ({"params": {"smoote": {"ratio": 1}}}, "did you mean smote"),
    ({"group": ["kind"]}, "type list"),
    ({"time": 5}, "no column “5”"),
    ({"drop": 5}, "no column “5”"),
    ({"trust": "z"}, "no column “z”"),
    ({"positive": 5}, "no class “5”"),
)
WRONG_PARAMS = (
    ({"rati": 1}, "no parameter “rati”"),
    ({"ratio": "a"}, "ratio is 'a'"),
    ({"counts": 5}, "counts is 5"),
    ({"counts": {"maybe": 5}}, "names the class “maybe”"),
    ({"seed": "a"}, "seed is 'a'"),
    ({"strategy": 5}, "strategy is 5; give the name of a strategy"),
    ({"strategy": "none"}, "leaves the table as it is"),
    ({"value": "kind"}, "holds no numbers"),
    ({"value": "z"}, "no column “z”"),
)


def test_wrong_wishes_are_told_in_a_sentence() -> None:
    usual = {"strategies": ["smote"], "classifiers": "logistic", "folds": 2}
    for options, words in WRONG_OPTIONS:
        with pytest.raises(UserError) as caught:
            rebal.compare(FRAME, "y", **{**usual, **options})
        assert words in str(caught.value), options
    for params, words in WRONG_PARAMS:
        with pytest.raises(UserError) as caught:
            rebal.balance(FRAME, "y", **params)
        assert words in str(caught.value), params


def test_options_name_columns_as_the_caller_does() -> None:
    found = rebal.compare(
        FRAME, "y", strategies=("random_under",), classifiers="logistic", folds=np.int64(2),
        split="rows", drop=[0], trust=1, positive="yes",
    )  # fmt: skip
    assert {"column": "0", "reason": "Left out by the user."} in found.report["unused"]
    assert found.report["protocol"]["folds"] == 2
    assert set(found.arms["status"]) == {"done"}


def test_the_metric_that_decides_stands_among_the_scores() -> None:
    usual = {"strategies": ["random_under"], "classifiers": "logistic", "folds": 2}
    found = rebal.compare(FRAME, "y", metric="macro_f1", **usual)
    arms = found.arms.set_index("arm")
    for row in found.report["arms"]:
        rule = "default" if row["strategy"] in ("none", "dummy") else "tuned"
        assert arms["macro_f1"][row["arm"]] == row["at"][rule]["macro_f1"]["mean"]
    assert arms["macro_f1"]["none/logistic"] != arms["macro_f1"]["threshold/logistic"]
    gain = arms["macro_f1"]["random_under/logistic"] - arms["macro_f1"]["threshold/logistic"]
    assert arms["delta"]["random_under/logistic"] == pytest.approx(gain)
    assert repr(found) == f"Comparison({found.sentence!r})"


def test_rows_that_no_class_can_have_are_told_before_the_comparison() -> None:
    asked = {"random_over": {"counts": {"yes": 1}}}
    with pytest.raises(UserError, match=r"cannot serve a training part .* down to 1;"):
        rebal.compare(FRAME, "y", strategies="random_over", classifiers="logistic", params=asked)


def test_arms_without_a_result_are_told_beside_the_verdict() -> None:
    lost = {"status": "failed", "reason": "No row suits."}
    arms = [
        {"arm": "none/logistic", "status": "done", "reason": None},
        {"arm": "smote/logistic", **lost},
        {"arm": "enn/logistic", **lost},
        {"arm": "tomek/logistic", "status": "skipped", "reason": "Stopped."},
    ]
    found = library.Comparison({"verdict": {"sentence": "No verdict."}, "arms": arms})
    assert found.sentence == (
        "No verdict. Without a result: smote/logistic, enn/logistic. No row suits. "
        "Without a result: tomek/logistic. Stopped."
    )
    assert found.sentence in repr(found)


@pytest.mark.parametrize("name", [0, " lead", ("a", 1), "a,b"])
def test_columns_that_define_neighbours_are_named_as_the_caller_names_them(name):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({0: rng.normal(size=90), "y": [1] * 20 + [0] * 70, "z": range(90)})
    table.columns = pd.Index([name, "y", "z"], tupleize_cols=False)
    made = rebal.balance(table, "y", "smote", columns=[name])
    assert len(rebal.balance(table, "y", "smote", **{"smote.columns": [name]})) == len(made)
    assert (made["_origin"] == "interpolated").sum() > 0
    wishes = {"strategies": ["smote"], "classifiers": ["logistic"], "folds": 2}
    found = rebal.compare(table, "y", params={"smote": {"columns": name}}, **wishes)
    assert set(found.arms["status"]) == {"done"}
