"""Rows outside the observed range, and values that never meet."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rebal_core.evaluation.synthetic.columns import Columns
from rebal_core.evaluation.synthetic.ranges import ranges
from rebal_core.evaluation.synthetic.shares import Share


def of(**codes):
    return Columns({}, {name: np.asarray(values) for name, values in codes.items()})


def test_rows_outside_the_range():
    train = Columns({"x": np.array([0.0, 10, np.nan]), "y": np.array([-1.0, 1, 0])}, {})
    made = Columns(
        {
            "x": np.array([-0.1, 10 + 1e-7, np.nan, 11, 5]),
            "y": np.array([0.0, 0, 0, 2, 1]),
        },
        {},
    )
    held = Columns({"x": np.array([5.0, 20]), "y": np.array([0.0, 0])}, {})
    found = ranges(train, made, held)
    assert found.outside.made == Share(2, 5)
    assert found.outside.held == Share(1, 2)
    assert found.column == ("x",)
    assert found.impossible.made == Share(0, 5)
    assert found.pair == ()


def test_values_that_never_meet():
    """Of 100 rows 10 have the one and 50 the other: 5 would have both by chance."""
    a = np.repeat([1, 0], [10, 90])
    b = np.repeat([0, 1, 0], [10, 50, 40])
    made = of(a=[1, 1, 0, -1], b=[1, 0, 1, 1])
    found = ranges(of(a=a, b=b), made, made)
    assert found.impossible.made == found.impossible.held == Share(1, 4)
    assert found.pair == ("a", "b")
    # One row less, and 4.9 are too few to say that none is no accident.
    b = np.repeat([0, 1, 0], [10, 49, 41])
    assert ranges(of(a=a, b=b), made, made).impossible.made == Share(0, 4)
    b = np.repeat([0, 1, 0], [9, 50, 41])  # one row has both
    assert ranges(of(a=a, b=b), made, made).impossible.made == Share(0, 4)


def test_missing_is_a_value_that_may_never_meet_another():
    a, b = np.repeat([-1, 0], [50, 50]), np.repeat([0, -1], [50, 50])
    found = ranges(of(a=a, b=b), of(a=[-1, -1, 0], b=[-1, 0, -1]), of(a=[0], b=[-1]))
    assert found.impossible.made == Share(1, 3)


def test_of_many_pairs_of_values_more_is_asked():
    rng = np.random.default_rng(0)
    table = of(**{f"c{j}": rng.integers(0, 12, 1_000) for j in range(8)})
    fresh = of(**{f"c{j}": rng.integers(0, 12, 1_000) for j in range(8)})
    assert ranges(table, fresh, fresh).impossible.made.hits == 0


def test_values_nobody_knows_are_not_impossible():
    a, b = np.repeat([0, 1], [50, 50]), np.repeat([0, 1], [50, 50])
    assert ranges(of(a=a, b=b), of(a=[7], b=[0]), of(a=[0], b=[9])).impossible.made.hits == 0


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1, max_size=60))
def test_training_rows_are_possible(pairs):
    a, b = np.array(pairs).T
    train = Columns({"x": a.astype(float), "y": np.full(len(a), np.nan)}, {"a": a, "b": b})
    found = ranges(train, train, train)
    assert found.outside.made.hits == found.impossible.made.hits == 0


def test_no_columns_and_no_rows():
    nothing = Columns({}, {})
    found = ranges(nothing, nothing, nothing)
    assert found.outside.made == found.impossible.held == Share(0, 0)
