"""Refinement: log loss after the best recalibration, held against a general minimiser."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from rebal_core.nn.refinement import refined


def drawn(n: int = 800, k: int = 2, slope: float = 3.0, shift: float = 1.0):
    """Labels drawn from softmax(truth), and logits that are slope times too sure, and moved."""
    rng = np.random.default_rng(n + k)
    truth = rng.normal(0, 1.5, (n, k)) - np.arange(k)
    y = (softmax(truth, axis=1).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return slope * truth + shift * np.arange(k), y, rng.uniform(0.2, 3, n)


def log_loss(logits, y, weight) -> float:
    own = log_softmax(logits, axis=1)[np.arange(len(y)), y]
    return float(-(weight @ own) / weight.sum())


def searched(logits, y, weight) -> float:
    """Return the same by a search that knows no derivatives of ours."""
    k = logits.shape[1]

    def loss(theta):
        moved = theta[0] * logits
        return log_loss(moved + ([0, theta[1]] if k == 2 else 0), y, weight)

    bounds = [(0, None), (None, None)][: 2 if k == 2 else 1]
    options = {"ftol": 1e-15, "gtol": 1e-10}
    return float(minimize(loss, [0.5, 0.0][: len(bounds)], bounds=bounds, options=options).fun)


@pytest.mark.parametrize("k", [2, 3, 7])
@pytest.mark.parametrize("slope", [0.05, 1.0, 3.0, -2.0])
def test_it_is_the_least_log_loss(k, slope):
    logits, y, weight = drawn(k=k, slope=slope)
    got = refined(logits, y, weight)
    assert got == pytest.approx(searched(logits, y, weight), abs=1e-8)
    assert got <= log_loss(logits, y, weight) + 1e-12


@pytest.mark.parametrize("k", [2, 5])
def test_calibration_does_not_move_it(k):
    logits, y, weight = drawn(k=k)
    moved = 0.01 * logits + (np.array([0.0, 40.0]) if k == 2 else 40.0)
    assert refined(moved, y, 7 * weight) == pytest.approx(refined(logits, y, weight), abs=1e-9)
    assert refined(logits, y, weight) < log_loss(logits, y, weight) - 0.05


def test_a_slope_below_0_is_not_taken():
    """Logits that are the wrong way round refine nothing; else they would count as good."""
    logits, y, weight = drawn(slope=-2.0)
    share = np.bincount(y, weight) / weight.sum()
    assert refined(logits, y, weight) == pytest.approx(-(share * np.log(share)).sum())
    assert refined(-logits, y, weight) < refined(logits, y, weight) - 0.1
    many, y, weight = drawn(k=4, slope=-2.0, shift=0.0)
    assert refined(many, y, weight) == pytest.approx(np.log(4))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e4, 1e8])
def test_no_size_of_logits_breaks_it(k, size):
    logits, y, weight = drawn(k=k)
    assert refined(size * logits, y, weight) == pytest.approx(refined(logits, y, weight), abs=1e-8)


def test_ends_that_have_no_best_slope():
    y = np.arange(60) % 3
    sure = np.eye(3)[y]
    ones = np.ones(60)
    assert refined(sure, y, ones) == pytest.approx(0, abs=1e-9)
    assert refined(sure[:, :2][y < 2], y[y < 2], ones[y < 2]) == pytest.approx(0, abs=1e-9)
    assert refined(np.zeros((60, 3)), y, ones) == pytest.approx(np.log(3))
    assert refined(np.ones((60, 2)), y // 2, ones) == pytest.approx(-np.log(2 / 3) * 2 / 3
                                                                   - np.log(1 / 3) / 3)  # fmt: skip
    assert refined(np.eye(2)[y % 2], 0 * y, ones) == 0


def test_a_row_that_weighs_nothing_counts_for_nothing():
    logits, y, weight = drawn()
    wild = np.concatenate([logits, [[60.0, -60.0]]])
    got = refined(wild, np.append(y, 1), np.append(weight, 0.0))
    assert got == pytest.approx(refined(logits, y, weight), abs=1e-9)


def test_rows_in_float32_do():
    logits, y, weight = drawn()
    got = refined(logits.astype(np.float32), y, weight.astype(np.float32))
    assert got == pytest.approx(refined(logits, y, weight), abs=1e-6)
