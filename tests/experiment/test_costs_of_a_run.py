"""A comparison by what its decisions cost, from the table to the report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sample_data
from rebal_core import compare
from rebal_core.cli import main
from rebal_core.data.at_risk import error_costs
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.export.bundle import load_bundle
from rebal_core.export.run import export_run
from rebal_core.store.store import Store
from rebal_core.wording import UserError

COST = "cost_per_1000"


def payments(n: int = 600, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.12
    return pd.DataFrame(
        {
            "x": rng.normal(size=n) + 1.5 * y,
            "z": rng.normal(size=n),
            "amount": np.where(rng.random(n) < 0.02, np.nan, rng.exponential(40, n).round(2)),
            "label": np.where(y, "fraud", "ok"),
        }
    )


def planned(frame, tmp_path, **wishes):
    dataset = from_frame(frame, tmp_path / "d", target="label")
    return make_plan(dataset, classifiers=["logistic"], strategies=["smote"], **wishes)


def test_a_plan_by_costs_tunes_for_them_and_tells_its_prices(tmp_path):
    plan = planned(payments(), tmp_path, metric=COST, value="amount", false_alarm=2.5)
    assert (plan.protocol.metric, plan.protocol.rule) == (COST, COST)
    assert (plan.protocol.value, plan.protocol.false_alarm) == ("amount", 2.5)
    assert "costs its “amount”, a false alarm 2.5;" in plan.notes[-2]
    assert plan.notes[-1].startswith("“amount” is missing in ")
    again = Plan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again == plan
    old = plan.to_dict()
    del old["protocol"]["value"], old["protocol"]["false_alarm"]
    assert Plan.from_dict(old).protocol.value is None


@pytest.mark.parametrize(
    ("change", "wishes", "words"),
    [
        ({}, {"metric": COST}, "needs the amount at risk in each row"),
        ({}, {"rule": COST, "metric": "f1"}, "needs the amount at risk in each row"),
        ({"amount": 0.0}, {"metric": COST, "value": "amount"}, "is 0 or missing in every row"),
        ({}, {"metric": COST, "value": "amount", "false_alarm": 0}, "a number above 0"),
        ({}, {"metric": COST, "value": "amount", "false_alarm": 1e300}, "below 1e\\+15"),
        ({"label": list("abc") * 200}, {"metric": COST, "value": "amount"}, "needs two classes"),
    ],
)
def test_without_amounts_costs_are_not_judged(tmp_path, change, wishes, words):
    with pytest.raises(UserError, match=words) as told:
        planned(payments().assign(**change), tmp_path, **wishes)
    assert str(told.value).count(". ") == 0


def test_errors_cost_amounts_or_the_price_of_an_alarm(tmp_path):
    frame = payments()
    dataset = from_frame(frame, tmp_path / "d", target="label")
    assert error_costs(dataset, 3.0) is None
    priced = dataset.with_schema(dataset.schema.with_role("value", "amount"))
    fraud = frame["label"] == "fraud"
    expected = np.where(fraud, frame["amount"].fillna(0.0), 3.0)
    assert error_costs(priced, 3.0).tolist() == expected.tolist()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("costs") / "home")
    _, folder = store.new_dataset_folder()
    dataset = from_frame(payments(), folder, target="label")
    store.add_dataset(dataset)
    wishes = {"metric": COST, "value": "amount", "false_alarm": 5.0, "folds": 3}
    plan = make_plan(dataset, classifiers=["logistic"], strategies=["smote"], **wishes)
    yield store, run_here(store, plan).run
    store.close()


def test_a_run_is_judged_by_the_amounts_of_its_rows(ran):
    store, run = ran
    told = report(store, run)
    assert told["protocol"]["value"] == "amount"
    assert told["protocol"]["false_alarm"] == 5.0
    assert {"column": "amount", "reason": "It says what is at risk in a row."} in told["unused"]
    frame, positive = payments(), told["dataset"]["classes"].index("fraud")
    for arm in told["arms"]:
        if arm["strategy"] == "dummy":
            continue
        missed = alarms = 0.0
        for d in open_arm(store, run, arm["arm"]).decisions.cells:
            fraud, said = d.cell.y == positive, d.tuned == positive
            missed += frame["amount"].iloc[d.cell.rows[fraud & ~said]].sum()
            alarms += 5.0 * (said & ~fraud).sum()
        expected = 1_000 * (missed + alarms) / len(frame)
        assert arm["at"]["tuned"][COST]["mean"] == pytest.approx(expected)
    smote = next(a for a in told["arms"] if a["strategy"] == "smote")
    threshold = next(a for a in told["arms"] if a["strategy"] == "threshold")
    delta = smote["at"]["tuned"][COST]["mean"] - threshold["at"]["tuned"][COST]["mean"]
    assert smote["verdict"]["delta"] == pytest.approx(delta)


def test_the_model_of_such_a_run_tunes_again_by_costs(ran, tmp_path):
    store, run = ran
    export_run(store, run, tmp_path / "out", arm="smote/logistic")
    bundle = load_bundle(tmp_path / "out" / "model.rebal")
    rules, before = bundle.policy, bundle.fitted.prior_train
    assert rules.rule == COST
    assert rules.cutoff_at(before, np.array([0.5, 0.5])) != rules.cutoff
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert COST in str(manifest)
    train, test = (
        pd.read_parquet(tmp_path / "out" / f"{name}.parquet")
        for name in ("train_balanced", "test_untouched")
    )
    made = train["_origin"] != "original"
    assert made.any()
    assert train.loc[made, "amount"].isna().all()
    own = payments()["amount"]
    for kept in (train[~made], test):
        rows = kept["_parents"].map(lambda parents: parents[0])
        assert np.array_equal(kept["amount"], own.iloc[rows], equal_nan=True)


def test_the_library_takes_the_column():
    found = compare(
        payments(300), "label", value="amount", metric=COST, folds=2,
        strategies=["random_under"], classifiers=["logistic"],
    )  # fmt: skip
    assert COST in found.report["arms"][1]["at"]["tuned"]
    assert any("costs its “amount”, a false alarm 1;" in note for note in found.notes)


@pytest.mark.slow
def test_card_fraud_by_costs_on_the_command_line(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    path = Path(sample_data.__file__).parent / "card_fraud.parquet"
    words = f"compare {path} --target fraud --value amount --metric {COST} --json -"
    assert main(words.split()) == 0
    out, err = capfd.readouterr()
    told = json.loads(out)
    assert "a false alarm 1;" in err
    assert told["protocol"]["reference"]["rule"] == COST
    assert told["verdict"]["code"] in ("HELPS", "NO_REMEDY_NEEDED", "NOT_SHOWN")
    done = [a for a in told["arms"] if a["status"] == "done"]
    assert all(a["at"]["tuned"][COST]["mean"] > 0 for a in done)
    assert main(["engine", "stop"]) == 0
