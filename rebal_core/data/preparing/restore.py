"""From a recipe back to the user's own columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rebal_core.data.preparing.encoders import as_numbers
from rebal_core.data.schema import DISTANCE, FIT, FLAG
from rebal_core.rows import DUPLICATE, GENERATED, ORIGINS, Floats, Ints, Recipe
from rebal_core.schema import Column, Schema

#: More decimals than these are taken for the end of what a float can say.
_MOST_DECIMALS = 6


def restored(
    frame: pd.DataFrame,
    recipe: Recipe,
    rows: Ints,
    schema: Schema,
    fills: Mapping[str, float],
    drawn: Mapping[str, Any],
    fits: Sequence[str | None] | None = None,
    distances: Floats | None = None,
) -> pd.DataFrame:
    """Return a resampled set in the user's own columns.

    Originals and copies are the user's rows, value by value. In a made row numbers lie between
    the parents' own values (computed in float64; where all values of a column are whole numbers, or
    dates without a time, they are rounded to such, though the model saw what lies between),
    categories and text come from one parent, and columns that no model saw (id, group, time, item,
    value, ignored) are null: no money is at risk in a row that never was, and a sum over the file
    counts none. A drawn row has values of its own. The label is the recipe's.

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
    drawn : mapping of column to values
        Values of the recipe's drawn rows, for numbers, categories and embeddings.
    fits : sequence of m str or None, optional
        From which fit each row was drawn that has no parents.
    distances : ndarray of shape (m,), optional
        How far such a row lies from the nearest row of its class; nan of all others.

    Returns
    -------
    DataFrame of m rows
        The columns of ``frame``, then ``_origin`` (a word of design: original, duplicate, ...)
        and ``_parents`` (list of row numbers: the row itself, the row copied, its parents; of a
        generated row there are none). Before them ``_weight`` where the sampler weighs, ``_flag``
        (true or false) where it marks rows, ``_fit`` and ``_distance`` where rows were generated.
    """
    result = frame.take(recipe.donors).reset_index(drop=True)
    made = np.flatnonzero(recipe.origin > DUPLICATE)
    if len(made):
        columns = dict(result.items())
        for column in schema.columns:
            if (name := column.name) in columns:
                columns[name] = _of_made(
                    columns[name], made, frame[name], column, recipe, fills, drawn
                )
        result = pd.concat(columns, axis=1)  # one by one a wide frame falls into pieces
    weights = None if recipe.weight is None else recipe.weight * _weights(frame, schema, recipe)
    added = _provenance(recipe, rows, weights, fits, distances)
    return pd.concat([result, pd.DataFrame(added, index=result.index)], axis=1)


def _provenance(
    recipe: Recipe,
    rows: Ints,
    weights: Floats | None,
    fits: Sequence[str | None] | None,
    distances: Floats | None,
) -> dict[str, Any]:
    """Return our own columns: how much each row counts, and where it comes from."""
    added: dict[str, Any] = {}
    if weights is not None:
        added["_weight"] = weights
    if recipe.flag is not None:
        added[FLAG] = recipe.flag
    if fits is not None:
        added[FIT] = pd.Series(list(fits), dtype=object)
    if distances is not None:
        known = [None if np.isnan(d) else d for d in distances.tolist()]
        added[DISTANCE] = pd.Series(known, dtype=object)
    added["_origin"] = np.array(ORIGINS)[recipe.origin]
    added["_parents"] = pd.Series(_parents(recipe, rows), dtype=object)
    return added


def _parents(recipe: Recipe, rows: Ints) -> list[list[int]]:
    """Return the row numbers that each row comes from."""
    first, second = rows[recipe.base].tolist(), rows[recipe.mate].tolist()
    pairs = zip(first, second, recipe.mate.tolist(), recipe.origin.tolist(), strict=True)
    return [
        [] if origin == GENERATED else [a, b] if mate >= 0 else [a] for a, b, mate, origin in pairs
    ]


def _weights(frame: pd.DataFrame, schema: Schema, recipe: Recipe) -> Floats | float:
    """Return the user's own weights of the rows; 1 where there are none."""
    names = [name for name in schema.named("weight") if name in frame]
    if not names:
        return 1.0
    weight = as_numbers(frame[names[0]])
    return recipe.between(np.where(np.isnan(weight), 1.0, weight))


