"""What is known of items as vectors: numbers scaled, categories one-hot, text by its TF-IDF."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.preparing.encoders import as_numbers, scaled, spread
from rebal_core.data.preparing.tfidf import TextEncoder
from rebal_core.rows import Floats

Matrix = NDArray[np.float32]
#: Values of a category that get a place of their own: the most frequent, of two items at least.
VALUES = 256
#: Of letters that are written without spaces, two are a word.
_WORD = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]{1,2}|[^\W\u3040-\u9fff\uac00-\ud7af]+")


def attribute_vectors(about: pd.DataFrame, seed: int) -> Matrix:
    """Return a vector of each item; what is missing is 0, the mean of a number.

    Parameters
    ----------
    about : DataFrame
        A line an item; see :class:`rebal_core.ranking.log.EventLog`.
    seed : int
        Of the truncated SVD of text.

    Returns
    -------
    ndarray of shape (items, d), float32
        Numbers have spread 1, two categories are 1 apart, and texts have length 1 at most.
    """
    blocks = [np.zeros((len(about), 0), dtype=np.float32)]
    for name in about.columns:
        column = about[name]
        if pd.api.types.is_numeric_dtype(column.dtype):
            blocks.append(_number(as_numbers(column)))
        elif is_text(column):
            encoder, tfidf = TextEncoder.fit(column, np.zeros(len(column), np.int64), seed=seed)
            blocks.append(encoder.dense(tfidf))
        else:
            blocks.append(_category(column))
    return np.hstack(blocks)


def is_text(column: pd.Series) -> bool:
    """Return whether values are sentences rather than names: three words, a fifth different."""
    known = column.dropna().astype(str)
    words = [len(_WORD.findall(value)) for value in known.head(1_000)]
    return bool(words) and float(np.mean(words)) >= 3 and known.nunique() > 0.2 * len(known)


def _number(values: Floats) -> Matrix:
    known = ~np.isnan(values)
    center, scale = spread(values[known][:, None])
    return np.where(known[:, None], scaled(values[:, None], center, scale), np.float32(0))


def _category(column: pd.Series) -> Matrix:
    counts = column.value_counts()
    shared = sorted(counts[counts >= 2].index, key=lambda value: (-counts[value], value))
    place = pd.Series(np.arange(len(shared)), index=shared)[:VALUES]
    codes = column.map(place).to_numpy(dtype=np.float64, na_value=np.nan)
    found = np.zeros((len(column), len(place)), dtype=np.float32)
    rows = np.flatnonzero(~np.isnan(codes))
    found[rows, codes[rows].astype(np.int64)] = np.sqrt(0.5)
    return found
