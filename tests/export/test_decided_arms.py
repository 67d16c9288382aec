"""Arms that only decide go all the way: shared fits, verdict, bundle, explanation."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from inline_engine import rare_rows, run_inline

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import evaluation, plan_of, report
from rebal_core.experiment.tasks import learning
from rebal_core.experiment.tasks.explain import explain_run
from rebal_core.export.bundle import load_bundle
from rebal_core.export.predict import predict_table
from rebal_core.export.run import export_run
from rebal_core.strategies import fit_signature
from rebal_core.wording import UserError

TWO = {
    "calibrated": {"map": "beta"},
    "prior_correction": {"shares": {"rare": 0.05}},
    "logit_adjusted": {"tau": 0.5},
    "cost_matrix": {"costs": {"rare": {"common": 8.0}}},
    "row_costs": {},
    "threshold": {"goal": "recall", "floor": 0.9},
}
MANY = {
    "calibrated": {"map": "isotonic"},
    "prior_correction": {"shares": {"c": 0.3}},
    "logit_adjusted": {"tuned": True},
    "cost_matrix": {"costs": {"c": {"a": 5.0, "b": 2.0}}},
}


def with_money() -> pd.DataFrame:
    frame = rare_rows()
    return frame.assign(money=np.random.default_rng(6).exponential(40, len(frame)).round(2))


def three_classes() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    code = rng.choice(3, 420, p=[0.6, 0.28, 0.12])
    return pd.DataFrame(
        {
            "amount": rng.normal(size=420) + 1.2 * code,
            "size": rng.normal(size=420) - 0.8 * (code == 1),
            "label": np.array(["a", "b", "c"])[code],
        }
    )


def compared(home, frame, params, **more):
    """Return a run of these strategies, and what was fitted for it."""
    fits, fit_arm = [], learning.fit_arm

    def once(arm, *args, **more):
        fits.append(fit_signature(arm))
        return fit_arm(arm, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "fit_arm", once)
        wishes = {"strategies": list(params), "classifiers": "logistic", "folds": 3, **more}
        store, run = run_inline(home, frame, params=params, **wishes)
    return store, run, fits


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    return compared(
        tmp_path_factory.mktemp("two"), with_money(), TWO, value="money", false_alarm=6.0
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("many"), three_classes(), MANY)


@pytest.fixture(params=["two", "many"])
def each(request):
    return (*request.getfixturevalue(request.param), TWO if request.param == "two" else MANY)


def _named(store, run, strategy):
    """Return the arm of that strategy, as it was set."""
    return [a.name for a in plan_of(store, run).arms if a.strategy == strategy][-1]


def test_nothing_is_fitted_for_them(each):
    store, run, fits, params = each
    assert len(fits) == 3 * 3, "dummy, none, class_weight on three folds"
    arms = {a["strategy"]: a for a in report(store, run)["arms"] if a["verdict"]}
    for name in params:
        assert arms[name]["status"] == "done"
        assert arms[name]["verdict"]["code"] in (
            "NO_DIFFERENCE",
            "CANT_TELL",
            "NEGLIGIBLE",
            "HURTS",
        )
    json.dumps(report(store, run), allow_nan=False)


def test_the_bundle_says_what_the_run_says(each, tmp_path):
    store, run, _fits, params = each
    for strategy in params:
        name = _named(store, run, strategy)
        export_run(store, run, tmp_path / strategy, arm=name, refit=True)
        load_bundle(tmp_path / strategy / "model_refit.rebal")
        scored = predict_table(
            load_bundle(tmp_path / strategy / "model.rebal"),
            tmp_path / strategy / "test_untouched.parquet",
        ).table
        result = open_arm(store, run, name)
        decided, classes = result.decided, result.labels.classes
        proba = np.column_stack([scored[f"p_{label}"].to_numpy() for label in classes])
        np.testing.assert_allclose(proba, decided.proba, atol=1e-6)
        assert scored["prediction"].to_pylist() == [classes[c] for c in decided.tuned]
        evaluated = evaluation(store, run).decisions[name]
        assert decided.repair in evaluated.repairs


def test_explanations_are_of_the_probabilities_shown(each):
    store, run, _fits, params = each
    label = open_arm(store, run, "threshold/logistic").labels.classes[-1]
    for strategy in params:
        name = _named(store, run, strategy)
        found = explain_run(store, run, name, label, rows=12)
        result = open_arm(store, run, name)
        place = np.searchsorted(result.decided.cell.rows, found.rows)
        code = result.labels.classes.index(label)
        np.testing.assert_allclose(found.output, result.decided.proba[place, code], atol=1e-9)


def test_another_mix_starts_from_the_mix_that_was_meant(two, tmp_path):
    """At the table's own shares the corrected arm says what the other says, not less."""
    store, run, _fits = two
    name = _named(store, run, "prior_correction")
    for arm in (name, "threshold/logistic"):
        export_run(store, run, tmp_path / arm.split("/")[0][:9], arm=arm)
    test = tmp_path / "threshold" / "test_untouched.parquet"
    shares = open_arm(store, run, name).decided.cell.prior_train
    plain, moved = (
        predict_table(load_bundle(tmp_path / folder / "model.rebal"), test, asked).table
        for folder, asked in (("threshold", None), ("prior_cor", {"rare": float(shares[1])}))
    )
    np.testing.assert_allclose(plain["p_rare"].to_numpy(), moved["p_rare"].to_numpy(), atol=1e-9)


def test_shares_that_do_not_go_into_one_are_left_out_with_the_reason(tmp_path):
    dataset = from_frame(three_classes(), tmp_path / "data", target="label")
    params = {"prior_correction": {"shares": {"a": 0.9, "c": 0.3}}}
    plan = make_plan(
        dataset, strategies="prior_correction", classifiers="logistic", folds=3, params=params
    )
    (left,) = plan.left_out
    assert "sum to 1.2" in str(left[1])


def test_a_goal_of_its_own_leaves_the_reference_as_it_is(two):
    store, run, _fits = two
    arms = {a["arm"]: a for a in report(store, run)["arms"]}
    assert arms["threshold/logistic"]["verdict"] is None
    own = _named(store, run, "threshold")
    assert own != "threshold/logistic"
    judged = evaluation(store, run)
    assert judged.references == {"logistic": "threshold/logistic"}
    assert judged.verdicts[own].reference == "threshold/logistic"
    assert judged.spent("row_costs/logistic") is not None


def test_amounts_that_are_missing_in_new_rows_are_told(two, tmp_path):
    store, run, _fits = two
    export_run(store, run, tmp_path / "out", arm="row_costs/logistic")
    bundle = load_bundle(tmp_path / "out" / "model.rebal")
    rows = pd.read_parquet(tmp_path / "out" / "test_untouched.parquet")
    rows.drop(columns="money").to_parquet(tmp_path / "less.parquet")
    with pytest.raises(UserError, match="lacks the column “money”"):
        predict_table(bundle, tmp_path / "less.parquet")
    rows["money"] = 0.0
    rows.to_parquet(tmp_path / "free.parquet")
    said = predict_table(bundle, tmp_path / "free.parquet").table["prediction"].to_pylist()
    assert set(said) == {"common"}, "nothing is at risk"


def test_costs_row_by_row_need_amounts(tmp_path):
    dataset = from_frame(rare_rows(), tmp_path / "data", target="label")
    plan = make_plan(dataset, strategies="row_costs", classifiers="logistic", folds=3)
    (left,) = plan.left_out
    assert "what is at risk" in str(left[1])
