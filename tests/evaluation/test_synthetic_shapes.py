"""Shapes of columns and pairs, against plain numpy and what must hold for all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from synthetic_worlds import rows_of

from rebal_core.evaluation.synthetic.columns import Columns, columns_of
from rebal_core.evaluation.synthetic.shapes import (
    column_shapes,
    correlations,
    coverage,
    enough,
    merged,
    pair_trends,
)


def drawn(rng, n, shift=0.0):
    x = rng.normal(size=n) + shift
    numbers = {"x": x, "z": 0.6 * x + rng.normal(size=n), "k": rng.integers(0, 5, n).astype(float)}
    codes = {"城市": rng.integers(0, 4, n), "b": (x > 0).astype(np.int64)}
    return Columns(numbers, codes)


def by_columns(shapes):
    return {(*shape.columns, shape.kind): shape.score for shape in shapes}


def table(one, two):
    """Return the share of each pair of values."""
    pairs, n = {}, len(one)
    for pair in zip(one.tolist(), two.tolist(), strict=True):
        pairs[pair] = pairs.get(pair, 0) + 1 / n
    return pairs


def apart(p, q):
    return sum(abs(p.get(key, 0) - q.get(key, 0)) for key in {*p, *q}) / 2


def test_against_plain_numpy():
    rng = np.random.default_rng(1)
    real, made = drawn(rng, 300), drawn(rng, 500, 0.5)
    columns, pairs = by_columns(column_shapes(real, made)), by_columns(pair_trends(real, made))
    for name in real.numbers:
        statistic = stats.ks_2samp(real.numbers[name], made.numbers[name], method="asymp").statistic
        assert columns[name, "number"] == pytest.approx(1 - statistic, abs=1e-12)
    for name in real.codes:
        p, q = (np.bincount(part.codes[name], minlength=4) for part in (real, made))
        assert columns[name, "category"] == pytest.approx(1 - np.abs(p / 300 - q / 500).sum() / 2)
    r, s = (np.corrcoef(part.numbers["x"], part.numbers["z"])[0, 1] for part in (real, made))
    assert pairs["x", "z", "correlation"] == pytest.approx(1 - abs(r - s) / 2)
    edges = np.linspace(real.numbers["x"].min(), real.numbers["x"].max(), 11)[1:-1]
    p, q = (
        table(np.digitize(part.numbers["x"], edges), part.codes["城市"]) for part in (real, made)
    )
    assert pairs["x", "城市", "contingency"] == pytest.approx(1 - apart(p, q))
    p, q = (table(part.codes["城市"], part.codes["b"]) for part in (real, made))
    assert pairs["城市", "b", "contingency"] == pytest.approx(1 - apart(p, q))
    assert len(columns) == 5
    assert len(pairs) == 10


def test_the_worst_comes_first_and_the_unknown_last():
    rng = np.random.default_rng(2)
    real, made = drawn(rng, 200), drawn(rng, 200, 3.0)
    real.numbers["one"], made.numbers["one"] = np.ones(200), np.ones(200)
    real.numbers["two"], made.numbers["two"] = np.ones(200), np.ones(200)
    scores = [shape.score for shape in pair_trends(real, made)]
    known = [score for score in scores if not np.isnan(score)]
    assert known == sorted(known)
    assert np.isnan(scores[len(known) :]).all()
    assert len(known) < len(scores)
    assert merged(pair_trends(real, made)) == pytest.approx(np.mean(known))


def test_a_column_of_one_value_has_no_correlation():
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    real = Columns({"x": x, "y": x + 0.1 * rng.normal(size=200)}, {})
    flat = Columns({"x": np.full(200, 0.1), "y": real.numbers["y"]}, {})
    r = np.corrcoef(x, real.numbers["y"])[0, 1]
    (shape,) = pair_trends(real, flat)
    assert shape.score == pytest.approx(1 - abs(r) / 2)
    assert shape.failed
    (shape,) = pair_trends(flat, flat)
    assert np.isnan(shape.score)
    assert not shape.failed
    assert np.isnan(merged([shape]))


def test_missing_values_count_by_themselves():
    x = np.array([1.0, 2, 3, 4, np.nan, np.nan, 5, 6])
    full = np.array([1.0, 2, 3, 4, 5, 6, 1, 2])
    real, made = Columns({"x": x}, {"c": np.array([0, 0, -1, 1, 1, 1, 0, -1])}), None
    made = Columns({"x": full}, {"c": np.array([0, 0, 1, 1, 1, 1, 0, 0])})
    found = by_columns(column_shapes(real, made))
    assert found["x", "missing"] == pytest.approx(0.75)
    assert found["c", "category"] == pytest.approx(0.75)
    known = x[~np.isnan(x)]
    assert found["x", "number"] == pytest.approx(1 - stats.ks_2samp(known, full).statistic)
    # Beside a category a missing number is a value of its own.
    edges = np.linspace(1, 6, 11)[1:-1]
    p = table(np.where(np.isnan(x), -1, np.digitize(x, edges)), real.codes["c"])
    q = table(np.digitize(full, edges), made.codes["c"])
    assert by_columns(pair_trends(real, made))["x", "c", "contingency"] == pytest.approx(
        1 - apart(p, q)
    )


def test_a_number_that_is_never_made_has_nothing_in_common():
    some, none = Columns({"x": np.arange(5.0)}, {}), Columns({"x": np.full(5, np.nan)}, {})
    assert by_columns(column_shapes(some, none)) == {("x", "number"): 0, ("x", "missing"): 0}
    assert np.isnan(by_columns(column_shapes(none, none))["x", "number"])


def test_correlations_of_pairs_with_gaps():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 100)) * 1e-3 + 1e6
    y = y + x
    x[:20], y[10:30] = np.nan, np.nan
    both = ~np.isnan(x) & ~np.isnan(y)
    r, rows = correlations([x, y])
    assert r[0, 1] == pytest.approx(np.corrcoef(x[both], y[both])[0, 1], abs=1e-6)
    assert rows[0, 1] == both.sum()


@st.composite
def tables(draw):
    n, m = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    value = st.one_of(st.just(np.nan), st.integers(-3, 3).map(float))
    return [
        Columns(
            {name: np.array(draw(st.lists(value, min_size=k, max_size=k))) for name in ("x", "y")},
            {"c": np.array(draw(st.lists(st.integers(-1, 3), min_size=k, max_size=k)))},
        )
        for k in (n, m)
    ]


@settings(max_examples=40)
@given(tables())
def test_scores_lie_between_0_and_1_and_know_no_order(both):
    one, two = both
    there = by_columns((*column_shapes(one, two), *pair_trends(one, two)))
    back = by_columns((*column_shapes(two, one), *pair_trends(two, one)))
    for key, score in there.items():
        assert np.isnan(score) or -1e-12 <= score <= 1 + 1e-12
        if key[-1] != "contingency":  # the ranges are those of the real rows
            assert score == pytest.approx(back[key], abs=1e-9, nan_ok=True)


@settings(max_examples=40)
@given(tables())
def test_the_same_rows_are_alike(both):
    one = both[0]
    for shape in (*column_shapes(one, one), *pair_trends(one, one)):
        assert np.isnan(shape.score) or shape.score == pytest.approx(1)
        assert not shape.failed
    assert all(column.found == column.values for column in coverage(one, one))


def test_rare_values_vanish():
    real = np.repeat([0, 1, 2], [900, 95, 5])
    for size, gone in ((1_000, (2,)), (999, ())):  # 5 are expected, or a little less
        made = Columns({}, {"c": np.repeat([0, 1], [size - 90, 90])})
        (found,) = coverage(Columns({}, {"c": real}), made)
        assert (found.values, found.found, found.vanished) == (3, 2, gone)
    few = np.repeat([0, 1, 2], [901, 95, 4])  # of 4 rows nobody knows how frequent they are
    made = Columns({}, {"c": np.zeros(10_000, dtype=np.int64)})
    assert coverage(Columns({}, {"c": few}), made)[0].vanished == (1,)


def test_more_is_expected_of_many_cells():
    assert (enough(1), enough(7)) == (5, 5)
    assert enough(1_000) == pytest.approx(np.log(1_000 / 0.05))


def test_columns_of_typed_rows():
    numbers = np.array([[1, 0.5, 0], [2, 0.0, 1], [3, 0.5, 0]])
    rows = rows_of(numbers, [0, 0, 1], [[-1], [0], [2]], ("a", "b", "b=missing"), (3,))
    found = columns_of(rows)
    assert found.names == ("a", "b", "c0")
    assert found.size == 3
    assert np.array_equal(found.numbers["b"], [0.5, np.nan, 0.5], equal_nan=True)
    assert found.codes["c0"].tolist() == [-1, 0, 2]


def sparse(rng, n, share):
    """Two numbers that are 0 but for a few rows, where both are the same."""
    x = np.where(rng.random(n) < share, 1.0 + rng.integers(0, 3, n), 0.0)
    return Columns({"paid": x, "again": x.copy(), "free": rng.standard_t(3, n)}, {})


@pytest.mark.parametrize("share", [0.003, 0.01, 0.05])
def test_correlations_that_stand_on_a_few_rows_seldom_fail(share):
    rng, failed = np.random.default_rng(6), 0
    for _ in range(60):
        real, made = sparse(rng, 120, share), sparse(rng, 120, share)
        failed += any(shape.failed for shape in pair_trends(real, made))
    assert failed <= 3


def test_correlations_that_stand_on_many_rows_fail_when_they_are_lost():
    rng = np.random.default_rng(7)
    real, made = sparse(rng, 1_000, 0.1), sparse(rng, 1_000, 0.1)
    made.numbers["again"][:] = rng.permutation(made.numbers["again"])
    worst = pair_trends(real, made)[0]
    assert worst.columns == ("paid", "again")
    assert worst.failed
