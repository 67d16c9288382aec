"""Drawn numbers stay inside the range that was seen unless it is widened, by every generator."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr
from sklearn.base import clone

from rebal_core.rows import GENERATED, Layout, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.samplers.generators import Columns, Copula, Generator
from rebal_core.strategies import STRATEGIES, Strategy
from rebal_core.units import Units

SYNTHESIS = [s for s in STRATEGIES if s.family == "synthesis"]
RARE, MANY = 200, 2200
NAMES = ("free", "whole", "amount", "capped", "few", "gone")
#: The columns that go on beyond both ends, above alone, and not at all.
BOTH, ABOVE, NONE = (0, 5), (2,), (4,)
STAND_IN = 0.25


def table(seed: int = 0) -> TypedRows:
    """Two classes whose numbers have all kinds of ends."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [MANY, RARE])
    n = len(y)
    free = rng.normal(size=n) + 0.3 * y
    gaps = rng.random(n) < 0.2
    numbers = [
        free,
        np.rint(60 + 15 * free + 8 * rng.normal(size=n)).clip(1),
        np.where(rng.random(n) < 0.3, 0.0, rng.lognormal(size=n)),
        np.minimum(free, 0.5),
        rng.integers(0, 5, n),
        np.where(gaps, STAND_IN, rng.normal(size=n) - free),
        gaps,
    ]
    return TypedRows(
        numbers=np.column_stack(numbers).astype(np.float32),
        codes=np.zeros((n, 0), dtype=np.int32),
        y=y,
        layout=Layout(numbers=(*NAMES, "gone=missing"), players=(*NAMES, "gone")),
    )


def learning_once(strategy: Strategy) -> Generator:
    """Return a generator that learns the first time, and then draws from the same."""
    (step,) = map(clone, strategy.with_params(strategy.fast).steps)
    assert isinstance(step, Generator)
    if "steps" in step.get_params():
        step.set_params(steps=100)  # it is asked where it draws, and not how well
    learn, kept = step.learn, []

    def again(sheet, columns, labels, fold):
        if not kept:
            kept.append((learn(sheet, columns, labels, fold), fold.rng.bit_generator.state))
        fitted, fold.rng.bit_generator.state = kept[0]
        return fitted

    step.learn = again
    return step


def drawn(step: Generator, rows: TypedRows, *, widen: bool) -> np.ndarray:
    made = step.set_params(widen=widen).recipe(fold_of(rows, 0))
    assert np.bincount(made.label).tolist() == [MANY, MANY]
    assert (made.origin == GENERATED).sum() == MANY - RARE
    return made.drawn.numbers


@pytest.mark.parametrize("strategy", SYNTHESIS, ids=lambda s: s.name)
def test_numbers_leave_the_range_where_it_is_widened_alone(strategy) -> None:
    rows, step = table(), learning_once(strategy)
    inside, widened = (drawn(step, rows, widen=widen) for widen in (False, True))
    least, most = rows.numbers.min(axis=0), rows.numbers.max(axis=0)
    assert ((inside >= least) & (inside <= most)).all()
    known = rows.numbers[rows.y == 1]
    known[known[:, 6] == 1, 5] = np.nan
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    above, below = widened > high, widened < low
    moved = widened != inside
    assert not (moved & ~above & ~below).any(), "all others are the rows that they were"
    assert (moved & above)[:, [*BOTH, *ABOVE]].any(axis=0).all()
    assert (moved & below)[:, BOTH].any(axis=0).all()
    assert moved[:, :6].mean() < 0.03
    assert not moved[:, [*NONE, 6]].any()
    assert (widened[widened[:, 6] == 1, 5] == np.float32(STAND_IN)).all()
    assert moved[:, 1].any()
    np.testing.assert_array_equal(widened[:, 1], np.rint(widened[:, 1]))
    assert (widened[:, 1:3] >= 0).all()
    assert not (moved & above)[:, 3].any(), "values pile up at the cap"
    far = (high - low) / 2
    assert (widened <= np.maximum(most, high + far)).all()
    assert (widened >= np.minimum(least, low - far)).all()
    np.testing.assert_array_equal(drawn(step, rows, widen=True), widened)
    np.testing.assert_array_equal(drawn(step, rows, widen=False), inside)


