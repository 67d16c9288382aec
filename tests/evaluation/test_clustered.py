"""Intervals of a share of rows in groups hold the truth as often as they say."""

import numpy as np
import pytest
from fake_runs import binary_run

from rebal_core.evaluation import evaluate
from rebal_core.evaluation.clustered import effective_rows, recall_interval
from rebal_core.evaluation.intervals import clopper_pearson
from rebal_core.evaluation.stored import evaluation_from, evaluation_state


def test_rows_of_their_own_count_in_full_and_twins_as_one():
    hits = np.arange(60) % 3 > 0
    assert effective_rows(np.arange(60), hits) == 60
    assert effective_rows(np.repeat(np.arange(60), 2), np.repeat(hits, 2)) == pytest.approx(
        60, 0.03
    )
    assert effective_rows(np.repeat(np.arange(6), 10), np.ones(60, bool)) == pytest.approx(6)
    assert effective_rows(np.zeros(0, int), np.zeros(0, bool)) == 0


def test_without_groups_the_interval_stays_to_the_digit():
    confusion = np.array([[50.0, 3.0], [4.5, 6.5]])
    exact = clopper_pearson(np.array([50.0, 6.5]), np.array([53.0, 11.0]))
    assert np.array_equal(recall_interval(confusion, None), exact)
    assert np.array_equal(recall_interval(confusion, np.array([53.0, 11.0])), exact)


def test_of_rows_in_groups_it_holds_the_truth_and_that_of_single_rows_does_not():
    rng, kept, plain = np.random.default_rng(0), 0, 0
    sizes = np.array([8, 8, *[4] * 9, *[1] * 19])
    units = np.repeat(np.arange(sizes.size), sizes)
    for _ in range(400):
        hits = rng.random(units.size) < rng.beta(0.7, 0.3, sizes.size)[units]  # .7 on average
        counted = effective_rows(units, hits)
        for size in (counted, units.size):
            low, high = clopper_pearson(hits.mean() * size, size)
            kept += size == counted and low <= 0.7 <= high
            plain += size == units.size and low <= 0.7 <= high
    assert kept / 400 > 0.93
    assert plain / 400 < 0.85


def test_a_run_split_by_groups_has_wider_intervals_and_keeps_them():
    run, protocol, *rest = binary_run()
    plain = evaluate(run, protocol, *rest)
    n = 1 + max(int(c.rows.max()) for a in run for c in a.cells)
    e = evaluate(run, protocol, *rest, {"units": np.arange(n) // 10})
    arm = e.arms[0].name
    wide, narrow = (x.per_class(arm) for x in (e, plain))
    assert (wide["recall"] == narrow["recall"]).all()
    width = wide["recall_high"] - wide["recall_low"]
    assert (width >= narrow["recall_high"] - narrow["recall_low"] - 1e-12).all()
    assert (e.decisions[arm].counted["tuned"] <= e.support + 1e-9).all()
    assert not plain.decisions[arm].counted
    state, numbers = evaluation_state(e)
    again = evaluation_from(state, numbers, protocol, {a.name: a for a in e.arms})
    assert again.per_class(arm).equals(wide)
