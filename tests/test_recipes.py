"""Recipes: taken apart, joined, stored, and told in the rows of the step before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebal_core.rows import (
    DUPLICATE,
    GENERATED,
    INTERPOLATED,
    ORIGINAL,
    Layout,
    Recipe,
    TypedRows,
)

FIELDS = ("base", "mate", "step", "pick", "origin", "label")


def rows_of(n: int = 40, seed: int = 0) -> TypedRows:
    rng = np.random.default_rng(seed)
    names = ("a", "b", "b=missing")
    numbers = rng.normal(size=(n, 3)).astype(np.float32)
    numbers[:, 2] = rng.random(n) < 0.3
    return TypedRows(
        numbers=numbers,
        codes=rng.integers(-1, 3, size=(n, 2)).astype(np.int32),
        y=rng.integers(0, 3, n),
        layout=Layout(
            numbers=names, codes=("c", "d"), cardinalities=(3, 3), players=("a", "b", "b")
        ),
        weight=rng.random(n),
    )


def some(rows: TypedRows, rng: np.random.Generator, *, drawn: bool = True) -> Recipe:
    """Return a recipe of every kind of row."""
    n, y = len(rows), rows.y
    take = rng.choice(n, size=max(2, n // 2), replace=False)
    base, mate = rng.integers(0, n, 9), rng.integers(0, n, 9)
    mate = np.where(mate == base, (mate + 1) % n, mate)
    parts = [
        Recipe.kept(np.sort(take), y),
        Recipe.copies(rng.integers(0, n, 5), y),
        Recipe.pairs(base, mate, y, rng),
    ]
    if drawn:
        at = rng.integers(0, n, 4)
        numbers = rng.normal(size=(4, 3)).astype(np.float32)
        parts.append(Recipe.draws(at, y, numbers, rows.codes[at]))
    joined = Recipe.join(parts)
    order = rng.permutation(len(joined))
    return joined.take(order)


def same(a: TypedRows, b: TypedRows) -> None:
    np.testing.assert_allclose(a.numbers, b.numbers, atol=1e-6)
    np.testing.assert_array_equal(a.codes, b.codes)
    np.testing.assert_array_equal(a.y, b.y)
    np.testing.assert_allclose(a.weight, b.weight, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 999), drawn=st.tuples(st.booleans(), st.booleans()))
def test_two_steps_told_as_one_make_the_same_rows(seed, drawn) -> None:
    rng = np.random.default_rng(seed)
    rows = rows_of(seed=seed)
    first = some(rows, rng, drawn=drawn[0])
    between = rows.made(first)
    second = some(between, rng, drawn=drawn[1])
    whole = second.after(first, between)
    expected = between.made(second)
    made = rows.made(whole)
    np.testing.assert_allclose(made.numbers, expected.numbers, atol=1e-5)
    np.testing.assert_array_equal(made.codes, expected.codes)
    np.testing.assert_array_equal(made.y, expected.y)
    assert ((whole.base >= 0) & (whole.base < len(rows))).all()
    assert ((whole.mate >= -1) & (whole.mate < len(rows))).all()
    # What is the user's own row, or a copy of one, is so by its values too.
    own = whole.origin <= DUPLICATE
    np.testing.assert_array_equal(made.numbers[own], rows.numbers[whole.base[own]])
    assert (whole.mate[own] == -1).all()
    single = second.origin <= DUPLICATE
    before = first.origin[second.base]
    kept = single & (second.origin == ORIGINAL)
    np.testing.assert_array_equal(whole.origin[kept], before[kept])
    copied = single & (second.origin == DUPLICATE)
    np.testing.assert_array_equal(whole.origin[copied], np.maximum(before[copied], DUPLICATE))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999))
def test_parts_and_files_keep_everything(seed) -> None:
    rng = np.random.default_rng(seed)
    rows = rows_of(seed=seed)
    recipe = some(rows, rng)
    where = rng.random(len(recipe)) < 0.5
    same(rows.made(recipe.take(where)), rows.made(recipe).take(np.flatnonzero(where)))
    parts = [recipe.take(where), recipe.take(~where)]
    order = np.concatenate([np.flatnonzero(where), np.flatnonzero(~where)])
    same(rows.made(Recipe.join(parts)), rows.made(recipe).take(order))
    back = Recipe.from_arrays(recipe.to_arrays(), ["a note"])
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(back, name), getattr(recipe, name))
    same(rows.made(back), rows.made(recipe))
    assert back.notes == ("a note",)


def test_weights_multiply_along_the_steps() -> None:
    rows = rows_of()
    rng = np.random.default_rng(0)
    first = some(rows, rng, drawn=False)
    weighed = Recipe.from_arrays({**first.to_arrays(), "weight": np.full(len(first), 2.0)})
    between = rows.made(weighed)
    np.testing.assert_allclose(between.weight, 2 * first.between(rows.weight))
    second = Recipe.kept(np.arange(0, len(first), 2), between.y)
    halved = Recipe.from_arrays({**second.to_arrays(), "weight": np.full(len(second), 0.25)})
    whole = halved.after(weighed, between)
    np.testing.assert_allclose(whole.weight, 0.5)
    np.testing.assert_allclose(rows.made(whole).weight, 0.5 * first.between(rows.weight)[::2])


def test_a_row_between_made_rows_keeps_its_values() -> None:
    rows = rows_of()
    first = Recipe.pairs(np.array([0, 1]), np.array([2, 3]), rows.y, np.random.default_rng(0))
    between = rows.made(first)
    second = Recipe.pairs(np.array([0]), np.array([1]), between.y, np.random.default_rng(1))
    whole = second.after(first, between)
    assert whole.drawn is not None
    assert whole.origin.tolist() == [INTERPOLATED]
    np.testing.assert_allclose(rows.made(whole).numbers, between.made(second).numbers, atol=1e-6)


def test_what_is_absent_in_a_file_is_told() -> None:
    arrays = some(rows_of(), np.random.default_rng(0)).to_arrays()
    assert GENERATED in arrays["origin"]
    del arrays["label"]
    with pytest.raises(KeyError, match="label"):
        Recipe.from_arrays(arrays)
