"""How each kind of column becomes numbers or codes; everything is fitted on training rows only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.dataset import label_text
from rebal_core.rows import Floats
from rebal_core.schema import Column
from rebal_core.wording import UserError

#: A scaled value beyond this says only "far outside"; it keeps float32 products finite.
LIMIT = 1e6


def as_numbers(series: pd.Series) -> Floats:
    """Return a column as float64; NaN where it is missing, infinite or no number.

    Dates become days since 1970, so that a column of dates is a number like any other.
    """
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        stamps = series.to_numpy(dtype="datetime64[us]")
        days = stamps.astype(np.int64) / 86_400e6
        return np.where(np.isnat(stamps), np.nan, days)
    values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def spread(values: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each column; 1 where a column does not vary.

    Parameters
    ----------
    values : ndarray of shape (n, p)
        Without NaN.
    """
    if len(values) == 0:
        return np.zeros(values.shape[1]), np.ones(values.shape[1])
    # Dividing by the largest value first keeps the squares of 1e300 finite.
    size = np.maximum(np.abs(values).max(axis=0, initial=0.0), np.finfo(float).tiny)
    unit = values / size
    center = unit.mean(axis=0)
    deviation = unit.std(axis=0)
    scale = np.where(deviation > 1e-12 * np.maximum(np.abs(center), 1e-300), deviation * size, 1.0)
    return center * size, scale


def scaled(values: Floats, center: Floats, scale: Floats) -> NDArray[np.float32]:
    """Return standardised values as float32, held inside plus or minus :data:`LIMIT`."""
    with np.errstate(over="ignore"):
        return np.clip((values - center) / scale, -LIMIT, LIMIT).astype(np.float32)


@dataclass(frozen=True)
class Numbers:
    """Number columns: filled, standardised, and an indicator column where one is asked for.

    Parameters
    ----------
    names : tuple of str
    fills, centers, scales : ndarray of shape (p,)
    flagged : tuple of int
        Positions of the columns that have an indicator.
    """

    names: tuple[str, ...]
    fills: Floats
    centers: Floats
    scales: Floats
    flagged: tuple[int, ...]

    @classmethod
    def fit(cls, frame: pd.DataFrame, columns: Sequence[Column]) -> Numbers:
        """Learn what stands in for missing values, and the scale."""
        values = cls._read(frame, [c.name for c in columns])
        fills = np.array([_fill(c, values[:, j]) for j, c in enumerate(columns)], dtype=float)
        centers, scales = spread(np.where(np.isnan(values), fills, values))
        flagged = tuple(j for j, c in enumerate(columns) if c.fill == "indicator")
        return cls(tuple(c.name for c in columns), fills, centers, scales, flagged)

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """Return shape (n, p + indicators), the indicators 0 or 1 at the end."""
        values = self._read(frame, self.names)
        gaps = np.isnan(values)
        filled = scaled(np.where(gaps, self.fills, values), self.centers, self.scales)
        return np.hstack([filled, gaps[:, list(self.flagged)].astype(np.float32)])

    def inverse(self, numbers: NDArray[np.float32]) -> dict[str, Floats]:
        """Return the values of each column, NaN where its indicator says that it is missing.

        Parameters
        ----------
        numbers : ndarray of shape (n, at least p + indicators)
            As :meth:`transform` gives them; what follows is left alone.
        """
        width = len(self.names)
        values = numbers[:, :width] * self.scales + self.centers
        # Nearer to 0 than float32 tells apart there: else 0 days would come back as -0.0000002.
        values[np.abs(values) < np.finfo(np.float32).eps * np.abs(self.centers)] = 0.0
        gaps = numbers[:, width : width + len(self.flagged)] > 0.5
        values[:, list(self.flagged)] = np.where(gaps, np.nan, values[:, list(self.flagged)])
        return {name: values[:, j] for j, name in enumerate(self.names)}

    @staticmethod
    def _read(frame: pd.DataFrame, names: Sequence[str]) -> Floats:
        values = np.empty((len(frame), len(names)))
        for j, name in enumerate(names):
            values[:, j] = as_numbers(frame[name])
        return values


def _fill(column: Column, values: Floats) -> float:
    """Return the value that stands in for a missing one; 0 where nothing is known."""
    if column.fill == "constant":
        try:
            return float(column.constant or "")
        except ValueError:
            raise UserError(
                "Column “{column}” is to be filled with “{value}”, which is no number; "
                "choose a number or another way to fill it.",
                column=column.name,
                value=column.constant,
            ) from None
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0
    if column.fill == "most_frequent":
        found, counts = np.unique(known, return_counts=True)
        return float(found[counts.argmax()])
    return float(np.median(known))


