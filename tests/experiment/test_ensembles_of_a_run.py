"""Ensembles in a comparison: what runs beside them, what they are held against, their file."""

from __future__ import annotations

import zipfile

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Arm
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.arms import choose_arms, read_classifiers
from rebal_core.experiment.estimate import fit_seconds
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import evaluation, report
from rebal_core.export.bundle import load_bundle
from rebal_core.export.run import export_run
from rebal_core.facts import TableFacts
from rebal_core.store.store import Store
from rebal_core.strategies import STRATEGIES
from rebal_core.wording import UserError

FACTS = TableFacts(2_000, (1_800, 200), 5, 0, 0, 0)
FEW = {"balanced_bagging": {"n_estimators": 3}}


def names(strategies, classifiers=("logistic",), params=None, everything=False):
    chosen = choose_arms(strategies, classifiers, FACTS, params or {}, everything)
    return [arm.name for arm in chosen.arms]


def test_the_rival_is_as_large_as_what_is_held_against_it():
    assert "bagging/logistic" in names(["self_paced"])
    found = names(
        ["self_paced", "balanced_bagging"],
        params={"self_paced": {"n_estimators": "20"}, "balanced_bagging": {"ratio": 0.5}},
    )
    assert "bagging(n_estimators=20)/logistic" in found
    own = {"self_paced": {"n_estimators": 20}, "bagging": {"n_estimators": 7}}
    assert "bagging(n_estimators=7)/logistic" in names(["self_paced"], params=own)


def test_of_all_strategies_an_ensemble_takes_its_usual_classifier_alone():
    both = ("logistic", "hist_gradient_boosting")
    everything = [s.name for s in STRATEGIES if s.name != "dummy"]
    found = names(everything, both, everything=True)
    for name in ("bagging", "rus_boost", "easy_ensemble"):
        arms = [arm for arm in found if arm.startswith(f"{name}/")]
        assert arms == [f"{name}/hist_gradient_boosting"]
    assert "smote/logistic" in found
    assert "bagging/logistic" in names(["bagging"], both)
    assert "bagging/logistic" in names(everything, ("logistic",), everything=True)


def test_stacking_brings_its_own_learner_and_no_reference():
    found = names(["stacking"])
    assert "stacking/stacking" in found
    assert not [n for n in found if n.endswith("/stacking") and n != "stacking/stacking"]
    with pytest.raises(UserError, match="No classifier was named"):
        read_classifiers("stacking")


def test_ten_models_take_ten_times_as_long():
    one = fit_seconds(Arm("none", "random_forest"), FACTS, 0.8)
    many = fit_seconds(Arm("bagging", "random_forest"), FACTS, 0.8)
    assert many == pytest.approx(10 * one)
    few = fit_seconds(Arm("under_bagging", "random_forest"), FACTS, 0.8)
    assert one < few < many, "but on fewer rows"


@pytest.fixture(scope="module")
def exchangeable(tmp_path_factory) -> tuple[Store, int]:
    """Compare where the log-odds are linear: every draw of the rows teaches the model the same."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(900, 2))
    rare = rng.random(900) < 1 / (1 + np.exp(2.2 - 1.3 * x[:, 0]))
    label = np.where(rare, "rare", "common")
    store = Store(tmp_path_factory.mktemp("home"))
    _identifier, folder = store.new_dataset_folder()
    dataset = from_frame(pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "label": label}), folder,
                         target="label")  # fmt: skip
    store.add_dataset(dataset)
    plan = make_plan(
        dataset, strategies=["balanced_bagging"], classifiers=["logistic"], folds=3, params=FEW
    )
    run = run_here(store, plan)
    assert run.state == "done", run.error
    return store, run.run


def test_balancing_alone_does_not_help_where_it_cannot(exchangeable):
    e = evaluation(*exchangeable)
    arm = "balanced_bagging(n_estimators=3)/logistic"
    rival = "bagging(n_estimators=3)/logistic"
    verdict = e.verdicts[arm]
    assert verdict.rival == rival
    assert np.isfinite(verdict.vs_rival.gain), "the rival ran unasked"
    assert verdict.code not in ("HELPS", "NO_VERDICT")
    assert rival not in e.verdicts
    told = {a["arm"]: a for a in report(*exchangeable)["arms"]}
    assert told[rival]["verdict"] is None
    assert not told[rival]["remedy"]


def test_a_model_of_many_is_exported_and_read_again(exchangeable, tmp_path):
    store, run = exchangeable
    arm = "balanced_bagging(n_estimators=3)/logistic"
    export_run(store, run, tmp_path / "out", arm=arm)
    path = tmp_path / "out" / "model.rebal"
    bundle = load_bundle(path)
    test = pd.read_parquet(tmp_path / "out" / "test_untouched.parquet")
    proba = bundle.predict_proba(test)
    assert proba[:, 1].mean() == pytest.approx((test["label"] == "rare").mean(), abs=0.08)
    with zipfile.ZipFile(path) as archive:
        inside = archive.namelist()
    assert [n for n in inside if "/" in n] == [f"member{k:04d}/model.skops" for k in range(3)]
    for strange in ("member0001/../model.skops", "member0000/other.skops", "a/model.skops"):
        bad = tmp_path / "bad.rebal"
        bad.write_bytes(path.read_bytes())
        with zipfile.ZipFile(bad, "a") as archive:
            archive.writestr(strange, b"x")
        with pytest.raises(UserError, match="does not belong"):
            load_bundle(bad)
