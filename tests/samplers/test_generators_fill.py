"""How many rows are made, per row that is missing."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from rebal_core.samplers import fold_of
from rebal_core.samplers.generators import Copula
from tests.samplers.test_generators_common import SYNTHESIS, blobs, generator


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_every_generator_makes_a_part_of_the_missing_rows_or_more(strategy) -> None:
    def after(**params):
        return clone(generator(strategy)).set_params(**params).counts_after((900, 300, 0, 899))

    assert after(fill=0.25) == (900, 450, 0, 899)
    assert after(fill=2) == (900, 1500, 0, 901)
    assert after(fill=2, ratio=0.5) == (900, 600, 0, 899)
    assert after(fill=2, counts=((1, 400),)) == (900, 400, 0, 901), "rows that are named are exact"
    assert after(fill=(0.25, 2.0)) == after(fill=2), "alone it makes the most of several"


def test_another_amount_is_drawn_from_the_same_generator() -> None:
    rows = blobs((600, 300))
    kept: dict[float, dict[str, np.ndarray]] = {}
    for fill in (0.5, 2.0):
        step = Copula(fill=fill)
        recipe = step.recipe(fold_of(rows, 0))
        assert np.bincount(recipe.label).tolist() == [600, 300 + int(300 * fill)]
        kept[fill] = step.draw_settings()
    assert kept[0.5] == kept[2.0]
    assert "fill" not in Copula().settings()
    assert Copula(fill=0.5).settings()["fill"] == 0.5
