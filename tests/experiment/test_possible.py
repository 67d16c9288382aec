"""Rows that a class was asked for and cannot have are refused before anything is trained."""

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Protocol
from rebal_core.data.reading.load import from_frame
from rebal_core.data.split import make_splits
from rebal_core.experiment.planning import make_plan
from rebal_core.wording import UserError


@pytest.fixture
def binary(tiny_binary, tmp_path):
    """270 common rows and 30 rare ones: 216 and 24 in a training part of five folds."""
    return from_frame(tiny_binary, tmp_path / "binary", target="label")


def planned(table, strategy, counts, name="counts", **wishes):
    wishes = {"strategies": strategy, "classifiers": "logistic", **wishes}
    return make_plan(table, params={strategy: {name: counts}}, **wishes)


@pytest.mark.parametrize(
    ("strategy", "name", "impossible", "possible", "words"),
    [
        ("random_over", "counts", {"rare": 1}, {"rare": 24}, "of 24 rows down to 1;"),
        ("smote", "counts", {"rare": 23}, {"rare": 99}, "of 24 rows down to 23;"),
        ("random_under", "counts", {"common": 217}, {"common": 216}, "of 216 rows up to 217;"),
        (
            "random_over+random_under",
            "random_under.counts",
            {"common": 300},
            {"common": 30},
            "of 216 rows up to 300;",
        ),
    ],
)
def test_what_no_training_part_can_have_is_refused(
    binary, strategy, name, impossible, possible, words
):
    assert strategy in [arm.strategy for arm in planned(binary, strategy, possible, name).arms]
    with pytest.raises(UserError) as caught:
        planned(binary, strategy, impossible, name)
    assert str(caught.value).startswith(f"{strategy} cannot serve a training part")
    assert words in str(caught.value)


def test_the_smallest_and_the_largest_training_part_count(binary):
    """Of 30 rare rows in four folds 22 or 23 are left to train on."""
    with pytest.raises(UserError, match="of 23 rows down to 22"):
        planned(binary, "random_over", {"rare": 22}, folds=4)
    with pytest.raises(UserError, match="of 22 rows up to 23"):
        planned(binary, "random_under", {"rare": 23}, folds=4)
    assert planned(binary, "random_under", {"rare": 22}, folds=4).left_out == ()


def test_a_classifier_that_holds_rows_out_is_left_out_alone(binary):
    """The network is taught 85 % of the training rows."""
    plan = planned(binary, "random_under", {"common": 200}, classifiers="logistic,mlp")
    assert [a.classifier for a in plan.arms if a.strategy == "random_under"] == ["logistic"]
    ((name, reason),) = plan.left_out
    assert name == "random_under(counts=((0, 200),))/mlp"
    assert "up to 200" in reason
    with pytest.raises(UserError, match="up to 200"):
        planned(binary, "random_under", {"common": 200}, classifiers="mlp")


def test_among_all_strategies_it_is_left_out_with_its_reason(binary):
    wishes = {"strategies": "all", "classifiers": "logistic"}
    plan = make_plan(binary, params={"random_over": {"counts": {"rare": 1}}}, **wishes)
    assert "random_over" not in {arm.strategy for arm in plan.arms}
    assert any("down to 1" in reason for _name, reason in plan.left_out)


@pytest.mark.parametrize("split", ["stratified", "group"])
@pytest.mark.parametrize("seed", range(5))
def test_the_first_repeat_speaks_for_all(split, seed):
    """Each repeat moves rows, and has the same numbers of each class in its training parts."""
    rng = np.random.default_rng(seed)
    y, groups = (rng.random(300) < 0.15).astype(int), rng.integers(0, 80, 300).astype(str)
    protocol = Protocol("average_precision", "f1", repeats=4, split=split, group="user", seed=seed)
    splits = make_splits(y, protocol, groups=groups)
    numbers = {(s.repeat, s.fold): np.bincount(y[s.train]).tolist() for s in splits}
    for repeat in range(1, 4):
        assert [numbers[repeat, k] for k in range(5)] == [numbers[0, k] for k in range(5)]
    first = [s.test.tolist() for s in splits if s.repeat == 0]
    assert [s.test.tolist() for s in splits if s.repeat == 1] != first


@pytest.fixture
def phones(tmp_path):
    """Each of 200 rows has a device and a number; one has a device of its own."""
    rng = np.random.default_rng(0)
    devices = np.resize(["phone", "desk"], 200).astype(object)
    devices[7], devices[8] = "watch", None
    frame = {"device": devices, "age": rng.integers(20, 60, 200).astype(float)}
    frame["y"] = np.where(np.arange(200) % 4 == 0, "rare", "common")
    frame["age"][::9] = np.nan
    return from_frame(pd.DataFrame(frame), tmp_path / "phones", target="y")


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ("device: phone=60, desk=40", ""),
        ("device: fone=50, desk=50", "“fone” of “device”.*choose from phone, desk, watch"),
        ("device: watch=50, desk=50", "“watch” of “device”"),  # one fold tests on its row
        ("age: <30=50, >=30=50", ""),
        ("age: 30=50, 31=50", ""),
        ("age: >70=50, <=70=50", "“>70” of “age”.*name numbers"),
        ("age: 25.5=50, 30=50", "“25.5” of “age”"),
        ("age: <50=50, <30=50", "“<30” of “age”"),  # all of these are below 50
    ],
)
@pytest.mark.parametrize("strategy", ["copula", "tomek+copula"])
def test_shares_of_a_value_that_a_training_part_has_not_are_refused(
    phones, strategy, shares, words
):
    wishes = {"strategies": strategy, "classifiers": "logistic"}
    if not words:
        plan = make_plan(phones, params={strategy: {"marginal": shares}}, **wishes)
        assert strategy in [arm.strategy for arm in plan.arms]
        return
    with pytest.raises(UserError, match=words):
        make_plan(phones, params={strategy: {"marginal": shares}}, **wishes)
