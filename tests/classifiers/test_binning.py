"""Weighted bin edges in one pass are scikit-learn's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble._hist_gradient_boosting import binning

from rebal_core.classifiers.binning import in_one_pass, install

install()
ONE_BY_ONE = binning._find_binning_thresholds.one_by_one  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(12))
def test_equal_to_the_last_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(20, 3_000))
    column = rng.exponential(size=size)
    if seed % 3 == 0:
        column = np.round(column, 2)  # ties
    if seed % 2 == 0:
        column[rng.random(size) < 0.1] = np.nan
    if seed % 4 == 1:
        column[0] = np.inf
    weight = rng.choice([0.0, 0.6, 4.0, 4.0], size=size)
    asked = ONE_BY_ONE(column, 255, sample_weight=weight)
    np.testing.assert_array_equal(in_one_pass(ONE_BY_ONE)(column, 255, weight), asked)


def test_boosting_fits_without_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from rebal_core.classifiers import CLASSIFIERS

    def refused(*_values: Any, **_options: Any) -> None:
        raise AssertionError("asked for one quantile alone")

    monkeypatch.setattr(binning, "_weighted_percentile", refused)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(600, 3)), rng.integers(0, 2, 600)
    model: Any = CLASSIFIERS["hist_gradient_boosting"].build(seed=0)
    model.estimator.set_params(max_iter=2).fit(x, y, sample_weight=np.where(y == 1, 3.0, 1.0))
    assert model.estimator.n_iter_ == 2
