"""The draws of users: their means, their errors, and that arms share them."""

from __future__ import annotations

import numpy as np
import pytest

from rebal_core.ranking.draws import UserDraws


def test_the_first_column_is_the_mean_of_what_is_there() -> None:
    values = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])
    means = UserDraws(3, 10, seed=0).means(values)
    assert means[0, 0] == 2.0
    assert np.isnan(means[1]).all()


def test_the_error_is_that_of_a_mean_widened_for_the_log_it_learned_from() -> None:
    values = np.random.default_rng(1).normal(size=(1, 4000))
    draws = UserDraws(4000, 4000, seed=0)
    low, high = draws.interval(draws.means(values)[0])
    plain = 2 * 1.96 * values.std() / np.sqrt(4000)
    assert high - low == pytest.approx(np.sqrt(2) * plain, rel=0.1)


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(2)
    one = rng.normal(size=4000)
    other = one + 0.01 + 0.001 * rng.normal(size=4000)
    draws = UserDraws(4000, 100_000, seed=0)
    first, second = draws.means(np.stack([one, other]))
    difference = draws.difference(second, first)
    assert difference.gain == pytest.approx(0.01, abs=1e-3)
    assert 0 < difference.se < 1e-4
    assert difference.p < 1e-6


def test_a_mean_that_is_not_defined_has_no_error() -> None:
    draws = UserDraws(2, 10, seed=0)
    means = draws.means(np.array([[np.nan, np.nan], [1.0, 0.0]]))
    assert np.isnan(draws.interval(means[0])).all()
    assert draws.difference(means[0], means[1]).p == 1.0


def test_the_blocks_of_a_large_log_change_nothing_but_memory(monkeypatch) -> None:
    values = np.random.default_rng(3).random((2, 1000))
    whole = UserDraws(1000, 10, seed=0).means(values)
    monkeypatch.setattr("rebal_core.ranking.draws.HELD", 40_000)
    assert UserDraws(1000, 10, seed=0).means(values) == pytest.approx(whole, rel=1e-5)
