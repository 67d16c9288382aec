"""What is known when a list is asked for (a query, a device, an hour), as a net takes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.dataset import label_text
from rebal_core.data.preparing.encoders import as_numbers, scaled, spread
from rebal_core.rows import Ints

Matrix = NDArray[np.float32]
#: Rows of the table of words; a word's place in it is its hash, so nothing has to be kept of it.
PLACES = 1 << 14
#: Words of a value that are looked at beside the value as a whole.
WORDS = 8
#: Whole numbers of so few values are names of something, such as hours.
_NAMES = 50
_WORD = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]|[^\W\u3040-\u9fff\uac00-\ud7af]+")


@dataclass(frozen=True)
class ContextReading:
    """How each column of a context is read.

    Parameters
    ----------
    kinds : tuple of (str, str)
        Column, and ``number``, ``time`` or ``words``.
    center, scale : ndarray of shape (numbers,), float32
        Of the columns of numbers.
    """

    kinds: tuple[tuple[str, str], ...]
    center: Matrix
    scale: Matrix

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: Sequence[str]) -> ContextReading:
        """Return how columns are read that look so in what is learned from."""
        kinds = tuple((name, _kind(frame[name])) for name in columns)
        center, scale = [], []
        for name, kind in kinds:
            if kind == "number":
                values = as_numbers(frame[name])
                middle, width = spread(values[~np.isnan(values)][:, None])
                center.append(middle[0])
                scale.append(width[0])
        return cls(kinds, np.array(center, np.float32), np.array(scale, np.float32))

    @property
    def width(self) -> int:
        """Words of a line."""
        return (1 + WORDS) * sum(kind != "number" for _, kind in self.kinds)

    def words(self, frame: pd.DataFrame) -> NDArray[np.int16]:
        """Return the places of the words of each line, shape (n, width); 0 where there is none."""
        found = [_places(frame[name], name, kind) for name, kind in self.kinds if kind != "number"]
        return np.hstack([np.zeros((len(frame), 0), dtype=np.int64), *found]).astype(np.int16)

    def numbers(self, frame: pd.DataFrame) -> Matrix:
        """Return the numbers of each line, shape (n, numbers), scaled; 0 where one is missing."""
        names = [name for name, kind in self.kinds if kind == "number"]
        found = np.zeros((len(frame), len(names)), dtype=np.float32)
        for place, name in enumerate(names):
            values = as_numbers(frame[name])
            known = ~np.isnan(values)
            center, scale = (part[[place]].astype(float) for part in (self.center, self.scale))
            found[known, place] = scaled(values[known][:, None], center, scale)[:, 0]
        return found


def _kind(values: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "time"
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return "words"
    known = as_numbers(values.dropna())
    few = np.unique(known[:100_000]).size <= _NAMES
    return "words" if few and bool((known == np.round(known)).all()) else "number"


def _places(values: pd.Series, column: str, kind: str) -> Ints:
    """Return the hashes of each value and of its words, shape (n, 1 + WORDS)."""
    if kind == "time" and not pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = pd.Series(pd.NaT, index=values.index)  # in another log it holds something else
    codes, labels = pd.factorize(values)
    found = np.zeros((len(labels) + 1, 1 + WORDS), dtype=np.int64)
    if kind == "time":
        moments = pd.DatetimeIndex(labels)
        hours = [f"{column}\0hour {hour}" for hour in moments.hour]
        days = [f"{column}\0day {day}" for day in moments.day_of_week]
        found[:-1, :2] = _hashed([*hours, *days]).reshape(2, -1).T
        return found[codes]
    texts = [label_text(label).casefold() for label in labels]
    found[:-1, 0] = _hashed([f"{column}\0{text}" for text in texts])
    row: list[int] = []
    place: list[int] = []
    word: list[str] = []
    for k, text in enumerate(texts):
        parts = _WORD.findall(text)[:WORDS]
        if len(parts) > 1:
            row += [k] * len(parts)
            place += range(1, 1 + len(parts))
            word += [f"{column}\0word {part}" for part in parts]
    found[row, place] = _hashed(word)
    return found[codes]


def _hashed(texts: list[str]) -> Ints:
    """Return places from 1 on, the same on every machine."""
    if not texts:
        return np.zeros(0, dtype=np.int64)
    hashes = pd.util.hash_array(np.array(texts, dtype=object), categorize=False)
    return (hashes % np.uint64(PLACES - 1)).astype(np.int64) + 1
