"""What the Plan page foretells is what the samplers do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebal_core.samplers import Graphs
from rebal_core.strategies import STRATEGIES
from rebal_core.strategies.outlook import origin_of_rows, rows_after
from rebal_core.types import ORIGINS, Layout, TypedRows, Unsuitable

EXACT = [s for s in STRATEGIES if s.sampler is not None and s.family in ("over", "under")]


def recipe_of(strategy, counts):
    y = np.repeat(np.arange(len(counts)), counts)
    numbers = np.random.default_rng(0).normal(size=(len(y), 2)).astype(np.float32)
    layout = Layout(numbers=("a", "b"), players=("a", "b"))
    rows = TypedRows(numbers, np.zeros((len(y), 0), dtype=np.int32), y, layout)
    return y, strategy.sampler.recipe(rows, Graphs.of(rows), np.random.default_rng(0))


@settings(max_examples=30, deadline=None)
@given(
    strategy=st.sampled_from(EXACT),
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=4),
    ratio=st.floats(0.1, 1.0),
)
def test_counts_foretold_are_counts_made(strategy, counts, ratio) -> None:
    changed = strategy.with_params({"ratio": ratio})
    y, recipe = recipe_of(changed, counts)
    assert rows_after(changed, counts) == tuple(np.bincount(y[recipe.base]))
    names = {ORIGINS[code] for code in np.unique(recipe.origin[recipe.base.size and len(y) :])}
    assert names <= {origin_of_rows(changed)}


def test_what_changes_no_rows_foretells_none() -> None:
    for strategy in STRATEGIES:
        if strategy.sampler is None:
            assert rows_after(strategy, (90, 10)) == (90, 10)
            assert origin_of_rows(strategy) == "original"
    with pytest.raises(Unsuitable, match="choose undersampling"):
        rows_after(STRATEGIES["smote"].with_params({"counts": {0: 5}}), (90, 10))
