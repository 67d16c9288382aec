"""From a recipe back to the user's own columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.columns import as_numbers
from rebal_core.rows import ORIGINS, Floats, Ints, Recipe
from rebal_core.schema import Column, Schema


def between(values: NDArray[Any], recipe: Recipe) -> NDArray[Any]:
    """Return ``base + step (mate - base)`` for each row of the recipe.

    Parameters
    ----------
    values : ndarray of shape (n, p) or (n,)

    Returns
    -------
    ndarray of shape (m, p) or (m,), same dtype
    """
    result = values[recipe.base]
    pairs = np.flatnonzero(recipe.mate >= 0)
    step = recipe.step[pairs].astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1))
    result[pairs] += step * (values[recipe.mate[pairs]] - result[pairs])
    return result


def picked(recipe: Recipe) -> Ints:
    """Return the parent that gives each row its categories and text."""
    return np.where(recipe.pick, recipe.mate, recipe.base)


def restored(
    frame: pd.DataFrame, recipe: Recipe, rows: Ints, schema: Schema, fills: Mapping[str, float]
) -> pd.DataFrame:
    """Return a resampled set in the user's own columns.

    Originals and copies are the user's rows, value by value. In a made row numbers lie between
    the parents' own values (computed in float64; where all values of a column are whole numbers, or
    dates without a time, they are rounded to such, though the model saw what lies between),
    categories and text come from one parent, the label from both, and columns that
    no model saw (id, group, time, item, value, ignored) are null: no money is at risk in a row that
    never was, and a sum over the file counts none.

    Parameters
    ----------
    frame : DataFrame of n rows
        What the recipe speaks of.
    recipe : Recipe of m rows
    rows : ndarray of shape (n,)
        Row numbers of the accepted table.
    schema : Schema
    fills : mapping of number column to float
        What stood in for a missing value. A row of two parents without a value has none either.

    Returns
    -------
    DataFrame of m rows
        The columns of ``frame``, then ``_origin`` (a word of design: original, duplicate, ...)
        and ``_parents`` (list of row numbers: the row itself, the row copied, or both parents).
    """
    result = frame.take(picked(recipe)).reset_index(drop=True)
    made = np.flatnonzero(recipe.mate >= 0)
    if len(made):
        pairs = Recipe(
            recipe.base[made],
            recipe.mate[made],
            recipe.step[made],
            recipe.pick[made],
            recipe.origin[made],
        )
        for column in schema.columns:
            if column.name in frame:
                result[column.name] = _blended(
                    result[column.name], made, frame[column.name], column, pairs, fills
                )
    result["_origin"] = np.array(ORIGINS)[recipe.origin]
    first, second = rows[recipe.base], rows[recipe.mate]
    parents = [
        [int(a), int(b)] if mate >= 0 else [int(a)]
        for a, b, mate in zip(first, second, recipe.mate, strict=True)
    ]
    result["_parents"] = pd.Series(parents, dtype=object)
    return result


def _blended(
    taken: pd.Series,
    made: Ints,
    source: pd.Series,
    column: Column,
    pairs: Recipe,
    fills: Mapping[str, float],
) -> pd.Series:
    """Return a column whose made rows have been replaced by what its role and kind ask for."""
    if column.role == "target":
        return taken
    if column.role not in ("feature", "weight"):
        return _with_nulls(taken, made)
    if column.kind == "embedding":
        lists: list[Any] = taken.tolist()
        for i, row in enumerate(made):
            a, b = source.iloc[pairs.base[i]], source.iloc[pairs.mate[i]]
            if a is not None and b is not None:
                a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
                lists[row] = a + float(pairs.step[i]) * (b - a)
        return pd.Series(lists, index=taken.index, name=taken.name, dtype=object)
    if column.kind in ("category", "text"):
        return taken
    values = as_numbers(source)
    fill = fills.get(column.name, 1.0)  # a weight that is missing counts as 1
    blend = between(np.where(np.isnan(values), fill, values), pairs)
    if np.array_equal(values, np.rint(values), equal_nan=True):  # of dates, days are the whole
        blend = np.rint(blend)
    blend[np.isnan(values[pairs.base]) & np.isnan(values[pairs.mate])] = np.nan
    if column.fill == "indicator":
        blend[np.isnan(values[np.where(pairs.pick, pairs.mate, pairs.base)])] = np.nan
    return _placed(taken, made, blend)


def _placed(taken: pd.Series, made: Ints, blend: Floats) -> pd.Series:
    """Return the column with these numbers in the made rows, in its own type where it can be."""
    kind = taken.dtype
    values = taken.astype(object).to_numpy(copy=True)
    if pd.api.types.is_datetime64_any_dtype(kind):
        stamps = pd.to_datetime(pd.Series(blend), unit="D").dt.round("s")
        values[made] = stamps.to_numpy(dtype=object)
        return pd.Series(pd.to_datetime(pd.Series(values, index=taken.index)), dtype=kind)
    if pd.api.types.is_integer_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        # Numbers near the bound of their type may have been rounded beyond it as floats.
        low, high = (0, 1) if pd.api.types.is_bool_dtype(kind) else _span(kind)
        whole = [None if np.isnan(v) else min(max(round(v), low), high) for v in blend]
        values[made] = np.array(whole, dtype=object)
        if None in whole and not pd.api.types.is_extension_array_dtype(kind):
            kind = pd.Int64Dtype()
        return pd.Series(values, index=taken.index, name=taken.name, dtype=kind)
    if pd.api.types.is_numeric_dtype(kind):
        values[made] = blend
        return pd.Series(values, index=taken.index, name=taken.name, dtype=kind)
    # Numbers kept as text stay text.
    values[made] = [None if np.isnan(v) else repr(float(v)).removesuffix(".0") for v in blend]
    return pd.Series(values, index=taken.index, name=taken.name, dtype=kind)


def _span(kind: Any) -> tuple[int, int]:
    limits = np.iinfo(getattr(kind, "numpy_dtype", kind))
    return int(limits.min), int(limits.max)


def _with_nulls(taken: pd.Series, made: Ints) -> pd.Series:
    """Return the column with nulls in the made rows; a type that holds none is widened."""
    kind = taken.dtype
    if pd.api.types.is_bool_dtype(kind):
        taken = taken.astype("boolean")
    elif pd.api.types.is_integer_dtype(kind):
        # An id beyond 2**53 would change as float64.
        unsigned = pd.api.types.is_unsigned_integer_dtype(kind)
        taken = taken.astype("UInt64" if unsigned else "Int64")
    else:
        taken = taken.copy()
    taken.iloc[made] = None
    return taken
