"""What is held out is held out: rows, groups, later rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebal_core.export.holdout import hold_out
from rebal_core.wording import UserError


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(2, 60), min_size=2, max_size=5),
    share=st.floats(0.05, 0.9),
    seed=st.integers(0, 99),
)
def test_rows_are_split_by_class(counts, share, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    train, test = hold_out(y, share, seed=seed)
    assert sorted([*train, *test]) == list(range(len(y)))
    for label, count in enumerate(counts):
        held = (y[test] == label).sum()
        assert 1 <= held <= count - 1
        assert abs(held - share * count) < 2


def test_groups_stay_on_one_side_and_missing_labels_on_none():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 60, 900)
    y = (rng.random(900) < 0.2).astype(int)
    y[:10] = -1
    train, test = hold_out(y, 0.25, groups=groups)
    assert not set(groups[train]) & set(groups[test])
    assert len(train) + len(test) == 890
    assert abs(len(test) / 890 - 0.25) < 0.05
    assert abs(y[test].mean() - y[train].mean()) < 0.05


def test_later_rows_test_and_equal_times_stay_together():
    times = np.repeat(np.arange(20.0), 10)
    times[3] = np.nan
    y = np.tile([0, 0, 0, 0, 1], 40)
    train, test = hold_out(y, 0.3, times=times)
    assert times[train].max() < times[test].min()
    assert 3 not in {*train, *test}
    assert len(test) == 60


def test_a_split_that_leaves_nothing_is_refused():
    with pytest.raises(UserError, match="another share"):
        hold_out(np.array([0, 0, 0, 1]), 0.5, times=np.array([0.0, 1.0, 2.0, 3.0]))
