"""Rows made column by column: any values may be given, and what no row of a class has stays out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch

from rebal_core.nn.generators.autoregressive import Autoregressive
from rebal_core.nn.generators.learner import Batch
from rebal_core.nn.generators.parts import Shape
from rebal_core.nn.generators.taught import Course, Taught, teach
from rebal_core.nn.training import seeded


@dataclass
class Table:
    """A number that follows a category, and one that is 0 in half of the rows."""

    numbers: np.ndarray
    codes: np.ndarray
    y: np.ndarray
    known: np.ndarray


def table(n: int = 1500) -> Table:
    rng = np.random.default_rng(0)
    y = (rng.random(n) < 0.3).astype(np.int64)
    kind = rng.integers(0, 3, n)
    first = 3.0 * kind + rng.normal(size=n)
    second = np.where(rng.random(n) < 0.5, 0.0, rng.normal(size=n))
    rare = np.where(y == 1, rng.integers(0, 3, n), 0)
    numbers = np.column_stack([first, second]).astype(np.float32)
    return Table(numbers, np.column_stack([kind, rare]), y, np.ones(numbers.shape, dtype=bool))


@cache
def taught() -> Taught:
    course = Course("autoregressive", True, 600, 128, {"width": 64})
    return teach(table(), np.array([0, 1]), course, 0)


def test_what_is_given_stays_and_the_rest_is_made_around_it() -> None:
    rng, kind = np.random.default_rng(1), np.arange(900) % 3
    numbers, codes = taught().draw(1, 900, rng, fixed={2: kind})
    np.testing.assert_array_equal(codes[:, 0], kind)
    means = [numbers[kind == k, 0].mean() for k in range(3)]
    np.testing.assert_allclose(means, [0, 3, 6], atol=0.7)


def test_a_number_may_be_given_and_tells_the_category() -> None:
    value = np.repeat(np.float32([-0.5, 6.5]), 300)
    numbers, codes = taught().draw(0, 600, np.random.default_rng(1), fixed={0: value})
    np.testing.assert_array_equal(numbers[:, 0], value)
    assert (codes[:300, 0] == 0).mean() > 0.8
    assert (codes[300:, 0] == 2).mean() > 0.8


def test_a_value_of_many_rows_is_made_as_it_is() -> None:
    numbers, _codes = taught().draw(0, 2000, np.random.default_rng(1))
    assert (numbers[:, 1] == 0).mean() == pytest.approx(0.5, abs=0.06)
    zeros = np.zeros(50, dtype=np.float32)
    assert (taught().draw(0, 50, np.random.default_rng(1), fixed={1: zeros})[0][:, 1] == 0).all()


def test_a_code_that_no_row_of_the_class_has_is_not_made_for_it() -> None:
    made = [taught().draw(k, 2000, np.random.default_rng(1))[1][:, 1] for k in (0, 1)]
    assert set(made[0].tolist()) == {0}
    assert set(made[1].tolist()) == {0, 1, 2}


def test_a_category_that_no_row_has_cannot_be_given() -> None:
    with pytest.raises(ValueError, match="no such codes"):
        taught().draw(0, 5, np.random.default_rng(0), fixed={2: np.full(5, 7)})


def test_networks_that_make_whole_rows_say_so() -> None:
    course = Course("vae", True, 20, 64, {"width": 16})
    whole = teach(table(300), np.array([0, 1]), course, 0)
    with pytest.raises(NotImplementedError, match="whole rows"):
        whole.draw(0, 5, np.random.default_rng(0), fixed={2: np.zeros(5, dtype=np.int64)})


def test_the_loss_is_the_surprise_of_a_row_whatever_is_shown_of_it() -> None:
    """Of three blocks of four codes, told by nothing, it is three times the logarithm of four."""
    with seeded(0):
        learner = Autoregressive(Shape(alone=(), sizes=(4, 4, 4), classes=1), width=16)
        torch.nn.init.zeros_(learner.maker.asked)
        learner.optimizers()
        codes, y = torch.randint(4, (256, 3)), torch.zeros(256, dtype=torch.int64)
        batch = Batch(torch.zeros(256, 0), codes, y, y)
        assert float(learner.step(batch)["loss"].detach()) == pytest.approx(3 * math.log(4))
        shown, share = learner._shown(400, 3)
    np.testing.assert_allclose((~shown).sum(dim=1) / 3, share, rtol=1e-6)
    assert (~shown).any(dim=1).all(), "something is always asked"
    first = shown[:200].int()
    assert (first.diff(dim=1) <= 0).all(), "half of the rows show the first blocks"
    assert (shown[200:].int().diff(dim=1) > 0).any(), "half show any"


def test_what_is_learned_of_one_stretch_is_known_of_the_next() -> None:
    """From 250 rows, four a stretch, that two numbers move together is learned at once."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=250)
    numbers = np.column_stack([first, first + 0.3 * rng.normal(size=250)]).astype(np.float32)
    none, same = np.zeros((250, 0), dtype=np.int64), np.zeros(250, dtype=np.int64)
    rows = Table(numbers, none, same, np.ones(numbers.shape, dtype=bool))
    learned = teach(rows, np.array([0]), Course("autoregressive", True, 300, 128, {"width": 64}), 0)
    drawn, _codes = learned.draw(0, 2000, np.random.default_rng(1))
    assert np.corrcoef(drawn.T)[0, 1] > 0.7
