"""Boosting over any classifier against scikit-learn, and what balanced draws change."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier
from worked import rows_of, watched

from rebal_core.arm import Arm
from rebal_core.classifiers import SklearnModel
from rebal_core.ensembles import Boosting, EasyEnsemble, RUSBoost
from rebal_core.model import FitJob
from rebal_core.strategies import STRATEGIES, fit_arm


def table(classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(classes)
    y = rng.choice(classes, 500, p=[0.8, 0.2] if classes == 2 else [0.7, 0.2, 0.1])
    return rng.normal(size=(500, 4)).astype(np.float32) + 0.9 * y[:, None], y


@pytest.mark.parametrize("classes", [2, 3])
def test_votes_and_weights_are_those_of_scikit_learn(classes) -> None:
    x, y = table(classes)
    rows = rows_of(y, *x.T)
    depth = classes - 1  # stumps know two classes only
    model = Boosting(8).build(
        lambda _s: SklearnModel(DecisionTreeClassifier(max_depth=depth, random_state=0), "ordinal"),
        0,
    )
    model.fit(FitJob(rows, None, classes))
    stump = DecisionTreeClassifier(max_depth=depth, random_state=0)
    theirs = AdaBoostClassifier(stump, n_estimators=8, random_state=0).fit(x, y)
    expected = theirs.estimator_weights_ / theirs.estimator_weights_.sum()
    np.testing.assert_allclose(model.votes, expected, rtol=1e-6)
    proba = sum(w * e.predict_proba(x) for w, e in zip(expected, theirs.estimators_, strict=True))
    np.testing.assert_allclose(model.predict_proba(rows), proba, rtol=1e-6)


def test_a_model_without_errors_ends_it() -> None:
    y = np.repeat([0, 1], [50, 10])
    rows = rows_of(y, np.arange(60), y)
    model = Boosting(5).build(lambda _s: SklearnModel(DecisionTreeClassifier(), "ordinal"), 0)
    with pytest.warns(match="Only 1 of 5 models have a vote"):
        model.fit(FitJob(rows, None, 2))
    assert len(model.members) == 1
    fitted = fit_arm(Arm("boosting", "random_forest", (("n_estimators", 3),)), rows, seed=0)
    assert any("have a vote" in note for note in fitted.notes)


def test_one_that_only_guesses_has_no_vote() -> None:
    """A fresh draw may do better; where the next would see the same it ends."""
    y = np.repeat([0, 1], [50, 10])
    rows = rows_of(y, np.arange(60), np.where(y == 0, 0.9, 0.1))
    with pytest.warns(match="Only 1 of 4"):
        members = watched(RUSBoost(4), rows)
    assert all(len(m.seen) == 20 for m in members), "every draw was tried"
    with pytest.warns(match="Only 1 of 4"):
        members = watched(Boosting(4), rows)
    assert [len(m.seen) for m in members] == [60, 0, 0, 0]


def test_balanced_boosting_draws_anew_and_is_judged_on_all_rows() -> None:
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1], [300, 30])
    p = np.clip(0.2 + 0.5 * y + rng.normal(0, 0.2, 330), 0, 1)
    rows = rows_of(y, np.arange(330), p)
    with pytest.warns(match="Only 1 of 4"):  # all say the same: then half of the weight is wrong
        members = watched(RUSBoost(4), rows)
    for member in members:
        np.testing.assert_array_equal(np.bincount(y[member.seen]), [30, 30])
    assert len({tuple(m.seen) for m in members}) == 4, "one draw before all rounds is no RUSBoost"
    wrong = (rows.numbers[:, 1] > 0.5) != (y == 1)
    error = wrong.mean()
    # The first round weighs the rows that are wrong by (1 - e) / e; half of all weight is theirs.
    second = members[1]
    weight = np.where(wrong, (1 - error) / error, 1.0)
    np.testing.assert_allclose(second.job.weight, (weight / weight.mean())[second.seen], rtol=1e-6)


def test_each_draw_of_an_easy_ensemble_has_the_same_say() -> None:
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], [200, 40])
    rows = rows_of(y, np.arange(240), np.clip(0.3 + 0.4 * y + rng.normal(0, 0.25, 240), 0, 1))
    step = EasyEnsemble(3, rounds=2)
    members = watched(step, rows)
    assert step.size == len(members) == 6
    for first, second in zip(members[::2], members[1::2], strict=True):
        np.testing.assert_array_equal(first.seen, second.seen)
        np.testing.assert_array_equal(np.bincount(y[first.seen]), [40, 40])
    assert len({tuple(m.seen) for m in members}) == 3
    model = step.build(lambda _s: SklearnModel(DecisionTreeClassifier(max_depth=2), "ordinal"), 0)
    model.fit(FitJob(rows, None, 2))
    assert model.votes.sum() == pytest.approx(1)


def test_the_names_of_the_rivals() -> None:
    rivals = {s.name: s.rival for s in STRATEGIES if s.ensemble is not None and s.rival}
    assert rivals == {
        "balance_cascade": "bagging",
        "balanced_bagging": "bagging",
        "easy_ensemble": "bagging",
        "rus_boost": "boosting",
        "self_paced": "bagging",
        "under_bagging": "bagging",
    }
    averages = [s.name for s in STRATEGIES if not s.remedy and s.training is None]
    assert averages == ["bagging", "boosting", "stacking"]
