"""What the adversarial random forest does beyond what every generator does."""

from __future__ import annotations

import numpy as np

from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers import fold_of
from rebal_core.samplers.generators import ARF, Columns
from rebal_core.samplers.generators.arf import Leaves


def learned(numbers: np.ndarray, **settings: int) -> tuple[Leaves, TypedRows]:
    names = tuple("abcdef"[: numbers.shape[1]])
    layout = Layout(numbers=names, players=names)
    y = np.zeros(len(numbers), dtype=np.int64)
    codes = np.zeros((len(y), 0), dtype=np.int32)
    rows = TypedRows(numbers=numbers.astype(np.float32), codes=codes, y=y, layout=layout)
    columns = Columns.of(rows)
    step = ARF(trees=20, **settings)
    return step.learn(columns.sheet(rows), columns, np.array([0]), fold_of(rows, 0)), rows


def bent(n: int = 400) -> np.ndarray:
    """A parabola: the two columns have a correlation of 0."""
    x = np.random.default_rng(0).uniform(-1, 1, n)
    return np.column_stack([x, x**2])


def test_a_tie_that_bends_is_learned() -> None:
    leaves, _ = learned(bent())
    drawn, _codes = leaves.draw(0, 2000, np.random.default_rng(1))
    off = np.abs(drawn[:, 1] - drawn[:, 0] ** 2)
    assert off.mean() < 0.07, "columns drawn each by itself are off by a third"


def test_every_leaf_holds_as_many_rows_as_asked() -> None:
    leaves, _ = learned(bent(), leaf=9)
    assert leaves.size.min() >= 9
    assert leaves.size.min() < 30, "and not one leaf for all"
    assert (leaves.first + leaves.size <= 400).all()
    for first, size in zip(leaves.first, leaves.size, strict=True):
        begins = np.unique(first)
        np.testing.assert_array_equal(np.diff(np.append(begins, 400)), size[begins])


def test_no_row_is_kept_whole() -> None:
    """Inside a leaf each column is in its own order, whatever order the rows had."""
    leaves, rows = learned(np.random.default_rng(3).normal(size=(300, 3)))
    known = {row.tobytes() for row in rows.numbers}
    kept = [row.tobytes() in known for tree in leaves.numbers for row in tree]
    assert np.mean(kept) < 0.1


def test_values_that_many_rows_share_stay_as_they_are() -> None:
    rng = np.random.default_rng(2)
    mostly = np.where(rng.random(500) < 0.9, 0.0, rng.lognormal(size=500))
    leaves, _ = learned(np.column_stack([mostly, rng.normal(size=500)]))
    drawn, _codes = leaves.draw(0, 4000, np.random.default_rng(1))
    assert abs((drawn[:, 0] == 0).mean() - (mostly == 0).mean()) < 0.05
