"""Copies, distances and membership, against the plain way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score
from synthetic_worlds import near, none_of, rows_of

from rebal_core.evaluation.synthetic.nearness import nearness
from rebal_core.evaluation.synthetic.ranked import Area, area
from rebal_core.evaluation.synthetic.shares import Share, Shares
from rebal_core.samplers.spaces import space_of


def mixed(rng, n, shift=0.0):
    numbers, codes = rng.normal(size=(n, 3)) + shift, rng.integers(-1, 3, (n, 2))
    return rows_of(numbers, np.ones(n), codes, cardinalities=(3, 3))


def test_against_all_distances():
    rng = np.random.default_rng(0)
    train, made, held = mixed(rng, 80), mixed(rng, 150, 0.3), mixed(rng, 60)
    found = nearness(train, made, held)
    real, drawn, kept = (space_of(part).astype(float) for part in (train, made, held))
    far, usual = cdist(drawn, real).min(1), cdist(kept, real).min(1)
    assert found.made == pytest.approx(np.quantile(far, 0.05), abs=1e-6)
    assert found.held == pytest.approx(np.quantile(usual, 0.05), abs=1e-6)
    assert found.near.made.hits == (far <= np.quantile(usual, 0.05)).sum()
    assert found.near.held.hits == 3
    gaps = np.concatenate([cdist(real, drawn).min(1), cdist(kept, drawn).min(1)])
    assert found.membership.value == pytest.approx(roc_auc_score([1] * 80 + [0] * 60, -gaps))
    assert found.membership.low < found.membership.value < found.membership.high


def test_copies_are_the_same_in_every_column():
    train = rows_of([[0.0], [1.0]], [1, 1], [[0], [1]], cardinalities=(2,))
    made = rows_of([[-0.0], [1.0], [1.0], [1.0]], np.ones(4), [[0], [1], [0], [-1]],
                   cardinalities=(2,))  # fmt: skip
    found = nearness(train, made, train.take(np.array([1])))
    assert found.copies == Shares(Share(2, 4), Share(1, 1))
    assert not found.copied  # as real rows are copies, too


def test_a_column_of_many_values_is_no_place_but_tells_copies_apart():
    train = rows_of([[0.0]], [1], [[3]], cardinalities=(50,))
    made = rows_of([[0.0], [0.0]], [1, 1], [[3], [4]], cardinalities=(50,))
    found = nearness(train, made, train)
    assert (found.made, found.copies.made.hits) == (0, 1)


def test_without_real_rows_held_back_nothing_is_known():
    rng = np.random.default_rng(1)
    train, made = mixed(rng, 20), mixed(rng, 30)
    found = nearness(train, made, train.take(np.zeros(0, dtype=np.int64)))
    assert np.isnan([found.held, found.membership.value]).all()
    assert not any((found.copied, found.too_near, found.recognised))


def test_one_row_of_each():
    rng = np.random.default_rng(2)
    found = nearness(mixed(rng, 1), mixed(rng, 1), mixed(rng, 1))
    assert found.copies.made.rows == 1
    assert not any((found.copied, found.too_near, found.recognised))


def test_more_copies_than_real_ones_fail():
    for hits, failed in ((5, True), (4, False)):
        copies = Shares(Share(hits, 1_000), Share(0, 1_000))
        assert near(copies=copies).copied == failed
    assert not near(copies=Shares(Share(60, 1_000), Share(50, 1_000))).copied


def test_half_the_distance_fails():
    many = Shares(Share(900, 1_000), Share(50, 1_000))
    assert near(made=0.49, held=1, near=many).too_near
    assert not near(made=0.51, held=1, near=many).too_near
    assert not near(made=0.49, held=1).too_near  # as many of the real rows are so near


def test_three_of_five_fail():
    assert near(membership=Area(0.605, 0.55, 0.66)).recognised
    assert not near(membership=Area(0.595, 0.55, 0.64)).recognised
    assert not near(membership=Area(0.7, 0.49, 0.9)).recognised


def test_newcombe_pinned():
    low, high = Shares(Share(56, 70), Share(48, 80)).excess
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert np.isnan(Shares(Share(1, 2), Share(0, 0)).excess).all()
    assert Share(0, 0).interval == (0, 1)
    assert np.isnan(Share(0, 0).value)
    assert none_of().excess[0] < 0 < none_of().excess[1]


def test_areas_hold_the_truth():
    """Of two normal variables one deviation apart the area is .760."""
    held = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        positive = np.arange(200) < 80
        found = area([(rng.normal(size=200) + positive, positive)], seed)
        held += found.low <= 0.7602 <= found.high
    assert held >= 35


def test_an_area_of_one_kind_is_not_known():
    assert np.isnan(area([(np.arange(3.0), np.ones(3, dtype=bool))], 0).value)
    assert np.isnan(area([], 0).value)


def test_few_rows_ranked_without_fault_prove_little():
    """Of three against three one of twenty orders is without fault."""
    found = area([(np.arange(6.0), np.arange(6) > 2)], 0)
    assert found.value == found.high == 1
    assert found.low == pytest.approx(0.55, abs=0.05)
    many = area([(np.arange(400.0), np.arange(400) > 199)], 0)
    assert many.low > 0.999


def test_folds_widen_the_interval():
    rng = np.random.default_rng(3)
    positive = np.arange(400) % 2 == 0
    score = rng.normal(size=400) + positive
    cut = [(score[i : i + 200], positive[i : i + 200]) for i in (0, 200)]
    one, two = area([(score, positive)], 0), area(cut, 0)
    assert two.high - two.low > 1.2 * (one.high - one.low)
