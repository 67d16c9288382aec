"""An order table is split by customer unasked; where that cannot be, the verdict says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core import compare
from rebal_core.checks.report import profile_report
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.split_rule import default_split
from rebal_core.wording import UserError

QUICKLY = {"strategies": "random_over", "classifiers": "logistic", "folds": 3}


def orders(customers=60, each=12, rare=18, seed=0):
    """Orders of customers who send back everything or nothing; nothing else tells."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(customers), each)
    taste = rng.normal(size=(customers, 3))
    return pd.DataFrame(
        {
            "customer_id": [f"C{k:04d}" for k in who],
            **{f"x{j}": taste[who, j] + 0.1 * rng.normal(size=who.size) for j in range(3)},
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, who.size), "D"),
            "returned": np.where(np.isin(who, rng.choice(customers, rare, False)), "yes", "no"),
        }
    )


@pytest.fixture
def dataset(tmp_path):
    return from_frame(orders(), tmp_path / "orders", target="returned")


def test_rows_of_a_customer_stay_together_unasked(dataset):
    plan = make_plan(dataset)
    assert (plan.protocol.split, plan.protocol.group) == ("group", "customer_id")
    assert plan.notes[0].startswith("Rows are split by “customer_id”")
    assert default_split(dataset)[0] == "group"


def test_the_user_has_the_last_word(dataset):
    rows = make_plan(dataset, split="stratified")
    assert (rows.protocol.split, rows.protocol.group, rows.notes) == ("stratified", None, ())
    group = make_plan(dataset, split="group")
    assert (group.protocol.split, group.protocol.group) == ("group", "customer_id")
    days = make_plan(dataset, split="time")
    assert (days.protocol.split, days.protocol.time) == ("time", "day")
    # Customers come back on later days: they leave the training part only when that is asked for.
    assert days.protocol.group is None
    both = make_plan(dataset, time="day", group="customer_id")
    assert (both.protocol.split, both.protocol.group) == ("time", "customer_id")
    feature = dataset.with_schema(dataset.schema.with_role("feature", "customer_id"))
    assert make_plan(feature).protocol.split == "stratified"
    with pytest.raises(UserError, match="needs a group column"):
        make_plan(feature, split="group")


@pytest.mark.parametrize(("rare", "rule"), [(10, "group"), (9, "stratified")])
def test_a_rare_class_of_few_customers_is_split_by_rows(tmp_path, rare, rule):
    dataset = from_frame(orders(rare=rare), tmp_path / "orders", target="returned")
    plan = make_plan(dataset)
    assert (plan.protocol.split, default_split(dataset)[0]) == (rule, rule)
    if rule == "stratified":
        assert "only 9 of its values have rows of “yes”" in plan.notes[0]
        assert make_plan(dataset, split="group").protocol.group == "customer_id"
        assert make_plan(dataset, folds=4).protocol.split == "group"


def test_of_many_classes_the_rarest_that_can_be_judged_decides(tmp_path):
    frame = orders()
    kind = np.where(frame["customer_id"] < "C0030", "a", "b")
    frame["returned"] = np.where(np.arange(len(frame)) < 4, "tiny", kind)
    dataset = from_frame(frame, tmp_path / "orders", target="returned")
    assert default_split(dataset)[0] == "group"


def test_a_verdict_on_mixed_customers_says_so():
    whole = compare(orders(), "returned", **QUICKLY)
    assert whole.report["protocol"]["split"] == "group"
    assert "provided" not in whole.sentence
    assert whole.report["alarms"] == []
    mixed = compare(orders(), "returned", split="stratified", **QUICKLY)
    assert "provided that new rows come from the same “customer_id”" in mixed.sentence
    assert [a["code"] for a in mixed.report["alarms"]] == ["mixed_groups"]
    assert mixed.report["alarms"][0]["message"].startswith("100% of the test rows")


def test_a_column_that_is_no_feature_any_more_still_mixes():
    told = compare(orders(), "returned", split="stratified", drop=["customer_id"], **QUICKLY)
    assert "the same “customer_id”" in told.sentence


