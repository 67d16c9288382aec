"""Class weights and the class shares they amount to."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from rebal_core.weighting import ClassWeight, prior

Y = np.repeat([0, 1, 3], [70, 25, 5])


def test_power_one_is_balanced() -> None:
    np.testing.assert_allclose(ClassWeight().weights(Y), compute_sample_weight("balanced", Y))


@pytest.mark.parametrize("power", [0.0, 0.25, 0.5, 2.0])
def test_weights_follow_the_power_and_have_mean_one(power) -> None:
    weights = ClassWeight(power).weights(Y)
    assert weights.mean() == pytest.approx(1)
    assert weights[-1] / weights[0] == pytest.approx((70 / 5) ** power)


def test_prior_is_what_the_classifier_sees() -> None:
    np.testing.assert_allclose(prior(Y, 5), [0.7, 0.25, 0, 0.05, 0])
    np.testing.assert_allclose(prior(Y, 4, ClassWeight().weights(Y)), [1 / 3, 1 / 3, 0, 1 / 3])
