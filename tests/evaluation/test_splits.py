"""Splits: every labelled row tested once, groups whole, time forward, rare classes kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebal_core.arm import Protocol
from rebal_core.data.split import make_splits, resampling_units
from rebal_core.wording import UserError


def protocol(**more):
    return Protocol("average_precision", "f1", **more)


@given(
    st.lists(st.integers(2, 40), min_size=2, max_size=6).map(lambda sizes: [*sizes, 1, 0]),
    st.integers(2, 6),
    st.integers(0, 5),
)
def test_stratified_rows(sizes, folds, missing):
    y = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(missing, -1)])
    y = np.random.default_rng(0).permutation(y).astype(np.int64)
    testable = np.flatnonzero((y >= 0) & (np.bincount(y[y >= 0], minlength=7)[y] > 1))
    if testable.size < folds:
        return
    splits = make_splits(y, protocol(folds=folds, repeats=2))
    assert [(s.repeat, s.fold) for s in splits] == [(r, f) for r in (0, 1) for f in range(folds)]
    for repeat in (0, 1):
        own = [s for s in splits if s.repeat == repeat]
        assert np.array_equal(np.sort(np.concatenate([s.test for s in own])), testable)
        counts = np.array([np.bincount(y[s.test], minlength=len(sizes)) for s in own])
        assert (np.ptp(counts, axis=0) <= 1).all()
        assert np.ptp(counts.sum(1)) <= 1
        for s in own:
            assert np.array_equal(np.sort(np.r_[s.train, s.test]), np.flatnonzero(y >= 0))
            # Every class that is tested is taught.
            assert set(y[s.test]) <= set(y[s.train])


def test_same_seed_same_splits_other_seed_others():
    y = np.repeat([0, 1], [80, 20]).astype(np.int64)
    a, b, c = (make_splits(y, protocol(seed=s))[0].test for s in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_class_of_one_row_only_trains():
    y = np.array([0] * 50 + [1] * 8 + [2] * 3 + [3], dtype=np.int64)
    splits = make_splits(y, protocol())
    assert all(61 in s.train and 61 not in s.test for s in splits)
    assert sum((y[s.test] == 2).sum() for s in splits) == 3


def test_groups_stay_whole_and_folds_alike():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 300, 4000)
    y = (rng.random(4000) < np.where(groups < 30, 0.5, 0.02)).astype(np.int64)
    splits = make_splits(y, protocol(split="group"), groups=groups)
    assert np.array_equal(np.sort(np.concatenate([s.test for s in splits])), np.arange(4000))
    for s in splits:
        assert not set(groups[s.train]) & set(groups[s.test])
        assert y[s.test].mean() == pytest.approx(y.mean(), abs=0.01)
        assert s.test.size == pytest.approx(800, abs=30)
    units = resampling_units(protocol(split="group"), groups=groups)
    assert np.unique(units).size == np.unique(groups).size


def test_text_groups_and_a_class_in_one_group():
    groups = np.array([f"u{i % 12}" for i in range(120)], dtype=object)
    y = np.where(groups == "u3", 2, np.arange(120) % 5 == 0).astype(np.int64)
    for s in make_splits(y, protocol(split="group"), groups=groups):
        assert "u3" in groups[s.train]
        assert "u3" not in groups[s.test]


def test_too_few_groups_is_told():
    y = np.tile([0, 1], 20).astype(np.int64)
    with pytest.raises(UserError, match="at least 5 groups"):
        make_splits(y, protocol(split="group"), groups=np.arange(40) % 3)
    with pytest.raises(UserError, match="needs a group column"):
        make_splits(y, protocol(split="group"))


def test_time_goes_forward():
    rng = np.random.default_rng(0)
    times = np.datetime64("2026-01-01") + rng.integers(0, 90, 900).astype("timedelta64[D]")
    times[5] = np.datetime64("NaT")
    y = (rng.random(900) < 0.2).astype(np.int64)
    splits = make_splits(y, protocol(split="time"), times=times)
    assert len(splits) == 5
    for s in splits:
        assert times[s.train].max() < times[s.test].min()
        assert 5 not in s.train
        assert 5 not in s.test
        assert s.test.size == pytest.approx(150, abs=25)
    units = resampling_units(protocol(split="time"), times=times)
    assert np.unique(units[times == times]).size == 90
    blocks = resampling_units(protocol(split="time", folds=10), times=times)
    assert np.unique(blocks).size <= 90


def test_time_with_groups_takes_tested_groups_out_of_training():
    times, groups = np.arange(200.0), np.arange(200) % 40
    y = (np.arange(200) % 7 == 0).astype(np.int64)
    groups[:40] = 100 + np.arange(40)
    for s in make_splits(y, protocol(split="time", folds=2), times=times, groups=groups):
        assert not set(groups[s.train]) & set(groups[s.test])


def test_time_refuses_what_it_cannot_do():
    y = np.tile([0, 1], 50).astype(np.int64)
    with pytest.raises(UserError, match="1 repeat"):
        make_splits(y, protocol(split="time", repeats=2), times=np.arange(100))
    with pytest.raises(UserError, match="fewer than two classes"):
        make_splits(np.sort(y), protocol(split="time"), times=np.arange(100))
    with pytest.raises(UserError, match="no row to test"):
        make_splits(y, protocol(split="time"), times=np.zeros(100))
    with pytest.raises(UserError, match="at least 2 folds"):
        make_splits(y, protocol(folds=1))


@pytest.mark.parametrize("timeless", [0, 1])
def test_a_class_without_any_time_is_told(timeless):
    y = np.arange(60) % 2
    times = np.where(y == timeless, np.datetime64("NaT"), np.datetime64("2026-01-01"))
    with pytest.raises(UserError, match="Only rows of one class have a time"):
        make_splits(y, Protocol("f1", "f1", split="time", folds=2, repeats=1), times=times)


def test_of_many_classes_the_last_may_have_no_time():
    y = np.arange(90) % 3
    times = np.where(y == 2, np.nan, np.arange(90.0))
    splits = make_splits(y, Protocol("f1", "f1", split="time", folds=2, repeats=1), times=times)
    assert {*y[np.concatenate([s.test for s in splits])]} == {0, 1}