def test_a_column_that_tells_a_class_is_a_condition_that_can_be_answered():
    rng = np.random.default_rng(0)
    y = rng.choice(["spruce", "pine", "willow"], 700, p=[0.6, 0.3, 0.1])
    table = pd.DataFrame(
        {
            "Elevation": rng.normal(size=700) - 6.0 * (y == "willow"),
            "Slope": rng.normal(size=700) + (y == "pine"),
            "cover": y,
        }
    )
    told = compare(table, "cover", **QUICKLY)
    assert "provided that “Elevation” is known before the event." in told.sentence
    assert "“willow”" in told.report["alarms"][0]["message"]
    trusted = compare(table, "cover", trust=["Elevation"], **QUICKLY)
    assert "provided" not in trusted.sentence
    assert "Taken as known before the event: “Elevation”." in trusted.sentence
    same = {a["arm"]: a["metrics"] for a in told.report["arms"]}
    assert same == {a["arm"]: a["metrics"] for a in trusted.report["arms"]}
    with pytest.raises(UserError, match="no column “elevator”"):
        compare(table, "cover", trust=["elevator"], **QUICKLY)


def test_copies_are_judged_twice_without_a_fit():
    rng = np.random.default_rng(0)
    y = (np.arange(600) < 90).astype(int)
    table = pd.DataFrame({"a": rng.normal(size=600) + y, "b": rng.normal(size=600), "y": y})
    table = pd.concat([table, table.iloc[:40], table.iloc[:40]], ignore_index=True)
    told = compare(table, "y", repeats=2, **QUICKLY)
    (alarm,) = told.report["alarms"]
    assert alarm["code"] == "copies_across_folds"
    assert "test rows without a copy say" in alarm["message"]
    assert told.report["verdict"]["code"] != "NO_VERDICT"


@pytest.mark.parametrize(
    "asked",
    [
        {"split": "stratified", "group": "customer_id"},
        {"split": "stratified", "time": "day"},
        {"split": "group", "time": "day"},
    ],
)
def test_what_contradicts_the_split_is_refused(dataset, asked):
    with pytest.raises(UserError, match="does not use"):
        make_plan(dataset, **asked)


def uneven(sizes, *, rare="yes"):
    """Orders of one buyer each line of ``sizes``; half of each are of the rare class."""
    who = np.repeat(np.arange(len(sizes)), 2 * np.array(sizes))
    half = np.concatenate([np.arange(2 * n) < n for n in sizes])
    others = 400  # buyers who never send back
    who = np.append(who, len(sizes) + np.arange(others) % 40)
    y = np.append(half, np.zeros(others, dtype=bool))
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "customer_id": [f"C{k:04d}" for k in who],
            "x": rng.normal(size=y.size),
            "returned": np.where(y, rare, "no"),
        }
    )


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ([80] + [2] * 19, "stand in 20 “customer_id”, but one of them holds 67.8%: split by it"),
        ([40] * 2 + [2] * 18, "stand in 20 “customer_id”, but 2 of them hold 69.0%: split by it"),
        ([30] * 4, "stand in 4 “customer_id” only: split by it there will be no verdict"),
        ([6] * 20, None),
    ],
)
def test_that_one_customer_holds_most_is_known_before_the_run(tmp_path, sizes, told):
    dataset = from_frame(uneven(sizes), tmp_path / "d", target="returned")
    plan = make_plan(dataset, split="group")
    said = [note for note in plan.notes if "same mix (--split rows)" in note]
    checked = [c["message"] for c in profile_report(dataset)["checks"] if c["code"] == "RBL005"]
    if told is None:
        assert not said
        assert not any("no verdict" in message for message in checked)
    else:
        assert said[0].startswith(f"Rows of “yes” {told}")
        assert said[0] in checked  # the page of the skew says the same
    # By rows there is nothing to say; nor of many classes, where one that is missing is named.
    assert not [n for n in make_plan(dataset, split="stratified").notes if "no verdict" in n]
    many = uneven(sizes)
    many.loc[many.index[-60:], "returned"] = "perhaps"
    other = from_frame(many, tmp_path / "m", target="returned")
    assert not [n for n in make_plan(other, split="group").notes if "no verdict" in n]


def test_what_is_said_before_a_run_is_what_the_verdict_says_after_it(tmp_path):
    frame = uneven([80] + [2] * 19)
    dataset = from_frame(frame, tmp_path / "d", target="returned")
    assert any("no verdict" in note for note in make_plan(dataset).notes)
    told = compare(frame, "returned", **QUICKLY)
    assert told.report["verdict"]["code"] == "NO_VERDICT"
    assert "are of 20 “customer_id”, but one of them holds 67.8%" in told.sentence
