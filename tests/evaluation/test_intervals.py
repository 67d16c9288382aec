"""Pinned values of the statistics, and what must hold for all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebal_core.arm import Protocol
from rebal_core.evaluation.bootstrap import POISSON, Series
from rebal_core.evaluation.intervals import (
    Difference,
    clopper_pearson,
    holm,
    holm_levels,
    nadeau_bengio,
    score_interval,
    spread,
    train_test_ratio,
    widening,
)
from rebal_core.metrics import METRICS


def test_holm_pinned():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_level_excludes_zero_exactly_where_holm_rejects(p):
    adjusted, level = holm(p), holm_levels(p)
    assert np.array_equal(np.asarray(p) <= level, adjusted <= 0.05)
    assert (adjusted >= p).all()


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8), st.randoms())
def test_holm_does_not_care_for_the_order(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    shuffled = [p[i] for i in order]
    assert holm(shuffled) == pytest.approx(holm(p)[order])
    assert holm_levels(shuffled) == pytest.approx(holm_levels(p)[order])


def test_clopper_pearson_pinned():
    assert clopper_pearson(3, 3) == pytest.approx((0.2924, 1.0), abs=5e-5)
    assert clopper_pearson(8, 10) == pytest.approx((0.4439, 0.9748), abs=5e-5)
    assert clopper_pearson(0, 3) == pytest.approx((0.0, 0.7076), abs=5e-5)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


def test_identical_arms_are_never_significant():
    d = nadeau_bengio(np.zeros(5), 0.25)
    assert (d.gain, d.se, d.p) == (0.0, 0.0, 1.0)
    assert d.interval(0.05) == (0.0, 0.0)


def test_nadeau_bengio_against_the_formula():
    d = nadeau_bengio([0.1, 0.2, 0.3, np.nan], 0.25)
    assert d.gain == pytest.approx(0.2)
    assert d.se == pytest.approx(np.sqrt((1 / 3 + 0.25) * 0.01))
    assert d.df == 2
    # t with 2 degrees of freedom has a closed form.
    t = d.gain / d.se
    assert d.p == pytest.approx(1 - t / np.sqrt(2 + t**2))


def test_constant_difference_without_spread_is_unknown():
    assert nadeau_bengio([0.1, 0.1, 0.1], 0.25).p == 1.0
    assert np.isnan(nadeau_bengio([0.1], 0.25).se)


@pytest.mark.parametrize(("repeats", "c"), [(1, 1.50), (2, 1.32), (5, 1.20)])
def test_widening_pinned(repeats, c):
    assert widening(5, repeats) == pytest.approx(c, abs=0.006)


def test_time_splits_widen_more():
    assert train_test_ratio(5, "time") == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 5)
    assert widening(5, 1, "time") > widening(5, 1)


def test_interval_and_p_agree():
    d = Difference(1.959964, 1.0)
    assert d.p == pytest.approx(0.05, abs=1e-6)
    assert d.interval(0.05)[0] == pytest.approx(0.0, abs=1e-5)


def test_weights_of_the_bootstrap_are_poisson():
    assert (POISSON.mean(), POISSON.var()) == pytest.approx((1.0, 1.0), abs=1e-3)
    assert (POISSON == 0).mean() == pytest.approx(np.exp(-1), abs=1e-4)


def test_interval_of_a_score_is_the_widened_spread_within_what_the_metric_can_be():
    protocol = Protocol("roc_auc", "none")
    draws = np.random.default_rng(0).normal(0.7, 0.02, (1, 4_000))
    series = Series.of(np.array([0.7]), draws, np.full((1, 5), 0.7))
    low, high = score_interval(series, METRICS["roc_auc"], protocol)
    assert (low, high) == pytest.approx((0.7 - 1.96 * 0.03, 0.7 + 1.96 * 0.03), abs=0.002)
    wild = Series.of(np.array([0.99]), draws * 10, np.full((1, 5), 0.99))
    cut = score_interval(wild, METRICS["roc_auc"], protocol)
    assert cut == pytest.approx((0.99 - 1.96 * 0.3, 1.0), abs=0.03)
    assert score_interval(wild, METRICS["log_loss"], protocol)[1] > 1
    apart = np.array([[0.0, 2.0, np.nan], [4.0, 4.0, 4.0]])
    assert spread(apart) == pytest.approx(1.0), "variances, not errors, are averaged over repeats"
