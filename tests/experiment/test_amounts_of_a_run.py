"""A strategy stands in a plan once for each of several amounts, and its scores are a curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.reading.load import from_frame
from rebal_core.evaluation.amounts import by_amount
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import evaluation
from rebal_core.experiment.wishes import wishes_of
from rebal_core.figures.amounts import amount_curve
from rebal_core.store.store import Store
from rebal_core.strategies import saved_strategies
from rebal_core.strategies.saved import save_strategy
from rebal_core.wording import UserError

AMOUNTS = "0.25,0.5,1,2"
CLASSES = ("no", "yes")


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home")
    yield store
    store.close()


@pytest.fixture
def dataset(store):
    rng = np.random.default_rng(0)
    y = rng.random(400) < 0.2
    frame = pd.DataFrame({"x": rng.normal(size=400) + y, "y": np.where(y, "yes", "no")})
    _, folder = store.new_dataset_folder()
    table = from_frame(frame, folder, target="y")
    store.add_dataset(table)
    return table


def planned(dataset, params, strategy="copula", **more):
    wishes = {"strategies": [strategy], "classifiers": ["logistic"], "folds": 2, **more}
    return make_plan(dataset, params={strategy: params}, **wishes)


def names(plan) -> list[str]:
    return [a.name for a in plan.arms if "copula" in a.strategy]


@pytest.mark.parametrize("strategy", ["copula", "tomek+copula"])
def test_each_amount_is_an_arm(dataset, strategy):
    plan = planned(dataset, {"fill": AMOUNTS}, strategy)
    usual = f"{strategy}/logistic"
    assert names(plan) == [usual.replace("/", f"(fill={n})/") for n in ("0.25", "0.5")] + [
        usual,
        usual.replace("/", "(fill=2.0)/"),
    ]
    assert make_plan(dataset, **wishes_of(plan, CLASSES)).arms == plan.arms


def test_with_a_switch_that_is_judged_apart_each_has_its_own_rival(dataset):
    plan = planned(dataset, {"fill": [2, "0.5", 2], "select": True})
    assert names(plan) == [
        "copula(fill=0.5)/logistic",
        "copula(fill=0.5,select=True)/logistic",
        "copula(fill=2.0)/logistic",
        "copula(fill=2.0,select=True)/logistic",
    ]
    assert make_plan(dataset, **wishes_of(plan, CLASSES)).arms == plan.arms


def test_one_amount_is_one_arm(dataset):
    plan = planned(dataset, {"fill": "2"})
    assert names(plan) == ["copula(fill=2.0)/logistic"]
    assert wishes_of(plan, CLASSES)["params"] == {"copula": {"fill": 2.0}}


@pytest.mark.parametrize("wrong", ["0", "0.5,x", "11", ",", "", [0.5, -1], []])
def test_what_is_no_amount_is_refused(dataset, wrong):
    with pytest.raises(UserError, match=r"fill is .*; give a number from 0.01 to 10"):
        planned(dataset, {"fill": wrong})


def test_several_amounts_can_be_saved(dataset, tmp_path):
    save_strategy("mine", "copula", {"fill": AMOUNTS}, home=tmp_path)
    known = saved_strategies(tmp_path).beside()
    plan = make_plan(dataset, strategies=["mine"], classifiers=["logistic"], folds=2, known=known)
    assert len(names(plan)) == 4
    assert any("(fill: 0.25, 0.5, 1.0 and 1 more)" in note for note in plan.notes), plan.notes


def test_the_curve_begins_at_the_reference(store, dataset):
    plan = planned(dataset, {"fill": AMOUNTS}, classifiers=["logistic", "decision_tree"])
    judged = evaluation(store, run_here(store, plan).run)
    frame = by_amount(judged)
    assert set(frame["classifier"]) == {"logistic", "decision_tree"}
    for classifier, lines in frame.groupby("classifier"):
        assert lines["amount"].tolist() == [0, 0.25, 0.5, 1, 2]
        first, *others = lines["arm"]
        assert {judged.verdicts[arm].reference for arm in others} == {first}
        assert classifier in first
    for line in frame.to_dict("records"):
        metric = judged.protocol.metric
        assert line["mean"] == judged.score(line["arm"], metric).mean
        assert (line["low"], line["high"]) == judged.interval(line["arm"], metric)
    figure = amount_curve(frame, amount="made", score="AP", labels={"logistic": "LR"})
    assert [line.name for line in figure.data] == ["decision_tree", "LR"]
    for line in figure.data:
        own = frame[frame["arm"].str.endswith("logistic") == (line.name == "LR")]
        np.testing.assert_allclose(line.y, own["mean"])
        np.testing.assert_allclose(line.y + line.error_y.array, own["high"])
        np.testing.assert_allclose(line.y - line.error_y.arrayminus, own["low"])


def test_one_amount_is_no_curve(store, dataset):
    judged = evaluation(store, run_here(store, planned(dataset, {"fill": "2"})).run)
    assert by_amount(judged).empty
