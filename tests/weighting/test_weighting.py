"""Class weights and the class shares they amount to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.step import Weights
from rebal_core.strategies.hardness_weight import HardnessWeight
from rebal_core.weighting import ClassWeight, EffectiveNumber, ManualWeight, even, prior

Y = np.repeat([0, 1, 3], [70, 25, 5])


def weights_of(step: Weights) -> np.ndarray:
    numbers, codes = np.zeros((len(Y), 1), dtype=np.float32), np.zeros((len(Y), 0), dtype=np.int32)
    return step.weights(fold_of(TypedRows(numbers, codes, Y, Layout(("x",), players=("x",))), 0))


def test_power_one_is_balanced() -> None:
    np.testing.assert_allclose(weights_of(ClassWeight()), compute_sample_weight("balanced", Y))


@pytest.mark.parametrize("power", [0.0, 0.25, 0.5, 2.0])
def test_weights_follow_the_power_and_have_mean_one(power) -> None:
    weights = weights_of(ClassWeight(power))
    assert weights.mean() == pytest.approx(1)
    assert weights[-1] / weights[0] == pytest.approx((70 / 5) ** power)


def test_prior_is_what_the_classifier_sees() -> None:
    np.testing.assert_allclose(prior(Y, 5), [0.7, 0.25, 0, 0.05, 0])
    np.testing.assert_allclose(prior(Y, 4, weights_of(ClassWeight())), [1 / 3, 1 / 3, 0, 1 / 3])


def test_the_weight_of_a_class_is_the_inverse_of_its_share() -> None:
    weights = weights_of(ClassWeight())
    share = np.bincount(Y) / len(Y)
    assert weights[-1] > weights[0]
    assert share[3] < share[0], "in proportion to the share the majority would rise"
    np.testing.assert_allclose(np.bincount(Y, weights)[[0, 1, 3]], len(Y) / 3)
    assert np.unique(weights).size == 3, "one number for all rows is no weight"


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.99, 0.999999])
def test_the_effective_number_of_rows(beta) -> None:
    """(1 - beta) / (1 - beta ** n) of Cui et al. (2019), eq. 2, normalised to mean 1."""
    weights = weights_of(EffectiveNumber(beta))
    counts = np.array([70, 25, 5])
    # 1 + beta + ... + beta ** (n - 1) rows are effectively there.
    effective = np.array([sum(beta**j for j in range(n)) for n in counts])
    expected = 1 / effective
    np.testing.assert_allclose(
        weights[[0, 70, 95]], expected * 100 / (counts * expected).sum(), rtol=1e-9
    )
    if beta == 0:
        np.testing.assert_allclose(weights, 1)
    if beta > 0.9999:
        np.testing.assert_allclose(weights, weights_of(ClassWeight()), rtol=1e-3)


def test_weights_by_hand() -> None:
    weights = weights_of(ManualWeight({3: 8, 1: 0.5}))
    np.testing.assert_allclose(weights[[70, 95]] / weights[0], [0.5, 8])
    assert weights.mean() == pytest.approx(1)
    assert ManualWeight().idle() is not None
    assert ManualWeight(((1, 2.0),)).idle() is None
    np.testing.assert_allclose(weights_of(ManualWeight()), 1)


@pytest.mark.parametrize("weighted", [False, True])
def test_hardness_is_the_part_of_near_rows_that_disagree(weighted) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2)).astype(np.float32)
    y = (x[:, 0] + rng.normal(0, 0.8, 120) > 1).astype(np.int64)
    user = rng.uniform(0.5, 2, 120) if weighted else None
    rows = TypedRows(x, np.zeros((120, 0), np.int32), y, Layout(("a", "b"), players=("a", "b")))
    fold = fold_of(replace(rows, weight=user), 0)
    weights = HardnessWeight(4, 2.0).weights(fold)
    far = np.linalg.norm(x[:, None].astype(float) - x, axis=2) + np.diag(np.full(120, np.inf))
    hard = np.array([(y[np.argsort(row)[:4]] != y[i]).mean() for i, row in enumerate(far)])
    for label in (0, 1):
        own = y == label
        raw = 1 + 2 * hard[own]
        np.testing.assert_allclose(weights[own] / weights[own][0], raw / raw[0])
        # The class keeps its total, so that this is not class weights once more.
        total = np.ones(120) if user is None else user
        assert (weights * total)[own].sum() == pytest.approx(total[own].sum())
    assert weights_of(HardnessWeight()).shape == Y.shape


def test_even_weights_move_no_shares() -> None:
    weight = np.random.default_rng(1).uniform(0, 3, len(Y))
    np.testing.assert_allclose(np.bincount(Y, even(weight, Y)), np.bincount(Y))
    np.testing.assert_allclose(even(np.zeros(len(Y)), Y), 0)
