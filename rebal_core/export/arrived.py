"""Columns of new rows, held against the kinds that a model was fitted on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rebal_core.data.written import plain
from rebal_core.types import Column, UserError

_WORDS = {
    "number": "numbers",
    "time": "times",
    "text": "text",
    "category": "categories",
    "embedding": "lists of numbers",
}
#: Kinds that a model column can be read from as they are.
_SUITS = {
    "number": ("number",),
    "time": ("time",),
    "category": ("number", "time", "text"),
    "text": ("number", "time", "text"),
    "embedding": ("embedding",),
}


def suited(
    frame: pd.DataFrame, features: Sequence[Column], file: str
) -> tuple[pd.DataFrame, list[str]]:
    """Return new rows in the kinds of the model, and notes on values that had to be left out.

    Text in place of numbers or times is read as such where most of it can be; what cannot
    counts as missing.

    Parameters
    ----------
    frame : DataFrame
        With a column for each feature.
    features : sequence of Column
        As the model knows them.
    file : str
        Name of the table, for people.

    Raises
    ------
    UserError
        When a column is of another kind than the model was fitted on.
    """
    changed, notes = {}, []
    for column in features:
        values = frame[column.name]
        kind = _kind(values)
        if kind is None or kind in _SUITS[column.kind]:
            continue
        read = _read(values, column.kind) if kind == "text" else None
        lost = len(values) if read is None else int((read.isna() & values.notna()).sum())
        if read is None or 2 * lost > int(values.notna().sum()):
            raise UserError(
                f"Column “{column.name}” of {file} holds {_WORDS[kind]}, and the model was fitted "
                f"on {_WORDS[column.kind]}; correct the column."
            )
        changed[column.name] = read
        if lost:
            notes.append(
                f"Column “{column.name}” holds {lost:,} values that are no "
                f"{_WORDS[column.kind]}; they count as missing."
            )
    return frame.assign(**changed), notes


def _kind(values: pd.Series) -> str | None:
    """Return what the column holds, None where it holds nothing."""
    known = values.dropna()
    if known.empty:
        return None
    if pd.api.types.is_numeric_dtype(values.dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "time"
    first = known.iloc[0]
    if isinstance(first, (list, tuple, np.ndarray)):
        return "embedding"
    return "text" if isinstance(first, str) else "number"


def _read(values: pd.Series, kind: str) -> pd.Series | None:
    if kind == "number":
        return pd.to_numeric(values.map(plain, na_action="ignore"), errors="coerce")
    if kind == "time":
        return pd.to_datetime(values, errors="coerce", format="ISO8601")
    return None
