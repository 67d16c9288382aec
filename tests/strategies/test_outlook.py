"""What the Plan page foretells is what the samplers do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.rows import ORIGINS, Layout, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.strategies import STRATEGIES, TableFacts
from rebal_core.wording import Unsuitable

EXACT = [
    s
    for s in STRATEGIES
    if s.family in ("over", "under") and all(step.foretells for step in s.steps)
]


def recipe_of(strategy, counts):
    y = np.repeat(np.arange(len(counts)), counts)
    numbers = np.random.default_rng(0).normal(size=(len(y), 2)).astype(np.float32)
    layout = Layout(numbers=("a", "b"), players=("a", "b"))
    rows = TypedRows(numbers, np.zeros((len(y), 0), dtype=np.int32), y, layout)
    return y, strategy.samplers[0].recipe(fold_of(rows, 0))


@settings(max_examples=30, deadline=None)
@given(
    strategy=st.sampled_from(EXACT),
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=4),
    ratio=st.floats(0.1, 1.0),
)
def test_counts_foretold_are_counts_made(strategy, counts, ratio) -> None:
    changed = strategy.with_params({**strategy.fast, "ratio": ratio})
    y, recipe = recipe_of(changed, counts)
    assert changed.counts_after(counts) == tuple(np.bincount(y[recipe.base]))
    names = {ORIGINS[code] for code in np.unique(recipe.origin[recipe.base.size and len(y) :])}
    assert names <= {changed.makes}


@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.integers(2, 40), min_size=2, max_size=4), ratio=st.floats(0.1, 1.0))
def test_parts_that_are_rounded_miss_less_than_a_tenth(counts, ratio) -> None:
    adasyn = STRATEGIES["adasyn"].with_params({"ratio": ratio})
    y, recipe = recipe_of(adasyn, counts)
    asked = np.array(adasyn.counts_after(counts)) - counts
    made = np.bincount(y[recipe.base], minlength=len(counts)) - counts
    assert (np.abs(made - asked) <= 0.1 * asked).all()


def test_what_changes_no_rows_foretells_none() -> None:
    for strategy in STRATEGIES:
        if not strategy.samplers:
            assert strategy.counts_after((90, 10)) == (90, 10)
            assert strategy.makes == "original"
    with pytest.raises(Unsuitable, match="choose undersampling"):
        STRATEGIES["smote"].with_params({"counts": {0: 5}}).counts_after((90, 10))


@pytest.mark.parametrize(
    ("name", "counts", "training", "words"),
    [
        ("random_under", (900, 7), 0.8, "cannot split the 10 rows"),
        ("random_under", (900, 24), 0.8, "cannot split the 38 rows"),
        ("random_under", (900, 26), 0.8, None),
        ("random_under", (60,) * 3 + (7,), 0.8, "cannot split the 20 rows"),
        ("none", (20, 19), 1.0, "cannot split the 39 rows"),
        ("none", (20, 20), 1.0, None),
        ("none", (30, 20), 0.8, None),
        ("none", (30, 19), 0.8, "cannot split the 39 rows"),
        ("random_over", (24, 6), 0.8, "cannot split the 38 rows"),
        ("random_over", (26, 6), 0.8, None),
    ],
)
def test_boosting_refuses_what_it_cannot_split(name, counts, training, words) -> None:
    facts = TableFacts(
        sum(counts), counts, numbers=2, categories=0, texts=0, embeddings=0, training=training
    )
    reason = STRATEGIES[name].unsuitable(facts, "hist_gradient_boosting")
    assert (reason is None) == (words is None)
    assert words is None or words in str(reason)
    assert STRATEGIES[name].unsuitable(facts, "logistic") is None
    assert STRATEGIES[name].unsuitable(facts, "random_forest") is None


def test_a_ratio_of_one_s_own_leaves_more() -> None:
    facts = TableFacts(907, (900, 7), numbers=2, categories=0, texts=0, embeddings=0, training=0.8)
    half = STRATEGIES["random_under"].with_params({"ratio": 0.1})
    assert half.unsuitable(facts, "hist_gradient_boosting") is None


def test_too_few_rows_to_split_are_too_few_to_rank() -> None:
    """What is refused would answer every row alike; two rows more and there is a split."""
    x = np.arange(40, dtype=float)[:, None]
    y = (np.arange(40) >= 20).astype(int)
    model = CLASSIFIERS["hist_gradient_boosting"].build()
    for rows, values in ((slice(1, None), 1), (slice(None), 2)):
        model.estimator.fit(x[rows], y[rows])
        assert np.unique(model.estimator.predict_proba(x)[:, 1]).size == values
