"""Twice as many rows are drawn, and the surest of their class kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from rebal_core.rows import GENERATED, Ints, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.samplers.generators import Copula
from tests.samplers.test_generators_common import SYNTHESIS, blobs, generator


@dataclass
class HalfWrong:
    """Draws real rows: half of the class, half of another."""

    numbers: np.ndarray
    codes: np.ndarray
    y: Ints

    def draw(self, label: int, size: int, rng: np.random.Generator):
        own, other = (np.flatnonzero((self.y == label) == on) for on in (True, False))
        at = np.where(rng.random(size) < 0.5, rng.choice(own, size), rng.choice(other, size))
        return self.numbers[at], self.codes[at]


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_rows_of_the_wrong_class_are_left(monkeypatch, strategy) -> None:
    """The numbers alone tell the classes here; what was drawn is what is drawn without it."""
    step, made = clone(generator(strategy)), blobs((900, 300))
    rows = TypedRows(made.numbers, np.zeros_like(made.codes), made.y, made.layout)

    def learn(_self, sheet, _columns, _labels, _fold):
        return HalfWrong(rows.numbers[:, [0, 1, 2, 3]], sheet.codes, sheet.y)

    monkeypatch.setattr(type(step), "learn", learn)
    label = {row.tobytes(): y for row, y in zip(rows.numbers, rows.y.tolist(), strict=True)}

    def right(select: bool) -> tuple[float, bytes]:
        recipe = step.set_params(select=select).recipe(fold_of(rows, 0))
        assert np.bincount(recipe.label).tolist() == [900, 900]
        drawn = recipe.take(recipe.origin == GENERATED).drawn.numbers
        return np.mean([label[row.tobytes()] == 1 for row in drawn]), drawn.tobytes()

    plain, chosen = right(False)[0], right(True)
    assert 0.4 < plain < 0.6
    assert chosen[0] > 0.9
    assert right(True) == chosen, "the same seed keeps the same rows"


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_the_generator_is_the_one_without_the_choice(strategy) -> None:
    """What is kept changes neither the seed nor what is learned."""
    plain, chosen = (clone(generator(strategy)).set_params(select=on) for on in (False, True))
    assert plain.draw_settings() == chosen.draw_settings()
    assert chosen.settings() == {**plain.settings(), "select": True}


def test_alone_it_chooses_too() -> None:
    rows = blobs((500, 240))
    x = pd.DataFrame(rows.numbers[:, :3], columns=["a", "b", "c"])
    result, y = Copula(select=True, random_state=0).fit_resample(x, rows.y)
    assert np.bincount(y).tolist() == [500, 500]
    again, _ = Copula(select=True, random_state=0).fit_resample(x, rows.y)
    pd.testing.assert_frame_equal(result, again)
    plain, _ = Copula(random_state=0).fit_resample(x, rows.y)
    assert not plain.equals(result)
