"""What remedies read in the columns that they name, and how weights are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from rebal_core.data.formats import count
from rebal_core.params import ColumnName, Number, Word
from rebal_core.ranking.log import Bools, EventLog
from rebal_core.ranking.segments import values_of
from rebal_core.rows import Floats, Ints
from rebal_core.wording import Text, listed

CLIP = Number(
    "clip",
    "Largest weight",
    "Larger weights are cut: below 1 at this quantile of them, from 1 on at so many times the "
    "mean. One event shall not speak for a hundred.",
    0.99,
    0.5,
    1e6,
)

SEGMENT = ColumnName("segment", "Column of the segment", "A country, a device, a kind of customer.")
VALUE = Word("value", "Segment", "The value of the column that says who is in it.", of="segment")
#: Values that are told where the one that is asked for is none.
_TOLD = 8


def column(log: EventLog, name: str) -> pd.Series:
    """Return a named column, a line an event."""
    assert log.beside is not None
    found: pd.Series = log.beside[name]
    return found


def numbers(log: EventLog, name: str) -> Floats:
    """Return a column as numbers from 0 up, nan where it holds none; those of a text are read.

    A place or a time that is negative or infinite is no other than a missing one: a -1 on a single
    row would shift every place.
    """
    found = _as_numbers(column(log, name))
    return np.where(_counts(found), found, np.nan)


def lacks_numbers(log: EventLog, name: str) -> Text | None:
    """Return that a column has no such number, or None."""
    if np.isfinite(numbers(log, name)).any():
        return None
    return Text("“{column}” holds no numbers from 0 up.", {"column": name})


def left_out(log: EventLog, name: str) -> Text | None:
    """Return how many numbers of a column are taken as missing, or None where none is."""
    parts = [log] if log.shown is None else [log, log.shown]
    found = np.concatenate([_as_numbers(column(part, name)) for part in parts])
    strange = int((~np.isnan(found) & ~_counts(found)).sum())
    if not strange:
        return None
    return Text(
        "Negative or infinite numbers of “{column}”, which count as missing: {rows}.",
        {"column": name, "rows": count(strange)},
    )


def _as_numbers(values: pd.Series) -> Floats:
    """Return values as they are, nan where one is no number; a date is none."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return np.full(len(values), np.nan)
    found: Floats = pd.to_numeric(values, errors="coerce").to_numpy(float, na_value=np.nan)
    return found


def _counts(values: Floats) -> Bools:
    found: Bools = np.isfinite(values) & (values >= 0)
    return found


def codes(log: EventLog, name: str) -> Ints:
    """Return a number for each value of a column, -1 where it is missing."""
    return np.asarray(pd.factorize(column(log, name))[0], dtype=np.int64)


def has_segment(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Refuse a segment that nobody is in."""
    values = values_of(log, params["segment"])
    if (values == params["value"]).any():
        return None
    names, events = np.unique(values[pd.notna(values)].astype(str), return_counts=True)
    known = [f"“{names[n]}”" for n in np.argsort(-events, kind="stable")]
    return Text(
        "No event has “{value}” in “{column}”; there are {values}.",
        {"value": params["value"], "column": params["segment"], "values": listed(known, _TOLD)},
    )


def heavier(inside: Bools, factor: float) -> Floats:
    """Return ``factor`` for some events and 1 for the others, with a mean of 1."""
    raw = np.where(inside, factor, 1.0)
    return np.asarray(raw / raw.mean())


def evened(raw: Floats, clip: float) -> Floats:
    """Return weights with a mean of 1, the largest cut.

    Parameters
    ----------
    raw : ndarray of shape (events,)
        Not negative; nan where nothing is known, which weighs as the mean of what is.
    clip : float
        As :data:`CLIP` says.
    """
    known = np.isfinite(raw)
    if not raw[known].sum() > 0:
        return np.ones(len(raw))
    most = np.quantile(raw[known], clip) if clip < 1 else clip * raw[known].mean()
    cut = np.minimum(raw, most)
    mean = cut[known].mean()
    return np.where(known, cut / mean, 1.0) if mean > 0 else np.ones(len(raw))