def test_rows_that_keep_rules_go_on_beyond_the_range_too() -> None:
    rows = table()
    made = Copula(rules="free <= 4; whole >= 30", widen=True).recipe(fold_of(rows, 0))
    numbers, known = made.drawn.numbers, rows.numbers[rows.y == 1]
    assert (numbers[:, 0] <= 4).all()
    assert (numbers[:, 1] >= 30).all()
    assert (numbers > known.max(axis=0))[:, 0].any()


def test_the_switch_changes_nothing_that_is_learned_and_no_key() -> None:
    plain, wide = Copula(), Copula(widen=True)
    assert plain.draw_settings() == wide.draw_settings()
    assert "widen" not in plain.settings()
    assert wide.settings()["widen"] is True
    assert all("widen" in strategy.parameters for strategy in SYNTHESIS)


def one(values: np.ndarray, units: Units | None = None) -> tuple[TypedRows, Columns]:
    numbers = values.astype(np.float32)[:, None]
    layout = Layout(("x",), (), (), players=("x",))
    codes, y = np.zeros((len(values), 0), dtype=np.int32), np.zeros(len(values), dtype=np.int64)
    rows = TypedRows(numbers, codes, y, layout, units=units)
    return rows, Columns.of(rows).widened(rows, np.array([0]))


def test_as_much_lies_beyond_the_ends_as_of_new_rows() -> None:
    """Over many samples of 400, new values exceed the largest as often and as far as drawn ones."""
    rng, often, far, truly = np.random.default_rng(0), [], [], []
    for _ in range(60):
        values = rng.exponential(size=400)
        rows, columns = one(values)
        made = columns.tails.beyond(rows.numbers[rng.integers(0, 400, 20_000)], 0, rng)[:, 0]
        over = made[made > rows.numbers.max()] - rows.numbers.max()
        often.append(len(over) / len(made))
        far.append(over.mean())
        truly.append(np.exp(-values.max()))
    assert np.mean(often) == pytest.approx(1 / 401, rel=0.1)
    assert np.mean(truly) == pytest.approx(1 / 401, rel=0.4)
    assert np.mean(far) == pytest.approx(1.0, rel=0.15), "of this distribution it is 1"


def test_zero_is_found_in_the_users_own_units() -> None:
    rng = np.random.default_rng(1)
    for values, end in ((rng.lognormal(size=500), 1), (-rng.lognormal(size=500), -1)):
        center, scale = float(values.mean()), float(values.std())
        units = Units((center,), (scale,), (None,), (None,), ())
        rows, columns = one((values - center) / scale, units)
        made = columns.tails.beyond(np.repeat(rows.numbers, 200, axis=0), 0, rng)
        made, _ = columns.typed(made, np.zeros((len(made), 0), dtype=np.int64))
        raw = made[:, 0] * scale + center
        assert (raw * end > 0).all()
        assert abs(raw).max() > abs(values).max() * 1.01
        assert abs(raw).min() < abs(values).min() * 0.99


@pytest.mark.parametrize(
    "values",
    [np.arange(19.0), np.ones(300), np.repeat([0.0, 1.0, 2.0], 100), np.full(300, 7.0)],
    ids=["short", "ones", "few", "constant"],
)
def test_nothing_lies_beyond_what_says_nothing_of_it(values) -> None:
    _, columns = one(values)
    assert not columns.tails.chances.any()
    far, _ = columns.typed(np.array([[-1e9], [1e9]]), np.zeros((2, 0), dtype=np.int64))
    assert far[:, 0].tolist() == [values.min(), values.max()]


@pytest.mark.parametrize("digits", [1, 6])
def test_nothing_lies_beyond_a_cap(digits) -> None:
    """A few in a hundred at the end itself, where tails hold fewer and fewer."""
    values = np.random.default_rng(5).normal(50, 15, 400).round(digits)
    for cap, goes in ((np.inf, True), (np.quantile(values, 0.97).round(digits), False)):
        _, columns = one(np.minimum(values, cap))
        assert columns.tails.chances.any(axis=(1, 2)).tolist() == [True, goes]


def test_a_tail_is_kept_as_plain_arrays() -> None:
    rng = np.random.default_rng(2)
    rows, columns = one(np.rint(ndtr(rng.normal(size=300)) * 1000))
    back = Columns.from_state(columns.to_state())
    first, second = (
        c.tails.beyond(rows.numbers, 0, np.random.default_rng(3)) for c in (columns, back)
    )
    np.testing.assert_array_equal(first, second)
    assert back.suit(rows.layout)
    cut = {**columns.to_state(), "tails.means": np.ones((2, 1, 2))}
    assert not Columns.from_state(cut).suit(rows.layout)