def _of_made(
    taken: pd.Series,
    made: Ints,
    source: pd.Series,
    column: Column,
    recipe: Recipe,
    fills: Mapping[str, float],
    drawn: Mapping[str, Any],
) -> pd.Series:
    """Return a column with the values of rows that are neither the user's nor copies."""
    if column.role == "target":
        return _relabelled(taken, made, source, recipe)
    if column.role not in ("feature", "weight"):
        return _with_nulls(taken, made)
    pairs = np.flatnonzero(recipe.mate >= 0)
    if len(pairs):
        taken = _blended(taken, pairs, source, column, recipe.take(pairs), fills)
    if column.role == "feature" and column.name in drawn and recipe.drawn is not None:
        at, values = recipe.drawn.at, drawn[column.name]
        if column.kind != "category" and not recipe.drawn.whole.all():
            own = np.flatnonzero(recipe.drawn.whole)
            at, values = at[own], [values[k] for k in own.tolist()]
        taken = _replaced(taken, at, values, source, column, fills.get(column.name, np.nan))
    return taken


def _relabelled(taken: pd.Series, made: Ints, source: pd.Series, recipe: Recipe) -> pd.Series:
    """Return the target, with the recipe's label where a row has another than its donor."""
    kept = np.flatnonzero(recipe.origin <= DUPLICATE)
    labels, first = np.unique(recipe.label[kept], return_index=True)
    there = made[np.isin(recipe.label[made], labels)]  # else its donor's label is all that is known
    example = recipe.base[kept[first]][np.searchsorted(labels, recipe.label[there])]
    values = taken.copy()
    values.iloc[there] = source.iloc[example].to_numpy()
    return values


def _replaced(
    taken: pd.Series, at: Ints, values: Any, source: pd.Series, column: Column, fill: float
) -> pd.Series:
    """Return a column with values of their own in the drawn rows."""
    if column.kind in ("category", "embedding"):
        result = taken.astype(object).to_numpy(copy=True)
        for row, value in zip(at.tolist(), values, strict=True):
            result[row] = value
        kind = object if column.kind == "embedding" else taken.dtype
        return pd.Series(result, index=taken.index, name=taken.name, dtype=kind)
    known, numbers = as_numbers(source), np.asarray(values, dtype=np.float64)
    if column.fill != "indicator":
        numbers = emptied(numbers, fill, empty_share(known, fill))
    digits = decimals(known)
    return _placed(taken, at, numbers if digits is None else np.round(numbers, digits))


def decimals(known: Floats) -> int | None:
    """Return how many decimals say all values of a column; None where so many do not.

    0 are whole numbers, or dates without a time.

    Parameters
    ----------
    known : ndarray of shape (n,)
        NaN where missing.
    """
    some = known[:1000]  # most columns that have more decimals show it there
    for digits in range(_MOST_DECIMALS + 1):
        if not np.array_equal(some, np.round(some, digits), equal_nan=True):
            continue
        if np.array_equal(known, np.round(known, digits), equal_nan=True):
            return digits
    return None


def empty_share(known: Floats, fill: float) -> float:
    """Return which part of the values that are seen as what stands in for a missing one is missing.

    Parameters
    ----------
    known : ndarray of shape (n,)
        The values of a column, NaN where missing.
    fill : float
    """
    gone = np.isnan(known)
    seen = np.count_nonzero(gone | (known == fill))
    return float(np.count_nonzero(gone) / seen) if seen else 0.0


def emptied(numbers: Floats, fill: float, share: float) -> Floats:
    """Return drawn values, of those at the stand-in this share missing: as many as went in.

    Which ones is left to chance, always the same.
    """
    close = 16 * np.finfo(np.float32).eps * np.maximum(np.abs(numbers), abs(fill))
    at = np.flatnonzero(np.abs(numbers - fill) <= close)
    chosen = np.random.default_rng(len(at)).permutation(at)[: round(share * len(at))]
    result = numbers.copy()
    result[chosen] = np.nan
    return result


def _blended(
    taken: pd.Series,
    made: Ints,
    source: pd.Series,
    column: Column,
    pairs: Recipe,
    fills: Mapping[str, float],
) -> pd.Series:
    """Return a column whose rows of two parents lie between these, as its kind asks for."""
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
    blend = pairs.between(np.where(np.isnan(values), fill, values))
    if np.array_equal(values, np.rint(values), equal_nan=True):  # of dates, days are the whole
        blend = np.rint(blend)
    blend[np.isnan(values[pairs.base]) & np.isnan(values[pairs.mate])] = np.nan
    if column.fill == "indicator":
        blend[np.isnan(values[pairs.donors])] = np.nan
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
