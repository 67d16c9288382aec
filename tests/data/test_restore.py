"""A resampled set in the user's own columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.preparing.encoders import Numbers
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.samplers import SMOTE, RandomOver, fold_of
from rebal_core.schema import Column, Schema


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 60
    return pd.DataFrame(
        {
            "price": rng.normal(100, 30, n),
            "visits": rng.integers(0, 50, n),
            "gap": np.where(rng.random(n) < 0.4, np.nan, rng.normal(size=n)),
            "device": rng.choice(["phone", "desk"], n),
            "note": rng.choice(["a b c", "您好", "hello"], n),
            "vector": list(rng.normal(size=(n, 3))),
            "user": rng.integers(2**60, 2**61, n),
            "when": pd.date_range("2024-01-01", periods=n, freq="h"),
            "label": np.where(np.arange(n) < 12, "rare", "common"),
        }
    )


SCHEMA = Schema(
    (
        Column("price", "number"),
        Column("visits", "number"),
        Column("gap", "number", fill="indicator"),
        Column("device", "category"),
        Column("note", "text"),
        Column("vector", "embedding"),
        Column("user", "category", "id"),
        Column("when", "time", "time"),
        Column("label", "category", "target"),
    )
)


def smoted(table: pd.DataFrame, sampler=None):
    y = (table["label"] == "rare").to_numpy().astype(np.int64)
    preparation, rows = Preparation.fit(table, y, SCHEMA, seed=0)
    recipe = (sampler or SMOTE()).recipe(fold_of(rows, 0))
    numbers = np.arange(len(table)) * 10
    return rows, recipe, preparation.restore(table, recipe, numbers)


def test_original_rows_are_the_users_own(table) -> None:
    _, _, result = smoted(table)
    originals = result[result["_origin"] == "original"]
    assert len(originals) == len(table)
    names = table.columns.drop(["user", "vector"])
    pd.testing.assert_frame_equal(originals[names], table[names], check_exact=True)
    assert originals["user"].tolist() == table["user"].tolist(), (
        "an id beyond 2**53 must not change"
    )
    assert originals["_parents"].tolist() == [[i * 10] for i in range(len(table))]


def test_copies_are_the_users_own_too(table) -> None:
    _, _, result = smoted(table, RandomOver())
    copies = result[result["_origin"] == "duplicate"]
    assert len(copies) == 36
    source = table.iloc[[p[0] // 10 for p in copies["_parents"]]]
    drop = ["vector"]
    pd.testing.assert_frame_equal(
        copies[table.columns].drop(columns=drop).reset_index(drop=True),
        source.drop(columns=drop).reset_index(drop=True),
    )


def test_made_rows_lie_between_the_parents_own_values(table) -> None:
    _, recipe, result = smoted(table)
    made = result[result["_origin"] == "interpolated"].reset_index(drop=True)
    parents = np.array(made["_parents"].tolist()) // 10
    first, second = (table.iloc[parents[:, j]].reset_index(drop=True) for j in (0, 1))
    step = recipe.step[recipe.mate >= 0].astype(float)
    expected = first["price"] + step * (second["price"] - first["price"])
    np.testing.assert_array_equal(made["price"], expected)
    exact = first["visits"] + step * (second["visits"] - first["visits"])
    assert made["visits"].tolist() == [round(v) for v in exact]
    for name in ("device", "note"):
        assert ((made[name] == first[name]) | (made[name] == second[name])).all()
    both = first["gap"].isna() & second["gap"].isna()
    neither = first["gap"].notna() & second["gap"].notna()
    assert both.any()
    assert made.loc[both, "gap"].isna().all()
    assert made.loc[neither, "gap"].notna().all()
    vectors = (
        np.stack(first["vector"]) * (1 - step[:, None]) + np.stack(second["vector"]) * step[:, None]
    )
    np.testing.assert_allclose(np.stack(made["vector"]), vectors)
    assert (made["label"] == "rare").all()
    assert made["user"].isna().all()
    assert made["when"].isna().all()


def test_types_stay(table) -> None:
    _, _, result = smoted(table)
    assert result["visits"].dtype == table["visits"].dtype
    assert result["price"].dtype == table["price"].dtype
    assert result["when"].dtype == table["when"].dtype
    assert result["user"].dtype == "Int64"


def test_typed_and_restored_rows_agree(table) -> None:
    rows, recipe, result = smoted(table)
    y = np.zeros(len(result), dtype=np.int64)
    again, _ = Preparation.fit(table, y[: len(table)], SCHEMA, seed=0)
    back = again.transform(result)
    made = rows.made(recipe)
    np.testing.assert_allclose(back.numbers[:, 0], made.numbers[:, 0], atol=1e-5)
    np.testing.assert_array_equal(back.codes, made.codes)
    np.testing.assert_allclose(back.text_dense, made.text_dense, atol=1e-6)


def test_the_input_is_left_alone(table) -> None:
    before = table.copy(deep=True)
    smoted(table)
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    "kind", ["float64", "float32", "Float64", "Int64", "bool", "object", "day"]
)
def test_a_whole_column_stays_whole_in_made_rows(table, kind) -> None:
    """Whatever holds the whole numbers: floats for the sake of a gap, text, days of a calendar."""
    counts = np.random.default_rng(1).integers(0, 2 if kind == "bool" else 40, len(table))
    values = pd.Series(counts)
    if kind == "day":
        whole = pd.Timestamp("2024-02-27") + pd.to_timedelta(values, unit="D")
    elif kind == "object":
        whole = values.astype(str).astype(object)
    else:
        whole = values.astype(kind)
    gaps = pd.Series(np.arange(len(table)) % 7 == 0)
    table["price"] = whole if kind == "bool" else whole.mask(gaps)
    before = table["price"].dropna()
    _, _, result = smoted(table)
    made = result.loc[result["_origin"] == "interpolated", "price"].dropna()
    assert len(made) > 20
    assert made.dtype == before.dtype or kind == "bool"
    if kind == "day":
        assert (made == made.dt.normalize()).all()
    else:
        assert all(float(v) % 1 == 0 for v in made)
        assert kind != "object" or all(v.isdecimal() for v in made)
    assert made.between(before.min(), before.max()).all() or kind == "object"


def test_a_single_fraction_leaves_a_column_as_it_is(table) -> None:
    table["price"] = np.arange(len(table)).astype(float)
    table.loc[0, "price"] = 0.5
    _, _, result = smoted(table)
    assert (result.loc[result["_origin"] == "interpolated", "price"] % 1 > 0).any()


def test_what_was_0_comes_back_as_0():
    days = np.append(np.random.default_rng(0).exponential(29.0, 999), 0.0)
    for shift in range(40):  # whatever is lost when the zero is standardised
        frame = pd.DataFrame({"days": np.where(days == 0, 0.0, days + shift / 7)})
        numbers = Numbers.fit(frame, [Column("days", "number")])
        back = numbers.inverse(numbers.transform(frame))["days"]
        assert back[-1] == 0.0
        assert (back[:-1] > 0).all()
        np.testing.assert_allclose(back, frame["days"], rtol=1e-5, atol=1e-5)
