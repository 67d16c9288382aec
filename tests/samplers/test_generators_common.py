"""What every generator must do: exact counts, values as they went in, and the ties of its class."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rebal_core.facts import TableFacts
from rebal_core.rows import GENERATED, INTERPOLATED, Layout, Recipe, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.samplers.generators import Columns, Generator, grid
from rebal_core.strategies import STRATEGIES, Strategy

SYNTHESIS = [s for s in STRATEGIES if s.family == "synthesis"]
#: Of whole numbers, and what stands for a missing one.
STEP, STAND_IN = 0.5, 0.25


def generator(strategy: Strategy) -> Generator:
    (step,) = strategy.with_params(strategy.fast).steps
    assert isinstance(step, Generator)
    return step


def brief(strategy: Strategy) -> Generator:
    """Return one that is asked to work, and not how well."""
    step = generator(strategy)
    return step.set_params(steps=40) if "steps" in step.get_params() else step


def blobs(sizes: tuple[int, ...] = (900, 300, 40), seed: int = 0) -> TypedRows:
    """Classes that lie apart; two numbers are tied, one is whole, one is missing now and then.

    The first category tells the class, the second follows the sign of the first number, and is
    missing in a tenth of the rows.
    """
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(y)
    n = len(y)
    first = rng.normal(size=n) + 2.0 * y
    second = 0.9 * first + 0.4 * rng.normal(size=n)
    whole = STEP * rng.poisson(3 + y)
    gaps = rng.random(n) < 0.25
    third = np.where(gaps, STAND_IN, rng.normal(size=n) - y)
    told = np.where(rng.random(n) < 0.1, -1, (first > 2.0 * y).astype(int))
    names = ("first", "second", "whole", "third", "third=missing")
    return TypedRows(
        numbers=np.column_stack([first, second, whole, third, gaps]).astype(np.float32),
        codes=np.column_stack([y + 1, told]).astype(np.int32),
        y=y,
        layout=Layout(
            numbers=names,
            codes=("class", "sign"),
            cardinalities=(len(sizes) + 2, 3),
            players=(*names[:4], "third"),
        ),
    )


@cache
def made_by(name: str, seed: int = 0) -> tuple[TypedRows, Recipe, TypedRows]:
    """Return rows, what a generator makes of them, and what it drew of the second class."""
    rows = blobs()
    recipe = generator(STRATEGIES[name]).recipe(fold_of(rows, seed))
    drawn = recipe.take((recipe.origin == GENERATED) & (recipe.label == 1))
    return rows, recipe, rows.made(drawn)


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_each_class_has_the_rows_that_it_lacks(strategy) -> None:
    rows, recipe, drawn = made_by(strategy.name)
    assert np.bincount(recipe.label).tolist() == [900, 900, 900]
    assert len(drawn) == 600
    few = generator(strategy).enough > 40
    made = recipe.origin[(recipe.label == 2) & (recipe.origin > 1)]
    assert set(made.tolist()) == {INTERPOLATED if few else GENERATED}
    assert bool(few) == any("plain SMOTE" in note for note in recipe.notes)
    np.testing.assert_array_equal(recipe.base[: len(rows)], np.arange(len(rows)))


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_values_come_out_as_they_went_in(strategy) -> None:
    rows, _, drawn = made_by(strategy.name)
    assert np.isfinite(drawn.numbers).all()
    assert (drawn.numbers >= rows.numbers.min(axis=0)).all()
    assert (drawn.numbers <= rows.numbers.max(axis=0)).all()
    whole = drawn.numbers[:, 2] / STEP
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-5)
    flags = drawn.numbers[:, 4]
    assert set(flags.tolist()) == {0.0, 1.0}
    assert (drawn.numbers[flags == 1, 3] == np.float32(STAND_IN)).all()
    assert set(np.unique(drawn.codes[:, 1])) == {-1, 0, 1}, "a value that no row has stays out"
    assert set(np.unique(drawn.codes[:, 0])) <= {1, 2, 3}


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_the_class_is_learned_not_the_table(strategy) -> None:
    """Means, spread, ties and shares are those of the class, within what 300 rows allow."""
    rows, _, drawn = made_by(strategy.name)
    own = rows.take(np.flatnonzero(rows.y == 1))
    plain = own.numbers[:, :3], drawn.numbers[:, :3]
    means, spreads = (np.array([f(x, axis=0) for x in plain]) for f in (np.mean, np.std))
    np.testing.assert_allclose(means[1], means[0], atol=0.35)
    np.testing.assert_allclose(spreads[1], spreads[0], rtol=0.35)
    tied = [np.corrcoef(x[:, 0], x[:, 1])[0, 1] for x in plain]
    assert tied[1] > tied[0] - 0.25
    assert (drawn.codes[:, 0] == 2).mean() > 0.85
    gaps = [x.numbers[:, 4].mean() for x in (own, drawn)]
    assert gaps[1] == pytest.approx(gaps[0], abs=0.1)
    unknown = [(x.codes[:, 1] < 0).mean() for x in (own, drawn)]
    assert unknown[1] == pytest.approx(unknown[0], abs=0.1)


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_the_same_seed_draws_the_same_rows_and_none_is_copied(strategy) -> None:
    first, second = (brief(strategy).recipe(fold_of(blobs(), 0)).drawn for _ in range(2))
    np.testing.assert_array_equal(first.numbers, second.numbers)
    np.testing.assert_array_equal(first.codes, second.codes)
    rows, _, drawn = made_by(strategy.name)
    known = {row.tobytes() for row in rows.numbers}
    copies = sum(row.tobytes() in known for row in drawn.numbers)
    assert copies <= 0.05 * len(drawn)


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_what_was_learned_is_plain_arrays(strategy) -> None:
    rows, step = blobs((600, 260)), brief(strategy)
    fold = fold_of(rows, 0)
    columns = Columns.of(rows)
    fitted = step.learn(columns.sheet(rows), columns, np.array([1]), fold)
    state = fitted.to_state()
    assert all(isinstance(value, np.ndarray) and value.dtype != object for value in state.values())
    back = type(step).rebuilt(state)
    drawn = [x.draw(1, 50, np.random.default_rng(5)) for x in (fitted, back)]
    for first, second in zip(*drawn, strict=True):
        np.testing.assert_array_equal(first, second)
    known = Columns.from_state(columns.to_state())
    np.testing.assert_array_equal(known.typed(*drawn[0])[0], columns.typed(*drawn[0])[0])


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_columns_of_one_kind_serve(strategy, kind) -> None:
    rows = blobs((400, 250))
    if kind == "numbers":
        layout = Layout(numbers=("first", "second"), players=("first", "second"))
        rows = replace(rows, numbers=rows.numbers[:, :2], codes=rows.codes[:, :0], layout=layout)
    else:
        layout = replace(rows.layout, numbers=(), players=())
        rows = replace(rows, numbers=rows.numbers[:, :0], layout=layout)
    recipe = brief(strategy).recipe(fold_of(rows, 0))
    assert np.bincount(recipe.label).tolist() == [400, 400]
    assert rows.made(recipe).numbers.shape[1] == rows.numbers.shape[1]


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
@pytest.mark.parametrize("training", [1.0, 0.8])
def test_a_class_that_is_too_small_is_told_beforehand(strategy, training) -> None:
    """Too small in a training part, that is: its arm would be SMOTE under another name."""
    enough, learned = math.ceil(generator(strategy).enough / training), generator(strategy).enough

    def facts(rare: int) -> TableFacts:
        return TableFacts(1000 + rare, (1000, rare), 4, 2, 0, 0, training=training)

    assert strategy.reason(facts(enough)) is None
    reason = strategy.reason(facts(enough - 1))
    assert reason is not None
    assert str(learned) in reason.render()
    assert "smote" in reason.render()
    few, many = (strategy.steps[0].seconds(facts(n)) for n in (enough, 1000))
    assert 0 < few < 60, "a small table is learned in no time"
    assert 0 < many < 60


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([0, 2, 5, 9], 1.0),
        ([3, 10, 17, 31], 7.0),
        ([0.01, 0.02, 0.05, 4.2], 0.01),
        ([7.0, 7.0], 0.0),
        ([1.0, np.e, np.pi, 9.7, 17.31], 0.0),
    ],
)
def test_a_grid_is_the_greatest_common_divisor(values, step) -> None:
    assert grid(np.array(values, dtype=np.float32)) == pytest.approx(step, abs=1e-5)


def test_a_grid_is_found_through_the_scale() -> None:
    rng = np.random.default_rng(0)
    for values in (rng.integers(0, 99_999, 3000), np.round(rng.lognormal(4, 1, 5000), 2)):
        unit = ((values - values.mean()) / values.std()).astype(np.float32)
        step = 1.0 if values.dtype.kind == "i" else 0.01
        assert grid(unit) * values.std() == pytest.approx(step, rel=1e-6)
    assert grid(rng.normal(size=5000).astype(np.float32)) == 0


def test_what_lies_on_a_grid_is_the_same_number_to_the_last_bit() -> None:
    """A rounding apart, no copy of a row would be seen, and a value that many have is another."""
    rng = np.random.default_rng(0)
    whole = rng.normal(100, 15, (400, 1)).round()
    numbers = ((whole - whole.mean()) / whole.std()).astype(np.float32)
    layout = Layout(("iq",), (), (), players=("iq",))
    codes, y = np.zeros((400, 0), dtype=np.int32), np.arange(400) % 2
    columns = Columns.of(TypedRows(numbers, codes, y, layout))
    assert np.unique(numbers).size > 64
    drawn = numbers.astype(np.float64) + rng.normal(0, 1e-3, numbers.shape)
    for known in (columns, Columns.from_state(columns.to_state())):
        made, _ = known.typed(drawn, codes.astype(np.int64))
        np.testing.assert_array_equal(made, numbers)
    between = np.setdiff1d(np.arange(whole.min(), whole.max()), whole)
    assert between.size, "a whole number that no row has may be drawn, too"
    drawn = ((between[:, None] - whole.mean()) / whole.std()).astype(np.float64)
    made, _ = columns.typed(drawn, np.zeros((len(drawn), 0), dtype=np.int64))
    np.testing.assert_allclose(made, drawn, atol=1e-6)


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_advice_where_every_class_is_too_small_can_be_followed(strategy) -> None:
    for few, advice in ((1, "random_over"), (3, "smote")):
        facts = TableFacts(400 + few, (400, few), 2, 1, 1, 0)
        (told,) = [step.limit(facts) for step in strategy.steps]
        assert told.render().endswith(f"choose {advice}.")
        assert STRATEGIES[advice].steps[0].limit(facts) is None
