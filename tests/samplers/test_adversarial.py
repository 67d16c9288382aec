"""Attacked rows: up the loss of the true label, in reach and range, never into another class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Arm
from rebal_core.data.reading.load import from_frame
from rebal_core.export.balance import balance_table
from rebal_core.facts import TableFacts
from rebal_core.rows import ADVERSARIAL, DUPLICATE, ORIGINAL, Layout, Recipe, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.samplers.adversarial import FGSM, PGD
from rebal_core.strategies import resample

ATTACKS = [FGSM, PGD]


def table(n: int = 400, rare: int = 40, gap: float = 1.0, spread: float = 100.0) -> TypedRows:
    """Two numbers of very different spread, a mark of what was missing, and a category."""
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(n - rare, dtype=np.int64), np.ones(rare, dtype=np.int64)]
    first = rng.normal(size=n) + gap * y
    numbers = np.column_stack([first, spread * rng.normal(size=n), rng.random(n) < 0.2])
    layout = Layout(("a", "b", "a=missing"), ("c",), (3,), players=("a", "b", "a"))
    codes = rng.integers(0, 3, (n, 1)).astype(np.int32)
    return TypedRows(numbers.astype(np.float32), codes, y, layout)


def made_of(sampler, rows: TypedRows) -> tuple[Recipe, TypedRows, TypedRows]:
    """Return the recipe, the attacked rows, and what each was."""
    recipe = sampler.recipe(fold_of(rows, 0))
    moved = np.flatnonzero(recipe.origin == ADVERSARIAL)
    return recipe, rows.made(recipe.take(moved)), rows.take(recipe.base[moved])


@pytest.mark.parametrize("kind", ATTACKS)
def test_what_is_moved_how_far_and_what_is_not(kind) -> None:
    rows = table()
    recipe, made, parents = made_of(kind(0.5, epochs=5), rows)
    assert np.bincount(recipe.label).tolist() == [360, 360]
    assert (recipe.origin == ORIGINAL).sum() == 400
    assert len(made) > 150
    assert (made.y == 1).all()
    assert (parents.y == 1).all()
    np.testing.assert_array_equal(made.codes, parents.codes)
    np.testing.assert_array_equal(made.numbers[:, 2], parents.numbers[:, 2])
    away = np.abs(made.numbers - parents.numbers)[:, :2] / rows.numbers.std(axis=0)[:2]
    assert away.max() <= 0.5 + 1e-4, "steps add up beyond the reach"
    assert (away > 0.3).mean(axis=0).min() > 0.05, "the reach is not that of each column"
    assert (made.numbers >= rows.numbers.min(axis=0)).all()
    assert (made.numbers <= rows.numbers.max(axis=0)).all(), "beyond what the column can be"
    assert len(np.unique(made.numbers, axis=0)) > 0.9 * len(made), "the same row again and again"


@pytest.mark.parametrize("kind", ATTACKS)
def test_a_row_goes_to_where_its_own_label_is_less_likely(kind) -> None:
    """Also one that is taken for the other class already: by that label it would be led back."""
    rows = table(gap=2.0, spread=1.0)
    _, made, parents = made_of(kind(0.05, epochs=5), rows)
    step = made.numbers[:, 0] - parents.numbers[:, 0]
    assert (step <= 0).mean() > 0.9
    wrong = parents.numbers[:, 0] < 0.8  # near the others, of which there are nine times as many
    assert wrong.sum() >= 5
    assert step[wrong].mean() < 0


def test_without_reach_rows_are_repeated() -> None:
    _, made, parents = made_of(FGSM(0.0, epochs=2), table())
    np.testing.assert_array_equal(made.numbers, parents.numbers)


def crowded(gap: float) -> TypedRows:
    """Rare rows, each between two frequent ones this far away."""
    centre = np.repeat(10 * np.arange(30.0), 3)
    side = np.tile([-1.0, 0.0, 1.0], 30)
    numbers = (centre + gap * side)[:, None].astype(np.float32)
    y = (side == 0).astype(np.int64)
    return TypedRows(numbers, np.zeros((90, 0), np.int32), y, Layout(("a",), players=("a",)))


@pytest.mark.parametrize("kind", ATTACKS)
def test_what_crossed_over_is_not_taken_and_told(kind) -> None:
    rows = crowded(0.8)
    recipe, made, _ = made_of(
        kind(0.01, epochs=5), rows
    )  # up to .87, of which less than half stays
    assert np.bincount(recipe.label).tolist() == [60, 60]
    near = np.abs(made.numbers - rows.numbers.T)
    assert (near[:, rows.y == 1].min(axis=1) <= near[:, rows.y == 0].min(axis=1)).all()
    (note,) = recipe.notes
    assert "came to lie nearest to a row of another; other rows were attacked instead" in note


def test_copies_stand_in_where_no_attack_stays() -> None:
    rows = crowded(1e-4)
    recipe, made, _ = made_of(FGSM(1.0, epochs=5), rows)
    copies = int((recipe.origin == DUPLICATE).sum())
    assert copies + len(made) == 30
    assert copies > 25
    assert f"{copies} copies stand in" in recipe.notes[0]


def test_a_row_of_another_category_is_not_near() -> None:
    """By numbers alone every attacked row would lie on one of another class."""
    rows = crowded(0.01)
    codes = rows.y[:, None].astype(np.int32)
    apart = replace(rows, codes=codes, layout=Layout(("a",), ("c",), (2,), players=("a",)))
    recipe, made, _ = made_of(FGSM(0.005, epochs=5), apart)
    assert len(made) == 30
    assert not recipe.notes


def test_rows_that_a_step_made_reject_none() -> None:
    rows = crowded(0.8)
    fold = fold_of(rows, 0)
    generated = np.where(rows.y == 0, 3, 0).astype(np.int8)
    assert FGSM(1.0, epochs=5).recipe(replace(fold, origin=generated)).notes == ()


@pytest.mark.parametrize("kind", ATTACKS)
def test_the_seed_is_the_rows(kind) -> None:
    rows = table()
    first, again = (kind(epochs=2).recipe(fold_of(rows, 3)) for _ in range(2))
    np.testing.assert_array_equal(first.drawn.numbers, again.drawn.numbers)
    other = kind(epochs=2).recipe(fold_of(rows, 4))
    assert not np.array_equal(first.base, other.base)


def test_a_written_row_is_a_row_of_the_table(tmp_path) -> None:
    rng = np.random.default_rng(1)
    n = 300
    y = np.where(np.arange(n) < 30, "rare", "usual")
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 65, n),
            "rate": rng.random(n),
            "city": rng.choice(["x", "y"], n),
            "customer": np.arange(n) + 1000,
            "label": y,
        }
    )
    dataset = from_frame(frame, tmp_path / "d", target="label")
    made = balance_table(dataset, "fgsm", params={"epsilon": 1.0, "epochs": 5}).train.to_pandas()
    new = made[made["_origin"] == "adversarial"].reset_index(drop=True)
    parent = frame.iloc[[parents[0] for parents in new["_parents"]]].reset_index(drop=True)
    assert len(new) > 100
    assert (parent["label"] == "rare").all()
    assert (new["label"] == "rare").all()
    assert (new["city"] == parent["city"]).all()
    assert new["age"].dtype == frame["age"].dtype
    assert (new["age"] != parent["age"]).mean() > 0.5
    for name in ("age", "rate"):
        assert new[name].between(frame[name].min() - 1e-6, frame[name].max() + 1e-6).all()


def test_a_table_without_numbers_is_told_why_not() -> None:
    facts = TableFacts(100, (90, 10), 0, 3, 0, 0)
    assert "no column of them" in str(FGSM().limit(facts))
    assert FGSM().limit(replace(facts, numbers=1)) is None
    assert PGD().seconds(replace(facts, numbers=1)) > FGSM().seconds(replace(facts, numbers=1))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_attacked_is_the_own_network_of_an_arm_that_has_one() -> None:
    """Rare rows lie outside on both sides: a bent network leads them in, a linear one one way."""
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(360, dtype=np.int64), np.ones(120, dtype=np.int64)]
    side = np.where(rng.random(480) < 0.4, -3.0, 3.0)
    numbers = np.column_stack([rng.normal(size=480) + y * side, rng.normal(size=480)])
    none = np.zeros((480, 0), dtype=np.int32)
    layout = Layout(("a", "b"), (), (), players=("a", "b"))
    rows = TypedRows(numbers.astype(np.float32), none, y, layout)
    made = {}
    for classifier in ("logistic", "knn", "torch_logistic", "mlp"):
        arm = Arm("fgsm", classifier, (("epochs", 8), ("epsilon", 0.2)))
        recipe = resample(arm, rows, None, seed=1)
        at = np.flatnonzero(recipe.origin == ADVERSARIAL)
        was, now = rows.take(recipe.base[at]).numbers, rows.made(recipe.take(at)).numbers
        made[classifier] = (was[:, 0], np.sign(now - was)[:, 0])
    for classifier in ("logistic", "mlp"):
        was, step = made[classifier]
        far = np.abs(was) > 2
        assert (step[far] == -np.sign(was[far])).mean() > 0.75  # one way for all: 0.6
    _, step = made["torch_logistic"]
    assert len(np.unique(step[step != 0])) == 1, "not the slope of the arm's linear network"
    # What is no network has the same rows as all of its kind; a network has its own.
    np.testing.assert_array_equal(made["logistic"][1], made["knn"][1])
    assert len(made["mlp"][0]) != len(made["logistic"][0]) or np.any(
        made["mlp"][0] != made["logistic"][0]
    )
