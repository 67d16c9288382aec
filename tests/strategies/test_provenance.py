"""Each row says where it comes from, and each that went, which step took it."""

from __future__ import annotations

import numpy as np
import pytest
from test_common import _settings, typed

from rebal_core.arm import Arm
from rebal_core.rows import (
    ADVERSARIAL,
    DUPLICATE,
    GENERATED,
    INTERPOLATED,
    ORIGINAL,
    ORIGINS,
    Recipe,
)
from rebal_core.samplers.spaces import space_of
from rebal_core.strategies import STRATEGIES, combine, resample, strategy_of
from rebal_core.strategies.provenance import distances, fits, removed

CHANGERS = [s for s in STRATEGIES if s.changes_rows]


def told(arm, rows):
    recipe = resample(arm, rows, None, seed=5)
    return recipe, fits(arm, recipe, ("a", "b", "c", "d"), 5), removed(arm, recipe)


@pytest.mark.parametrize("strategy", CHANGERS, ids=lambda s: s.name)
def test_every_row_is_accounted_for(strategy, tiny_tables) -> None:
    rows = typed(tiny_tables["multiclass"])
    arm = Arm(strategy.name, "logistic", _settings(strategy))
    recipe, drawn_from, (gone, steps) = told(arm, rows)
    own = recipe.base[recipe.origin == ORIGINAL]
    assert len(set(own.tolist())) == len(own), "no row is there twice and called original"
    np.testing.assert_array_equal(np.sort(np.concatenate([own, gone])), np.arange(len(rows)))
    names = {step.name for step in strategy.samplers}
    assert len(steps) == len(gone)
    assert set(steps) <= names
    bare = recipe.origin == GENERATED
    assert (drawn_from is not None) == bare.any()
    for fit, drawn in zip(drawn_from or [], bare, strict=False):
        assert (fit is not None) == drawn
    assert all(fit is None or fit.split("(")[0] in names for fit in drawn_from or [])
    made = set(np.unique(recipe.origin[recipe.origin != ORIGINAL]).tolist())
    known = {ORIGINS.index(step.makes) for step in strategy.samplers}
    # A class that is too small to be learned is grown by SMOTE.
    assert made <= known | {INTERPOLATED} if strategy.family == "synthesis" else made <= known
    moved = recipe.origin == ADVERSARIAL
    paired = (recipe.origin > DUPLICATE) & ~bare
    assert ((recipe.mate >= 0) == (paired & ~moved)).all(), "a row between two names both"
    assert strategy.makes != ORIGINS[0] or not made
    back = Recipe.from_arrays(recipe.to_arrays())
    for name in ("drawn_by", "removed_by"):
        np.testing.assert_array_equal(getattr(back, name), getattr(recipe, name))


def test_a_drawn_row_tells_the_nearest_of_its_class(tiny_tables) -> None:
    rows = typed(tiny_tables["binary"])
    recipe = resample(Arm("rose", "logistic", ()), rows, None, seed=5)
    found = distances(rows, recipe)
    bare = recipe.origin == GENERATED
    assert np.isnan(found[~bare]).all()
    made, own = (space_of(part) for part in (rows.made(recipe), rows))
    for at in np.flatnonzero(bare)[:20]:
        gaps = np.linalg.norm(own[rows.y == recipe.label[at]] - made[at], axis=1)
        assert found[at] == pytest.approx(gaps.min(), abs=1e-4)
    assert distances(rows, resample(Arm("smote", "logistic"), rows, None, seed=5)) is None


@pytest.mark.parametrize("strategy", CHANGERS, ids=lambda s: s.name)
def test_a_step_says_which_rows_it_takes(strategy, tiny_tables) -> None:
    rows = typed(tiny_tables["binary"])
    arm = Arm(strategy.name, "logistic", _settings(strategy))
    _recipe, _fits, (_gone, steps) = told(arm, rows)
    words = {step.name: str(step.goes) for step in strategy_of(arm).samplers}
    assert all(words[step] for step in set(steps))
    assert not any(word.endswith(".") for word in words.values())


def test_held_out_rows_are_not_removed_ones(tiny_tables) -> None:
    rows = typed(tiny_tables["binary"])
    recipe, _fits, (gone, _steps) = told(Arm("random_under", "mlp"), rows)
    from rebal_core.strategies import taught_rows

    taught = taught_rows(Arm("random_under", "mlp"), rows.y, 5)
    assert len(taught) < len(rows)
    np.testing.assert_array_equal(np.sort(np.concatenate([recipe.base, gone])), taught)


def test_steps_in_a_row_each_answer_for_theirs(tiny_tables, monkeypatch) -> None:
    rows = typed(tiny_tables["binary"])
    parts = (
        STRATEGIES["outliers_centre"].with_params({"action": "replace", "quantile": 0.8}),
        STRATEGIES["smote"],
        STRATEGIES["random_under"].with_params({"ratio": 0.9}),
    )
    chain = combine(*parts).with_params({"smote.ratio": 0.5})
    for room in ("fit", "provenance"):
        monkeypatch.setattr(f"rebal_core.strategies.{room}.strategy_of", lambda arm: chain)
    recipe, drawn_from, (gone, steps) = told(Arm("x", "logistic"), rows)
    assert set(steps) == {"outliers_centre", "random_under"}
    drawn = [fit for fit in drawn_from if fit is not None]
    assert drawn
    assert all(fit.startswith("outliers_centre(class=") for fit in drawn)
    own = recipe.base[recipe.origin == ORIGINAL]
    np.testing.assert_array_equal(np.sort(np.concatenate([own, gone])), np.arange(len(rows)))


def test_a_row_between_drawn_rows_names_their_fit() -> None:
    rng = np.random.default_rng(0)
    y = np.zeros(6, dtype=np.int64)
    drawn = Recipe.draws(np.array([4]), y, np.zeros((1, 2), np.float32), np.zeros((1, 0), np.int32))
    first = Recipe.join([Recipe.kept(np.arange(4), y), drawn]).drawn_at(0)
    from rebal_core.rows import Layout, TypedRows

    rows = TypedRows(
        numbers=rng.normal(size=(6, 2)).astype(np.float32),
        codes=np.zeros((6, 0), np.int32),
        y=y,
        layout=Layout(numbers=("a", "b"), players=("a", "b")),
    )
    between = rows.made(first)
    second = Recipe.pairs(np.array([0, 0]), np.array([1, 4]), between.y, rng)
    whole = second.drawn_at(1).after(first, between)
    assert [ORIGINS[code] for code in whole.origin] == ["interpolated", "generated"]
    assert whole.drawn_by.tolist() == [-1, 0]
    np.testing.assert_allclose(rows.made(whole).numbers, between.made(second).numbers, atol=1e-6)
