"""LightGBM: its text read strictly, its numbers exact, its losses those of the papers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import log_loss
from test_crossfit import rows_of

from rebal_core import focal
from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.classifiers.boosted_trees import read_trees, write_trees
from rebal_core.classifiers.encode import encode
from rebal_core.explain.additive import additive_of
from rebal_core.model import FitJob, TrainingPlan
from rebal_core.rows import Layout, TypedRows
from rebal_core.strategies import fit_arm

RNG = np.random.default_rng(0)


def typed(n: int = 900, classes: int = 2, levels: int = 400, seed: int = 0) -> TypedRows:
    """Return rows with a category of hundreds of values, some missing, and a small one."""
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n) < 0.15, rng.integers(1, classes, n), 0)
    numbers = rng.normal(size=(n, 3)).astype(np.float32)
    numbers[:, 0] += y
    many = rng.integers(-1, levels, n) // (1 + y)
    codes = np.column_stack([many, rng.integers(-1, 3, n)]).astype(np.int32)
    names = ("a", "b", "c")
    layout = Layout(names, ("many", "few"), (levels, 3), players=names)
    return TypedRows(numbers, codes, y, layout)


def fitted(
    rows: TypedRows, plan: TrainingPlan | None = None, classes: int | None = None, **settings
):
    model = CLASSIFIERS["lightgbm"].build(settings, seed=1)
    model.fit(FitJob(rows, None, classes or int(rows.y.max()) + 1, training=plan or TrainingPlan()))
    return model


@pytest.mark.parametrize("classes", [2, 4])
def test_its_numbers_are_those_of_lightgbm_itself(classes) -> None:
    import lightgbm

    rows = typed(classes=classes)
    matrix = encode(rows, "native")
    model = fitted(rows)
    loss = {"objective": "binary"} if classes == 2 else {"objective": "multiclass", "num_class": 4}
    data = lightgbm.Dataset(matrix, rows.y, categorical_feature=[3, 4], params={"verbosity": -1})
    own = lightgbm.train({**model._settings(), **loss}, data, 100)
    other = typed(classes=classes, levels=700, seed=3)  # values that the trees never saw
    asked = encode(other, "native")
    raw = own.predict(asked, raw_score=True)
    expected = np.column_stack([np.zeros(len(raw)), raw]) if classes == 2 else raw
    np.testing.assert_array_equal(model.margins(asked), expected)
    assert any(tree.categorical.any() for tree in model.trees_)
    text = write_trees(model.trees_, model.outputs, 5)
    again = write_trees(read_trees(text, model.outputs, 5), model.outputs, 5)
    assert text == again


@pytest.mark.parametrize("classes", [2, 4])
def test_explanations_add_up_to_its_own_output(classes) -> None:
    """Native categories, beyond the 255 of scikit-learn's, unknown and missing ones included."""
    model = fitted(typed(classes=classes), n_estimators=30)
    rows = encode(typed(n=40, classes=classes, levels=700, seed=5), "native")
    behind = encode(typed(n=25, classes=classes, seed=6), "native")
    worth = np.zeros((40, 25, classes))
    worth[:, :, 1] = 1.0
    found = additive_of(model).exact(rows, behind, np.arange(5), worth)
    raw = additive_of(model).raw
    expected = raw(rows)[:, 1] - raw(behind)[:, 1].mean()
    np.testing.assert_allclose(found.sum(axis=1), expected, rtol=0, atol=1e-12)
    # By brute force over all coalitions for one pair.
    pair = additive_of(model).exact(rows[:1], behind[:1], np.arange(5), worth[:1, :1])
    np.testing.assert_allclose(
        pair[0], brute(lambda x: raw(x)[:, 1], rows[0], behind[0]), atol=1e-12
    )


