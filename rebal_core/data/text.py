"""Text as numbers: TF-IDF of 2 to 4 characters, which serves Chinese and English alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd

from rebal_core.types import Floats

#: More pieces than this help no model, and a dense copy of their scores still fits into memory.
MAX_TERMS = 50_000
COMPONENTS = 100


@dataclass(frozen=True)
class TextEncoder:
    """One text column, fitted in the fold.

    Parameters
    ----------
    name : str
    terms : tuple of str
        Pieces of 2 to 4 characters inside words; the position is the column.
    idf : ndarray of shape (t,)
        Inverse document frequencies.
    components : ndarray of shape (c, t), float32
        Right singular vectors of the training rows: the dense form is ``tfidf @ components.T``.
    """

    name: str
    terms: tuple[str, ...]
    idf: Floats
    components: NDArray[np.float32]

    @classmethod
    def fit(cls, texts: pd.Series, *, seed: int) -> tuple[TextEncoder, sp.csr_matrix]:
        """Learn pieces, frequencies and components; also return the TF-IDF of these rows."""
        documents = _documents(texts)
        counter = _counter(None, min_df=2 if len(documents) >= 50 else 1)
        try:
            counts = counter.fit_transform(documents)
        except ValueError:  # every text is empty, or none shares a piece with another
            nothing = np.zeros((0, 0), dtype=np.float32)
            return cls(str(texts.name), (), np.zeros(0), nothing), _none(len(documents))
        seen = np.bincount(counts.indices, minlength=counts.shape[1])
        idf = np.log((1 + len(documents)) / (1 + seen)) + 1
        tfidf = _tfidf(counts, idf)
        width = min(COMPONENTS, *tfidf.shape)
        _, _, components = randomized_svd(tfidf, width, n_iter=3, random_state=seed)
        encoder = cls(
            str(texts.name),
            tuple(counter.get_feature_names_out()),
            idf,
            np.asarray(components, dtype=np.float32),
        )
        return encoder, tfidf

    def transform(self, texts: pd.Series) -> sp.csr_matrix:
        """Return TF-IDF of shape (n, t), float32, rows of length 1."""
        if not self.terms:
            return _none(len(texts))
        counter = _counter({term: j for j, term in enumerate(self.terms)}, min_df=1)
        return _tfidf(counter.transform(_documents(texts)), self.idf)

    def dense(self, tfidf: sp.csr_matrix) -> NDArray[np.float32]:
        """Return shape (n, c): the rows in the space of the components."""
        if not len(self.components):
            return np.zeros((tfidf.shape[0], 0), dtype=np.float32)
        return np.asarray(tfidf @ self.components.T, dtype=np.float32)


def _documents(texts: pd.Series) -> list[str]:
    return ["" if missing else str(t) for t, missing in zip(texts, texts.isna(), strict=True)]


def _counter(vocabulary: dict[str, int] | None, *, min_df: int) -> CountVectorizer:
    return CountVectorizer(
        analyzer="char_wb",
        ngram_range=(2, 4),
        min_df=min_df,
        max_features=MAX_TERMS if vocabulary is None else None,
        vocabulary=vocabulary,
    )


def _tfidf(counts: sp.csr_matrix, idf: Floats) -> sp.csr_matrix:
    """Return (1 + log count) idf, each row scaled to length 1.

    Own lines rather than scikit-learn's transformer, whose sums depend on the order in which the
    fit left the columns: rows must be the same to the last bit when they are seen again.
    """
    matrix = sp.csr_matrix(counts, dtype=np.float64)
    matrix.sort_indices()
    matrix.data = (1 + np.log(matrix.data)) * idf[matrix.indices]
    return sp.csr_matrix(normalize(matrix, copy=False), dtype=np.float32)


def _none(size: int) -> sp.csr_matrix:
    return sp.csr_matrix((size, 0), dtype=np.float32)