@dataclass(frozen=True)
class Categories:
    """Category columns as codes: 0 is the most frequent value, -1 is missing or never seen.

    Parameters
    ----------
    names : tuple of str
    values : tuple of tuple of str
        Known values of each column, in the order of their codes.
    fills : tuple of int
        Code of a missing value.
    """

    names: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    fills: tuple[int, ...]

    @classmethod
    def fit(cls, frame: pd.DataFrame, columns: Sequence[Column]) -> Categories:
        """Learn the values of each column, by frequency and then by text."""
        values, fills = [], []
        for column in columns:
            counts: dict[str, int] = {}
            codes, found = pd.factorize(frame[column.name])
            for value, count in zip(
                found, np.bincount(codes[codes >= 0], minlength=len(found)), strict=True
            ):
                text = label_text(value)
                counts[text] = counts.get(text, 0) + int(count)
            known = sorted(counts, key=lambda text: (-counts[text], text))
            fill = 0 if column.fill == "most_frequent" and known else -1
            if column.fill == "constant":
                constant = column.constant or ""
                known += [] if constant in counts else [constant]
                fill = known.index(constant)
            values.append(tuple(known))
            fills.append(fill)
        return cls(tuple(c.name for c in columns), tuple(values), tuple(fills))

    def transform(self, frame: pd.DataFrame) -> NDArray[np.int32]:
        """Return codes of shape (n, q)."""
        result = np.empty((len(frame), len(self.names)), dtype=np.int32)
        for j, (name, values, fill) in enumerate(
            zip(self.names, self.values, self.fills, strict=True)
        ):
            known = {text: code for code, text in enumerate(values)}
            codes, found = pd.factorize(frame[name])
            # One look-up a distinct value; the last place serves the missing ones (code -1).
            table = [known.get(label_text(value), -1) for value in found] + [fill]
            result[:, j] = np.array(table, dtype=np.int32)[codes]
        return result

    def inverse(self, codes: NDArray[np.int32]) -> dict[str, list[str | None]]:
        """Return the value of each code, None for -1; codes have shape (n, q)."""
        found = {}
        for j, (name, values) in enumerate(zip(self.names, self.values, strict=True)):
            found[name] = [values[code] if code >= 0 else None for code in codes[:, j].tolist()]
        return found


@dataclass(frozen=True)
class Embeddings:
    """Columns of equally long lists of floats, standardised; a missing list is the mean one.

    Parameters
    ----------
    names : tuple of str
    centers, scales : tuple of ndarray
        One array a column, as long as its lists.
    """

    names: tuple[str, ...]
    centers: tuple[Floats, ...]
    scales: tuple[Floats, ...]

    @classmethod
    def fit(cls, frame: pd.DataFrame, columns: Sequence[Column]) -> Embeddings:
        """Learn width and scale of each column."""
        centers, scales = [], []
        for column in columns:
            lists = frame[column.name]
            known = lists[lists.notna()]
            width = len(known.iloc[0]) if len(known) else 0
            center, scale = spread(_stack(known, width))
            centers.append(center)
            scales.append(scale)
        return cls(tuple(c.name for c in columns), tuple(centers), tuple(scales))

    def transform(self, frame: pd.DataFrame) -> list[NDArray[np.float32]]:
        """Return one block of shape (n, width) a column."""
        blocks = []
        for name, center, scale in zip(self.names, self.centers, self.scales, strict=True):
            lists = frame[name]
            block = np.zeros((len(frame), len(center)), dtype=np.float32)
            here = lists.notna().to_numpy()
            block[here] = scaled(_stack(lists[here], len(center)), center, scale)
            blocks.append(block)
        return blocks

    def inverse(self, numbers: NDArray[np.float32]) -> dict[str, list[Floats]]:
        """Return the lists behind the blocks, which stand side by side in (n, widths)."""
        found, start = {}, 0
        for name, center, scale in zip(self.names, self.centers, self.scales, strict=True):
            block = numbers[:, start : start + len(center)] * scale + center
            found[name], start = list(block), start + len(center)
        return found


def _stack(lists: pd.Series, width: int) -> Floats:
    """Return lists as a matrix; what is not finite counts as 0."""
    if any(len(values) != width for values in lists):
        raise UserError(
            "Column “{column}” holds lists of different lengths; all must have {width} values.",
            column=lists.name,
            width=width,
        )
    values: list[Any] = [np.asarray(v, dtype=np.float64) for v in lists]
    matrix = np.stack(values) if values else np.zeros((0, width))
    return np.where(np.isfinite(matrix), matrix, 0.0)