def brute(output, x, b):
    from itertools import combinations
    from math import factorial

    size = len(x)
    values = np.zeros(size)
    for player in range(size):
        others = [j for j in range(size) if j != player]
        for count in range(size):
            for chosen in combinations(others, count):
                without = b.copy()
                without[list(chosen)] = x[list(chosen)]
                beside = without.copy()
                beside[player] = x[player]
                share = factorial(count) * factorial(size - count - 1) / factorial(size)
                values[player] += share * float(np.diff(output(np.stack([without, beside])))[0])
    return values


def test_constant_columns_and_no_split_are_served() -> None:
    rows = typed()
    flat = replace(rows, numbers=np.zeros_like(rows.numbers), codes=np.zeros_like(rows.codes))
    for plan in (TrainingPlan(), TrainingPlan(focus=2.0)):
        proba = fitted(flat, plan).predict_proba(flat)
        np.testing.assert_allclose(
            proba, np.tile([1 - rows.y.mean(), rows.y.mean()], (900, 1)), atol=0.06
        )


def test_it_is_imported_only_when_it_is_used() -> None:
    code = "import sys, rebal_core.strategies; sys.exit('lightgbm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
def test_gradient_and_hessian_are_the_numerical_ones(gamma) -> None:
    rng = np.random.default_rng(3)
    for classes in (2, 5):
        z, y, step = 3 * rng.normal(size=(200, classes)), rng.integers(0, classes, 200), 1e-5
        gradient, hessian = focal.gradients(z, y, gamma)
        for k in range(classes):
            up, down = z.copy(), z.copy()
            up[:, k] += step
            down[:, k] -= step
            rise = (focal.losses(up, y, gamma) - focal.losses(down, y, gamma)) / (2 * step)
            np.testing.assert_allclose(gradient[:, k], rise, rtol=1e-5, atol=1e-8)
            bend = focal.gradients(up, y, gamma)[0] - focal.gradients(down, y, gamma)[0]
            np.testing.assert_allclose(hessian[:, k], bend[:, k] / (2 * step), rtol=1e-4, atol=1e-7)


def test_gamma_0_is_the_cross_entropy_and_the_popular_form_is_not() -> None:
    z, y = RNG.normal(size=(500, 2)), RNG.integers(0, 2, 500)
    assert focal.losses(z, y, 0.0).mean() == pytest.approx(
        log_loss(y, softmax(z, axis=1)), abs=1e-7
    )
    # -a (1 - a) / p * p^-gamma * y: without a logarithm, and the better the more wrong.
    p = np.array([0.01, 0.5, 0.99])

    def popular(q):
        return -0.25 * 0.75 / q * q**-2.0

    margins = np.column_stack([np.zeros(3), np.log(p / (1 - p))])
    assert (np.diff(focal.losses(margins, np.ones(3, dtype=int), 2.0)) < 0).all()
    assert popular(p[0]) < -100_000 < popular(p[2]), "rewards being wrong"


def test_focal_answers_are_put_right_in_closed_form() -> None:
    assert focal.recovered(np.array([[0.7498, 0.2502]]), 2.0)[0, 1] == pytest.approx(0.05, abs=1e-4)
    grid = np.linspace(1e-4, 1 - 1e-4, 20_001)
    for eta in (0.05, 0.1, 0.6, 0.9):  # against the minimiser, found by trying
        margins = np.column_stack([np.zeros(grid.size), np.log(grid / (1 - grid))])
        own = [focal.losses(margins, np.full(grid.size, k), 2.0) for k in (0, 1)]
        best = grid[(eta * own[1] + (1 - eta) * own[0]).argmin()]
        back = focal.recovered(np.array([[1 - best, best]]), 2.0)[0, 1]
        assert back == pytest.approx(eta, abs=5e-4)
    v = np.linspace(0.01, 0.99, 99)
    rise = (focal.risen(v + 1e-6, 2.0) - focal.risen(v - 1e-6, 2.0)) / 2e-6
    np.testing.assert_allclose(focal.slope(v, 2.0), rise, rtol=1e-5)


