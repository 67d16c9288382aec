"""The way back from the repaired probability to raw outputs is exact."""

from __future__ import annotations

import numpy as np
import pytest

from rebal_core.decisions import Calibration, Repair
from rebal_core.decisions.stages import reweighted, softmax
from rebal_core.explain import linear
from rebal_core.explain.outputs import OutputMap


def repaired(k, name):
    """Class shares seen and natural, and a repair between them."""
    fit = np.array([0.5, 0.5]) if k == 2 else np.array([0.5, 0.25, 0.25])
    train = np.array([0.9, 0.1]) if k == 2 else np.array([0.7, 0.25, 0.05])
    offsets = (0.0, 0.3) if k == 2 else (0.2, -0.4, 0.0)
    calibration = Calibration(0.7, () if name.endswith("temperature") else offsets)
    return fit, train, Repair(name, Calibration() if name in ("none", "prior") else calibration)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", ["none", "prior", "prior+intercepts", "temperature"])
@pytest.mark.parametrize("margins", [True, False])
def test_multipliers_add_up(k, name, margins):
    rng = np.random.default_rng(0)
    fit, train, repair = repaired(k, name)
    stages = repair.stages(fit, train)
    raw = 3 * rng.normal(size=(40, k)) if margins else rng.dirichlet(np.ones(k), 40)
    raw[7] = raw[30]
    raw[8] = raw[31] + 1e-9
    first = softmax() if margins else reweighted(np.ones(k))
    outputs = OutputMap((first, *stages))
    x, b = raw[:20], raw[20:]
    g = outputs.probabilities(raw)
    for label in range(k):
        worth = outputs.multipliers(x, b, label)
        carried = (worth * (x[:, None, :] - b[None, :, :])).sum(axis=2)
        expected = g[:20, None, label] - g[None, 20:, label]
        np.testing.assert_allclose(carried, expected, atol=1e-9)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", ["none", "prior", "prior+intercepts", "temperature"])
def test_stages_are_the_repair_of_the_run(k, name):
    fit, train, repair = repaired(k, name)
    proba = np.random.default_rng(1).dirichlet(np.ones(k), 50)
    expected = repair.apply(proba, fit, train)
    stages = repair.stages(fit, train)
    found = OutputMap((reweighted(np.ones(k)), *stages)).probabilities(proba)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_linear_values_are_differences_of_terms():
    rng = np.random.default_rng(2)
    coefficients, rows, background = (
        rng.normal(size=(1, 4)),
        rng.normal(size=(3, 4)),
        rng.normal(size=(5, 4)),
    )
    found = linear.shapley(
        coefficients, rows, background, np.array([0, 2, 1, 1]), np.ones((3, 5, 1))
    )
    terms = coefficients * (rows - background.mean(axis=0))
    expected = np.column_stack([terms[:, 0], terms[:, 2] + terms[:, 3], terms[:, 1]])
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_extreme_margins_do_not_cancel_out():
    """Margins of 60 drown the rest of a softmax; the values must add up all the same."""
    stages = Repair("prior").stages(np.array([0.5, 0.5]), np.array([0.9, 0.1]))
    outputs = OutputMap((softmax(), *stages), margins=True)
    rows = np.array([[0.0, 60.0], [0.0, -3.0], [0.0, 900.0], [0.0, 0.5]])
    background = np.array([[0.0, -2.0], [0.0, 45.0], [0.0, 0.5]])
    for label in (0, 1):
        worth = outputs.multipliers(rows, background, label)
        moved = (worth * (rows[:, None, :] - background[None, :, :])).sum(axis=2)
        g = outputs.probabilities
        expected = g(rows)[:, None, label] - g(background)[None, :, label]
        np.testing.assert_allclose(moved, expected, atol=1e-12)


@pytest.mark.parametrize("name", ["none", "prior", "prior+intercepts", "temperature"])
def test_classes_that_are_all_but_excluded_are_worth_little(name):
    """Sixty margins far apart: what one unit of any is worth stays below the steepest slope."""
    rng = np.random.default_rng(3)
    k = 60
    fit, train = np.full(k, 1 / k), rng.dirichlet(np.full(k, 0.5))
    offsets = tuple(rng.normal(size=k)) if name == "prior+intercepts" else ()
    plain = name in ("none", "prior")
    repair = Repair(name, Calibration() if plain else Calibration(0.6, offsets))
    outputs = OutputMap((softmax(), *repair.stages(fit, train)), margins=True)
    rows, background = 12 * rng.normal(size=(15, k)), 12 * rng.normal(size=(20, k))
    rows[0] = background[0]
    rows[1] = background[1] + 1e-9 * rng.normal(size=k)
    for label in (0, 7):
        rows[2:9, label] += 45
        worth = outputs.multipliers(rows, background, label)
        moved = (worth * (rows[:, None, :] - background[None, :, :])).sum(axis=2)
        g = outputs.probabilities
        expected = g(rows)[:, None, label] - g(background)[None, :, label]
        np.testing.assert_allclose(moved, expected, atol=1e-12)
        assert np.abs(worth).max() <= 0.26


def test_with_two_classes_of_three_the_way_is_that_of_two():
    """A class that nothing can win leaves the mean slope: the ratio of the two others."""
    rng = np.random.default_rng(4)
    pairs = rng.normal(size=(12, 2)) * 2
    three = np.column_stack([pairs, np.full(12, -700.0)])
    two = OutputMap((softmax(),), margins=True).multipliers(pairs[:6], pairs[6:], 1)
    many = OutputMap((softmax(),), margins=True).multipliers(three[:6], three[6:], 1)
    np.testing.assert_allclose(
        many[:, :, 1] - many[:, :, 0], two[:, :, 1] - two[:, :, 0], atol=0.02
    )
