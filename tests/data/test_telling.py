"""Ranges of values that hold a rare class alone; quiet on chance, names and honest columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.telling import rare_of, telling_ranges

ONE = np.array([1])


@pytest.fixture
def orders():
    """6,000 orders; of 463 returns 432 were paid back, and no other."""
    y = np.repeat([0, 1], [5_537, 463]).astype(np.int64)
    refund = np.zeros(6_000)
    refund[5_537 : 5_537 + 432] = np.random.default_rng(0).gamma(2.0, 50.0, 432) + 1.0
    order = np.random.default_rng(1).permutation(6_000)
    return pd.Series(refund[order]), y[order]


TOLD = [
    (lambda v: v, ">", "0", 0),
    (lambda v: 1 - v, "<", "1", 0),
    (lambda v: v.where(v > 0), "≠", "", 2),
    (lambda v: v.where(v == 0), "=", "", 1),
    (lambda v: (v > 0).map({True: "back", False: "none"}), "=", "“back”", 0),
    (lambda v: "reason " + v.where(v == 0, v.round() % 7 + 1).astype(str), "≠", "“reason 0.0”", 0),
    (lambda v: (v > 0) * 5, ">", "0", 0),
    (lambda v: (v > 0) * 5 + (np.arange(6_000) % 2) * 9 * (v == 0), "=", "5", 0),
    (lambda v: pd.Timestamp("2026-01-01") + pd.to_timedelta(v, "D"), ">", "2026-01-01 00:00:00", 0),
    (lambda v: v.round().astype("Int64").where(v > 0), "≠", "", 2),
]


@pytest.mark.parametrize(("made", "sign", "value", "kind"), TOLD)
def test_most_of_a_rare_class_is_told_to_the_row(orders, made, sign, value, kind):
    refund, y = orders
    (told,) = telling_ranges(made(refund), y, ONE)
    assert (told.sign, told.value, told.kind) == (sign, value, kind)
    assert (told.own, told.size, told.others, told.rest) == (432, 463, 0, 5_537)


def test_the_widest_pure_range_is_told(orders):
    refund, y = orders
    paid = refund.copy()
    paid[np.flatnonzero(y == 0)[:5]] = refund.max() + 1.0  # five others, above all
    (told,) = telling_ranges(paid, y, ONE)
    assert (told.sign, told.value, told.own, told.others) == (">", "0", 432, 5)
    paid[np.flatnonzero(y == 0)[:30]] = 0.5  # below all of the class: left out of the range
    (told,) = telling_ranges(paid, y, ONE)
    assert (told.value, told.own, told.others) == ("0.5", 432, 0)


def test_rows_without_a_label_count_for_nobody(orders):
    refund, y = orders
    y = y.copy()
    y[np.flatnonzero(y == 0)[:7]] = -1
    (told,) = telling_ranges(refund.where(y >= 0, 9.0), y, ONE)
    assert (told.own, told.others, told.rest) == (432, 0, 5_530)


@pytest.mark.parametrize(
    "honest",
    [
        lambda y, rng: rng.normal(size=y.size),
        lambda y, rng: np.arange(y.size),
        lambda y, rng: [f"id {k}" for k in range(y.size)],
        lambda y, rng: rng.integers(0, 900, y.size).astype(str),
        lambda y, rng: rng.normal(size=y.size) + 2.0 * y,  # AUC .92
        lambda y, rng: np.where((y == 1) | (rng.random(y.size) < 0.15), 3.0, 0.0),  # pages seen
        lambda y, rng: np.where(
            (y == 1) & (rng.random(y.size) < 0.4), 3.0, 0.0
        ),  # few of the class
    ],
)
def test_honest_columns_are_quiet(orders, honest):
    y = orders[1]
    assert telling_ranges(pd.Series(honest(y, np.random.default_rng(2))), y, ONE) == []


@pytest.mark.parametrize("rows", [98, 99])
def test_few_rows_are_no_proof(rows):
    y = np.repeat([0, 1], [5_000, rows]).astype(np.int64)
    assert len(telling_ranges(pd.Series(y), y, ONE)) == (rows == 99)
    assert rare_of(ONE, np.bincount(y)).size == (rows == 99)


def test_of_many_classes_each_rare_one_is_judged():
    y = np.repeat(np.arange(4), [5_000, 500, 300, 40]).astype(np.int64)
    rare = rare_of(np.arange(4), np.bincount(y))
    assert rare.tolist() == [1, 2]
    level = pd.Series(np.where(y == 2, 7.0, np.random.default_rng(0).normal(size=y.size)))
    assert [(r.code, r.sign, r.own) for r in telling_ranges(level, y, rare)] == [(2, ">", 300)]
