"""What every strategy must do on every classifier it serves."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from moments import briefly
from sklearn.metrics import roc_auc_score

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.params import Choice, ColumnName, ColumnNames, Switch, Word
from rebal_core.rows import TypedRows
from rebal_core.samplers import Graphs
from rebal_core.samplers.generators.marginal import MarginalText
from rebal_core.samplers.generators.rules import RuleText
from rebal_core.schema import Column, Schema
from rebal_core.strategies import (
    ALWAYS,
    DUMMY,
    QUICK,
    STRATEGIES,
    Strategy,
    TableFacts,
    fit_arm,
    fit_signature,
    resample,
    strategy_of,
)
from rebal_core.wording import Unsuitable, UserError

SCHEMA = Schema(
    (
        Column("amount", "number"),
        Column("age", "number", fill="indicator"),
        Column("device", "category"),
        Column("city", "category"),
        Column("label", "category", "target"),
    )
)
ARMS = [Arm(s.name, c) for s in STRATEGIES for c in s.serves if not CLASSIFIERS[c].absent()]


def _settings(strategy: Strategy) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(strategy.fast.items()))


def _meets_one(strategy: Strategy) -> bool:
    """Whether one classifier tells all."""
    known = strategy.weights is not None and strategy.name != WEIGHS
    return known or strategy.changes_rows or strategy.ensemble is not None


#: What decides only shares the fits of ``none``. What changes rows does not see the classifier: one
#: fit tells all, and so do weights, of which one strategy meets every classifier. Networks learn by
#: one loop: one course meets all of them, the others the first. Ensembles hand rows to whatever the
#: classifier is: that they can, ``tests/ensembles`` shows.
WEIGHS = next(s.name for s in STRATEGIES if s.weights and len(s.steps) == 1)
TRAINS = "logit_adjusted_loss"


def _meets(strategy: Strategy) -> list[str]:
    here = [c for c in strategy.serves if CLASSIFIERS[c].absent() is None]
    if _meets_one(strategy):
        return here[:1]
    if strategy.training is None or strategy.name == TRAINS:
        return here
    return [c for c in here if c == "mlp" or CLASSIFIERS[c].family != "net"]


FITS = [
    Arm(s.name, c, _settings(s))
    for s in STRATEGIES
    if s.name != "threshold" and (s.steps or s.decision is None)
    for c in _meets(s)
]
#: Those that take longest meet a remedy in the long suite only.
LONG = ("tabm", "ft_transformer")
MEETINGS = [
    pytest.param(
        arm,
        id=arm.name,
        marks=[pytest.mark.slow] * (arm.classifier in LONG and arm.strategy != "none"),
    )
    for arm in FITS
]
CHANGERS = [s for s in STRATEGIES if s.changes_rows]


def typed(table: pd.DataFrame) -> TypedRows:
    counts = table["label"].value_counts()
    y = table["label"].map({label: code for code, label in enumerate(counts.index)})
    return Preparation.fit(table, y.to_numpy(), SCHEMA, seed=0)[1]


def facts_of(counts: tuple[int, ...], **more: Any) -> TableFacts:
    plain = {"numbers": 2, "categories": 2, "texts": 0, "embeddings": 0, "unlabelled": 50}
    return TableFacts(rows=sum(counts), counts=counts, **{**plain, **more})


@pytest.fixture(scope="module")
def tables(tiny_tables):
    return {"binary": typed(tiny_tables["binary"]), "multiclass": typed(tiny_tables["multiclass"])}


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("arm", MEETINGS)
def test_an_arm_fits_and_tells_probabilities(arm, kind, tables) -> None:
    rows = tables[kind]
    before = copy.deepcopy(rows)
    size = int(rows.y.max()) + 2  # one class that the fold does not hold
    fitted = fit_arm(briefly(arm, 15), rows, seed=1, n_classes=size)
    proba = fitted.predict_proba(rows)
    assert proba.shape == (len(rows), size)
    assert proba.dtype == np.float64
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-9)
    assert (proba >= 0).all()
    assert (proba[:, -1] == 0).all()
    for shares in (fitted.prior_train, fitted.prior_fit):
        assert shares.shape == (size,)
        assert shares.sum() == pytest.approx(1)
    assert set(fitted.seconds) == {"resample", "fit"}
    np.testing.assert_array_equal(rows.numbers, before.numbers)
    np.testing.assert_array_equal(rows.codes, before.codes)
    np.testing.assert_array_equal(rows.y, before.y)
    # Of 300 rows; 60 are two classes, cut to the rarest.
    starved = fitted.recipe is not None and len(fitted.recipe) < 60
    if arm != DUMMY and not starved:
        areas = [roc_auc_score(rows.y == k, proba[:, k]) for k in np.unique(rows.y)]
        # The four classes overlap. Rows cut by choice can be worse than by chance: NearMiss.
        strategy = strategy_of(arm)
        cut = any(step.slot == "under" for step in strategy.steps)
        chosen = cut and strategy.probabilities == "bent"
        least = 0.55 if kind == "multiclass" else 0.6 if chosen else 0.7
        assert np.mean(areas) > least, "it has learned something"


@pytest.mark.parametrize("arm", MEETINGS)
def test_the_same_seed_gives_the_same_model(arm, tables) -> None:
    rows = tables["binary"]
    graphs = Graphs.of(rows)
    first, second = (fit_arm(briefly(arm), rows, graphs, seed=3) for _ in range(2))
    expected = first.predict_proba(rows)
    np.testing.assert_array_equal(second.predict_proba(rows), expected)
    travelled = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(travelled.predict_proba(rows), expected)


@pytest.mark.parametrize("strategy", CHANGERS, ids=lambda s: s.name)
def test_a_recipe_speaks_of_training_rows_only(strategy, tables) -> None:
    rows = tables["multiclass"]
    arm = Arm(strategy.name, "logistic", _settings(strategy))
    recipe = resample(arm, rows, None, seed=0)
    assert recipe.base.min() >= 0
    assert max(recipe.base.max(), recipe.mate.max()) < len(rows)
    made = recipe.mate >= 0
    if not any(step.crosses for step in strategy.samplers):
        np.testing.assert_array_equal(rows.y[recipe.base[made]], rows.y[recipe.mate[made]])
    other = resample(replace(arm, classifier="random_forest"), rows, Graphs.of(rows), seed=0)
    np.testing.assert_array_equal(recipe.base, other.base, "classifiers share their rows")
    fitted = fit_arm(arm, rows, seed=0)
    shares = np.bincount(rows.made(recipe).y, recipe.weights, minlength=4) / recipe.weights.sum()
    np.testing.assert_allclose(fitted.prior_fit, shares)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.name)
def test_a_strategy_is_a_value(strategy) -> None:
    back = pickle.loads(pickle.dumps(strategy))
    assert repr(back) == repr(strategy)
    assert " at 0x" not in repr(strategy), "a repr with an address is no key"
    assert repr(strategy.with_params(strategy.params)) == repr(strategy)
    json.dumps(dict(strategy.params))
    assert strategy.reference
    assert strategy.about.endswith(".")
    assert strategy.pitfall.endswith(".") or strategy.family == "reference"
    assert ("probabilities" in strategy.changes) == (strategy.probabilities != "kept")
    assert any("一" <= letter <= "鿿" for word in strategy.aliases for letter in word)
    assert set(strategy.serves) <= set(CLASSIFIERS.names())


def another(param: Any) -> Any:
    """Return a value that a parameter has not by default."""
    if isinstance(param, Choice):
        return next(option for option, _words in param.options if option != param.default)
    if isinstance(param, Switch):
        return not param.default
    if isinstance(param, RuleText | MarginalText):
        return "age <= income" if isinstance(param, RuleText) else "age: 18=60, 19=40"
    if isinstance(param, ColumnName | Word):
        return "age"
    if isinstance(param, ColumnNames):
        return ("age", "city")
    if param.default is None:
        value = min(2, param.high)
        return {0: {1: value}} if getattr(param, "pairs", False) else {0: value}
    bounds = (param.low, param.high)
    return next(type(param.default)(b) for b in bounds if b != param.default)


def _plain(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, dict) else value


@pytest.mark.parametrize("strategy", [s for s in STRATEGIES if s.parameters], ids=lambda s: s.name)
def test_parameters_go_there_and_back(strategy) -> None:
    for name, param in strategy.parameters.items():
        value = another(param)
        changed = strategy.with_params({name: value})
        expected = value if param.default is not None else ((0, _plain(value[0])),)
        assert changed.params[name] == expected
        assert strategy.params[name] == param.default, "the registered one is left alone"
        if param.default is not None:
            written = ",".join(value) if isinstance(value, tuple) else str(value)
            assert changed.with_params({name: written}).params[name] == value
        of_columns = isinstance(param, ColumnName | ColumnNames | Word)
        if param.default is not None and not of_columns:  # a table names those
            truth = () if isinstance(param, Switch) else (True,)
            beyond = getattr(param, "high", 1e11) * 10
            for wrong in ("many", beyond, None, *truth, float("nan"), float("inf")):
                with pytest.raises(UserError, match=param.name):
                    strategy.with_params({name: wrong})
        arms = [Arm(strategy.name, strategy.serves[0], p) for p in ((), ((name, value),))]
        decides = strategy.decision is not None and param in strategy.decision.parameters
        assert (fit_signature(arms[0]) == fit_signature(arms[1])) == decides
    with pytest.raises(UserError, match="no parameter “colour”"):
        strategy.with_params({"colour": 1})


def test_whole_numbers_stay_whole() -> None:
    smote = STRATEGIES["smote"]
    assert smote.with_params({"k_neighbors": "7"}).params["k_neighbors"] == 7
    with pytest.raises(UserError, match="a whole number from 1 to 100"):
        smote.with_params({"k_neighbors": 2.5})
    for wrong in ({0: 0}, {"a": 3}, {-1: 3}):
        with pytest.raises(UserError, match="rows per class"):
            smote.with_params({"counts": wrong})
    assert smote.with_params({"counts": {"1": "30"}}).params["counts"] == ((1, 30),)


@pytest.mark.parametrize("rarest", [1, 3])
@pytest.mark.parametrize("arm", MEETINGS)
def test_a_class_of_few_rows_gives_a_reason_or_works(arm, rarest, tables) -> None:
    rows = tables["multiclass"]
    few = np.flatnonzero(rows.y == 3)[rarest:]
    rows = rows.take(np.setdiff1d(np.arange(len(rows)), few))
    facts = facts_of(tuple(np.bincount(rows.y).tolist()))
    reason = strategy_of(arm).unsuitable(facts, arm.classifier)
    if reason:
        assert reason.render().endswith(".")
    fitted = fit_arm(briefly(arm), rows, seed=0)
    assert np.isfinite(fitted.predict_proba(rows)).all()


def test_changed_counts_reach_the_fit(tables) -> None:
    rows = tables["binary"]
    arm = Arm("smote", "logistic", (("counts", ((1, 100),)),))
    assert fit_arm(arm, rows, seed=0).prior_fit.tolist() == [270 / 370, 100 / 370]
    half = Arm("random_under", "logistic", (("ratio", 0.5),))
    assert fit_arm(half, rows, seed=0).prior_fit.tolist() == [60 / 90, 30 / 90]


def test_nothing_and_the_cut_off_share_a_fit() -> None:
    deciders = [s for s in STRATEGIES if s.decision is not None and not s.steps]
    for name in ("threshold", *(s.name for s in deciders)):
        assert fit_signature(Arm("none", "logistic")) == fit_signature(Arm(name, "logistic"))
    keys = {fit_signature(arm) for arm in FITS}
    assert len(keys) == len(FITS)


def test_user_weights_and_class_weights_multiply(tables) -> None:
    rows = tables["binary"]
    weighted = replace(rows, weight=np.where(rows.y == 1, 3.0, 1.0))
    untreated = fit_arm(Arm("none", "logistic"), weighted, seed=0)
    np.testing.assert_allclose(untreated.prior_fit, [270 / 360, 90 / 360])
    np.testing.assert_allclose(untreated.prior_train, untreated.prior_fit)
    plain = fit_arm(Arm("none", "logistic"), rows, seed=0)
    assert untreated.predict_proba(rows)[:, 1].mean() > plain.predict_proba(rows)[:, 1].mean() * 1.5
    both = fit_arm(Arm("class_weight", "logistic"), weighted, seed=0)
    np.testing.assert_allclose(both.prior_fit, [0.25, 0.75])


def test_prior_correction_undoes_what_moves_the_prior(tables, monkeypatch) -> None:
    """The probabilities of a balanced fit, put back to the natural shares, average to them.

    Of a fit that memorises its rows they do not: the penalty is that under which they do.
    """
    penalty, *rest = CLASSIFIERS["logistic"].parameters
    spec = replace(CLASSIFIERS["logistic"], parameters=(replace(penalty, default=1.0), *rest))
    monkeypatch.setitem(CLASSIFIERS._specs, "logistic", spec)
    rows = tables["binary"]
    for name in ("class_weight", "random_over", "random_under"):
        means = []
        for seed in range(5):
            fitted = fit_arm(Arm(name, "logistic"), rows, seed=seed)
            odds = fitted.predict_proba(rows) * fitted.prior_train / fitted.prior_fit
            means.append((odds / odds.sum(axis=1, keepdims=True))[:, 1].mean())
        mean = np.mean(means)
        # 30 of 270 frequent rows are left to learn from when they are cut.
        assert mean == pytest.approx(0.1, abs=0.03 if name == "random_under" else 0.002)
        assert fitted.predict_proba(rows)[:, 1].mean() > 0.25


def test_one_class_is_refused_in_a_sentence(tables) -> None:
    rows = tables["binary"]
    with pytest.raises(Unsuitable, match="only one class"):
        fit_arm(Arm("none", "logistic"), rows.take(np.flatnonzero(rows.y == 0)), seed=0)


def test_no_convergence_is_noted(tables, monkeypatch) -> None:
    from sklearn.linear_model import LogisticRegression

    from rebal_core.classifiers import SklearnModel, logistic

    lazy = SklearnModel(LogisticRegression(max_iter=1), "onehot")
    monkeypatch.setitem(
        CLASSIFIERS._specs, "logistic", replace(logistic.logistic, make=lambda seed, **_: lazy)
    )
    fitted = fit_arm(Arm("none", "logistic"), tables["binary"], seed=0)
    assert any("converge" in note for note in fitted.notes)


@pytest.mark.parametrize(
    ("name", "classifier", "facts", "words"),
    [
        ("smote", "logistic", facts_of((50, 1, 1)), "random_over"),
        ("adasyn", "logistic", facts_of((50, 1, 1)), "random_over"),
        ("borderline_smote", "logistic", facts_of((2_000_000, 90_000)), "choose smote"),
        ("smote_enn", "logistic", facts_of((2_000_000, 90_000)), "choose smote"),
        ("random_under", "logistic", facts_of((900, 90, 3)), "leave 9 of 993 rows"),
        ("balanced_random_forest", "random_forest", facts_of((900, 2)), "leave 4 of 902 rows"),
        ("balanced_random_forest", "logistic", facts_of((900, 90)), "brings its own learner"),
        ("manual_weight", "logistic", facts_of((900, 90)), "No class was given a weight"),
        ("self_paced", "logistic", facts_of((900, 3)), "leave 6 of 903 rows"),
        ("under_bagging", "hist_gradient_boosting", facts_of((900, 9)), "cannot split the 18 rows"),
        ("stacking", "stacking", facts_of((900, 1)), "choose bagging"),
        ("bagging", "stacking", facts_of((900, 90)), "bagging works with"),
        ("none", "hist_gradient_boosting", facts_of((9,) * 300), "one tree a class"),
        ("none", "logistic", facts_of((9,) * 60_000, texts=1), "GB of coefficients"),
    ],
)
def test_reasons(name, classifier, facts, words) -> None:
    assert words in str(STRATEGIES[name].unsuitable(facts, classifier))


def test_what_suits_has_no_reason() -> None:
    for arm in ARMS:
        strategy = strategy_of(replace(arm, params=_settings(STRATEGIES[arm.strategy])))
        # Nine rows a class would leave boosting nothing to split, and a generator nothing to learn.
        enough = (900, 190, 130) if strategy.family == "synthesis" else (900, 90, 30)
        counts = (900, 90) if strategy.decision and strategy.decision.binary else enough
        assert strategy.unsuitable(facts_of(counts), arm.classifier) is None
    few = facts_of((200, 3))
    assert "leave 6 of 203 rows" in str(STRATEGIES["random_under"].unsuitable(few, "logistic"))
    assert STRATEGIES["over_under"].unsuitable(few, "logistic") is None, "it is asked of 100 each"
    wide = facts_of((2_000_000, 9_000), numbers=5, categories=0)
    assert STRATEGIES["smote_enn"].unsuitable(wide, "logistic") is None


def test_the_lists_name_what_there_is() -> None:
    assert {*ALWAYS, *QUICK, DUMMY.strategy} <= set(STRATEGIES.names())
    assert STRATEGIES["balanced_random_forest"].learner == "random_forest"
    assert STRATEGIES["smote"].learner is None
