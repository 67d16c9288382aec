"""Class weights and the class shares they amount to."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.weighting import ClassWeight, prior

Y = np.repeat([0, 1, 3], [70, 25, 5])


def weights_of(step: ClassWeight) -> np.ndarray:
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
