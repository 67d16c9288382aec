"""What a table says of its items, beside their names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.preparing.encoders import as_numbers
from rebal_core.rows import Ints
from rebal_core.schema import Column
from rebal_core.wording import UserError

#: A column tells of an item where it says the same in so many of the item's rows, on average.
SAME = 0.99
#: A column tells which item it is where the commonest item of each value is right so often.
_TELLS = 0.95


def about_items(
    dataset: Dataset, but: Sequence[str], item: Ints, items: int
) -> dict[str, pd.Series]:
    """Return the columns that say the same in (nearly) all rows of an item, a line an item.

    Parameters
    ----------
    but : sequence of str
        Columns that are the log itself.
    item : ndarray of shape (rows,)
        Code of the item of each row, -1 where it has none.
    items : int
        How many there are.
    """
    # Where most items have one row, every column would seem to tell of them.
    if items == 0 or items > (item >= 0).sum() / 2:
        return {}
    told: dict[str, pd.Series] = {}
    for column in dataset.schema.columns:
        if column.name in but or column.kind == "embedding" or column.role == "ignore":
            continue
        found, several = _of_items(dataset, column, item, items)
        if found is not None and several:
            told[column.name] = found
    return told


def named_columns(
    dataset: Dataset, names: Sequence[str], item: Ints, items: int
) -> dict[str, pd.Series]:
    """Return columns that somebody named, a line an item, whatever their role.

    Raises
    ------
    UserError
        When one of them does not say the same in (nearly) all rows of an item.
    """
    told: dict[str, pd.Series] = {}
    for name in names:
        found, _several = _of_items(dataset, dataset.schema[name], item, items)
        if found is None:
            raise UserError(
                "“{column}” differs within the rows of an item, so it tells nothing of items; "
                "choose another column.",
                column=name,
            )
        told[name] = found
    return told


def _of_items(
    dataset: Dataset, column: Column, item: Ints, items: int
) -> tuple[pd.Series | None, bool]:
    """Return what a column says of each item, or None, and whether it has several values."""
    rows = item >= 0
    codes, labels = pd.factorize(dataset.frame([column.name])[column.name][rows])
    best, same = _commonest(item[rows], codes, items)
    if same < SAME:
        return None, True
    found = pd.Series(labels).reindex(np.where(best < 0, len(labels), best))
    return plain_values(column, found.reset_index(drop=True)), len(labels) > 1


def tells_the_item(item: Ints, values: pd.Series) -> bool:
    """Tell whether a column that comes back (nearly) says which item a row is of.

    Parameters
    ----------
    item : ndarray of shape (rows,)
        Codes of items, none missing.
    values : Series of shape (rows,)
    """
    codes, labels = pd.factorize(values)
    known = codes >= 0
    if len(labels) < 2 or known.sum() < 2 * len(labels):
        return False
    return _commonest(codes[known], item[known], len(labels))[1] >= _TELLS


def tells_of_items(item: Ints, values: pd.Series, items: int) -> bool:
    """Tell whether a column says the same in (nearly) all rows of an item, and is no constant.

    Parameters
    ----------
    item : ndarray of shape (rows,)
        Codes of items, none missing.
    values : Series of shape (rows,)
    items : int
        How many there are; where most have one row, every column would seem to tell of them.
    """
    codes, labels = pd.factorize(values)
    if items > len(item) / 2 or len(labels) < 2:
        return False
    return _commonest(item, codes, items)[1] >= SAME


def plain_values(column: Column, values: pd.Series) -> pd.Series:
    """Return numbers, dates as days since 1970, or else texts."""
    dates = pd.api.types.is_datetime64_any_dtype(values.dtype)
    if dates or (column.kind == "number" and pd.api.types.is_numeric_dtype(values.dtype)):
        return pd.Series(as_numbers(values))
    return values.map(label_text, "ignore")


def _commonest(item: Ints, codes: Ints, items: int) -> tuple[Ints, float]:
    """Return the commonest value of each item (-1 for missing), and its part of all rows."""
    width = int(codes.max(initial=0)) + 2
    pairs, rows = np.unique(item * width + codes + 1, return_counts=True)
    order = np.argsort(rows, kind="stable")
    best, most = np.full(items, -1, dtype=np.int64), np.zeros(items, dtype=np.int64)
    best[pairs[order] // width] = pairs[order] % width - 1
    most[pairs[order] // width] = rows[order]
    return best, float(most.sum() / max(item.size, 1))