def made(n: int, seed: int):
    """Return rows of two columns and the true probability of class 1, 8 % on average."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, size=(n, 2)).astype(np.float32)
    truth = expit(1.5 * x[:, 0] - 3.2)
    y = (rng.random(n) < truth).astype(np.int64)
    layout = Layout(("a", "b"), players=("a", "b"))
    return TypedRows(x, np.zeros((n, 0), np.int32), y, layout), truth


def test_losses_differ_and_their_probabilities_come_back() -> None:
    rows, truth = made(8_000, 0)
    settings = (("learning_rate", 0.05), ("num_leaves", 7), ("n_estimators", 60))
    found = {}
    for name in ("none", "focal", "logit_adjusted_loss"):
        arm = fit_arm(Arm(name, "lightgbm", (), settings), rows, seed=0)
        own = arm.predict_proba(rows)
        odds = own * arm.prior_train / arm.prior_fit
        found[name] = own, (odds / odds.sum(axis=1, keepdims=True))[:, 1], arm
    for name, (_own, right, _arm) in found.items():
        assert np.abs(right - truth).mean() < 0.025, name
        assert right.mean() == pytest.approx(truth.mean(), abs=0.01), name
    focal_arm = found["focal"][2]
    bent = softmax(focal_arm.model.margins(encode(rows, "native")), axis=1)[:, 1]
    assert np.abs(bent - truth).mean() > 3 * np.abs(found["focal"][1] - truth).mean()
    assert np.abs(found["focal"][1] - found["none"][1]).max() > 0.01, "it trains otherwise"
    adjusted = found["logit_adjusted_loss"]
    np.testing.assert_allclose(adjusted[2].prior_fit, 0.5)
    assert adjusted[0][:, 1].mean() > 0.25, "its own answers are of classes of equal size"


def test_gamma_0_and_tau_0_are_the_usual_loss() -> None:
    rows = rows_of((300, 80, 30))
    plain = fitted(rows).predict_proba(rows)
    for plan in (TrainingPlan(focus=1e-12), TrainingPlan(offset=(0.0, 0.0, 0.0))):
        # LightGBM scales the curvature of many classes by K / (K - 1): close, not the same.
        assert np.abs(fitted(rows, plan).predict_proba(rows) - plain).mean() < 0.05
    two = rows_of((300, 80))
    same = fitted(two, TrainingPlan(offset=(0.0, 0.0))).predict_proba(two)
    np.testing.assert_allclose(same, fitted(two).predict_proba(two), atol=1e-4)


def test_at_first_every_row_is_answered_with_the_shares() -> None:
    rows = rows_of((300, 80, 30))
    for plan in (TrainingPlan(focus=2.0), TrainingPlan(offset=(-0.3, -1.6, -2.6))):
        model = fitted(rows, plan, n_estimators=1, learning_rate=1e-4)
        if plan.offset:
            found = softmax(model.margins(encode(rows, "native")) + plan.offset, axis=1)
        else:
            found = model.predict_proba(rows)
        np.testing.assert_allclose(found, np.tile([300, 80, 30], (410, 1)) / 410, atol=1e-3)


def test_many_classes_under_the_adjusted_loss() -> None:
    rows = rows_of((400, 120, 60, 30, 12))
    arm = fit_arm(Arm("logit_adjusted_loss", "lightgbm"), rows, seed=0, n_classes=6)
    np.testing.assert_allclose(arm.prior_fit, [0.2, 0.2, 0.2, 0.2, 0.2, 0])
    half = fit_arm(Arm("logit_adjusted_loss", "lightgbm", (("tau", 0.0),)), rows, seed=0)
    np.testing.assert_allclose(half.prior_fit, half.prior_train)
    both = fit_arm(Arm("class_weight+logit_adjusted_loss", "lightgbm"), rows, seed=0)
    np.testing.assert_allclose(both.prior_fit, 0.2)
