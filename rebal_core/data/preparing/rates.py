"""How often the class in focus occurred in the earlier training rows of the same key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.asof import seconds
from rebal_core.data.preparing.encoders import Categories
from rebal_core.rows import Floats, Ints
from rebal_core.schema import Column, key_name

#: Rows by which a key is believed as much as the rate of all rows.
STRENGTH = 10.0


@dataclass(frozen=True)
class Rate:
    """What had become of a key before each row, by the labels of training rows.

    A row is told ``(hits + a prior) / (rows + a)``: rows and hits (those of the class in focus) are
    the training rows of its key strictly before it, the prior is the rate of all training rows
    strictly before it. A training row is told just what it would be told as a test row: its own
    label, those of its moment and of later ones never count, nor does the label of any test row. A
    row of no time, or of no key, is told nothing; one of a key never seen is told the prior.

    Parameters
    ----------
    columns : Categories
        Known values of the columns that make the key.
    known : ndarray of shape (keys,)
        Combined codes of the keys, ascending.
    moments : ndarray of shape (m,)
        Distinct times, ascending, in seconds.
    place : ndarray of shape (p,)
        Key and moment of each entry as one number, ascending.
    rows, hits : ndarray of shape (p + 1,)
        In the entries before each, summed.
    all_rows, all_hits : ndarray of shape (m + 1,)
        Of all keys at the moments before each, summed.
    strength : float
        a, above 0.
    """

    #: What it keeps beside plain values.
    ARRAYS: ClassVar = ("known", "moments", "place", "rows", "hits", "all_rows", "all_hits")

    columns: Categories
    known: Ints
    moments: Floats
    place: Ints
    rows: Ints
    hits: Ints
    all_rows: Ints
    all_hits: Ints
    strength: float = STRENGTH

    @property
    def name(self) -> str:
        """What the column is called."""
        return f"{key_name(self.columns.names)}: rate before"

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        hit: NDArray[np.bool_],
        key: Sequence[str],
        time: str,
        strength: float = STRENGTH,
    ) -> Rate:
        """Learn from training rows.

        Parameters
        ----------
        frame : DataFrame of n training rows
            With the columns of the key and the time, rows in any order.
        hit : ndarray of shape (n,)
            Whether each row is of the class in focus.
        key : sequence of str
        time : str
        strength : float
        """
        times = seconds(frame[time])
        columns = Categories.fit(frame, [Column(name, "category") for name in key])
        codes = _combined(columns, frame)
        dated = np.flatnonzero(~np.isnan(times))
        moments, moment = np.unique(times[dated], return_inverse=True)
        keyed = codes[dated] >= 0
        known, code = np.unique(codes[dated][keyed], return_inverse=True)
        entry = code * (len(moments) + 1) + moment[keyed]
        place, where = np.unique(entry, return_inverse=True)
        hits = hit[dated]
        return cls(
            columns,
            known,
            moments,
            place,
            rows=_summed(where, np.ones(len(where)), len(place)),
            hits=_summed(where, hits[keyed], len(place)),
            all_rows=_summed(moment, np.ones(len(moment)), len(moments)),
            all_hits=_summed(moment, hits, len(moments)),
            strength=strength,
        )

    def transform(self, frame: pd.DataFrame, time: str) -> Floats:
        """Return the rate before each row, NaN where nothing can be told; rows in any order."""
        times = seconds(frame[time])
        codes = _combined(self.columns, frame)
        missing = np.isnan(times) | frame[list(self.columns.names)].isna().to_numpy().any(axis=1)
        earlier = np.searchsorted(self.moments, times)
        code = np.searchsorted(self.known, codes)
        seen = np.isin(codes, self.known)
        start = np.searchsorted(self.place, code * (len(self.moments) + 1))
        end = np.searchsorted(self.place, code * (len(self.moments) + 1) + earlier)
        rows = np.where(seen, self.rows[end] - self.rows[start], 0)
        hits = np.where(seen, self.hits[end] - self.hits[start], 0)
        with np.errstate(invalid="ignore"):
            prior = self.all_hits[earlier] / self.all_rows[earlier]
        found = (hits + self.strength * prior) / (rows + self.strength)
        return np.where(missing, np.nan, found)

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return plain values for JSON, and arrays for ``np.savez``."""
        values = {
            "key": self.columns.names,
            "values": self.columns.values,
            "strength": self.strength,
        }
        return values, {name: getattr(self, name) for name in self.ARRAYS}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Rate:
        """Rebuild what :meth:`to_state` gave.

        Raises
        ------
        ValueError
            When the parts cannot be ours, or do not go together.
        """
        names, known = tuple(values["key"]), tuple(map(tuple, values["values"]))
        columns = Categories(names, known, (-1,) * len(names))
        found = cls(
            columns, **{n: arrays[n] for n in cls.ARRAYS}, strength=float(values["strength"])
        )
        found._refuse_unsound()
        return found

    def _refuse_unsound(self) -> None:
        if len(self.columns.values) != len(self.columns.names) or not self.columns.names:
            raise ValueError("a rate of columns without values")
        if not all(isinstance(value, str) for known in self.columns.values for value in known):
            raise ValueError("values of a key that are no texts")
        if not self.strength > 0 or not np.isfinite(self.moments).all():
            raise ValueError("a rate of no strength, or of no times")
        if any(getattr(self, name).dtype != np.int64 for name in self.ARRAYS if name != "moments"):
            raise ValueError("counts that are none")
        for entries, sums in ((self.place, "rows"), (self.moments, "all_rows")):
            for name in (sums, sums.replace("rows", "hits")):
                if getattr(self, name).shape != (len(entries) + 1,):
                    raise ValueError("sums of other entries")
        for name in ("known", "moments", "place"):
            if not (np.diff(getattr(self, name)) > 0).all():
                raise ValueError("places out of order")


def _combined(columns: Categories, frame: pd.DataFrame) -> Ints:
    """Return one code for the values of all columns, -1 where one is missing or never seen."""
    codes = columns.transform(frame).astype(np.int64)
    found = np.zeros(len(frame), dtype=np.int64)
    for own, values in zip(codes.T, columns.values, strict=True):
        found = np.where((found < 0) | (own < 0), -1, found * len(values) + own)
    return found


def _summed(where: Ints, values: NDArray[Any], size: int) -> Ints:
    counts = np.bincount(where, weights=values, minlength=size)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
