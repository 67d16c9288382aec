"""Rows as samplers and classifiers see them, and how resampled rows come from others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Where a row of a balanced set comes from; an array of origins holds positions in this tuple.
ORIGINS = ("original", "duplicate", "interpolated", "generated", "adversarial", "removed")
ORIGINAL, DUPLICATE, INTERPOLATED, GENERATED, ADVERSARIAL, REMOVED = range(6)


@dataclass(frozen=True)
class Layout:
    """What the columns of :class:`TypedRows` are, fixed when a preparation is fitted.

    Parameters
    ----------
    numbers : tuple of str
        Names behind ``TypedRows.numbers`` (an indicator is named ``col=missing``).
    codes : tuple of str
        Names behind ``TypedRows.codes``.
    cardinalities : tuple of int
        Values known per code column; codes run from 0 to cardinality-1, -1 is missing or unknown.
    texts : tuple of str
        Text columns, in the order in which their blocks stand in ``text`` and ``text_dense``.
    text_blocks : tuple of (int, int)
        Columns of each text column in ``text``.
    dense_blocks : tuple of (int, int)
        Columns of each text column in ``text_dense``.
    embeddings : tuple of str
        Embedding columns; their values stand in ``numbers`` after the plain numbers.
    players : tuple of str
        For each column of ``numbers``: the user's own column it belongs to.
    """

    numbers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    cardinalities: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    text_blocks: tuple[tuple[int, int], ...] = ()
    dense_blocks: tuple[tuple[int, int], ...] = ()
    embeddings: tuple[str, ...] = ()
    players: tuple[str, ...] = ()


@dataclass(frozen=True)
class TypedRows:
    """Rows as samplers and classifiers see them.

    Parameters
    ----------
    numbers : ndarray of shape (n, p), float32
        Scaled, filled; no NaN.
    codes : ndarray of shape (n, q), int32
        Categories as codes, -1 where missing or never seen in training.
    text : csr_matrix of shape (n, t) or None
        TF-IDF, for linear models.
    text_dense : ndarray of shape (n, <= 100 a text column) or None, float32
        Truncated SVD of it, for all others and for the neighbour search.
    y : ndarray of shape (n,), int64
        Labels 0..K-1.
    layout : Layout
        Names and widths.
    weight : ndarray of shape (n,) or None
        The user's own row weights (role ``weight``).
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.int32]
    y: Ints
    layout: Layout
    text: sp.csr_matrix | None = None
    text_dense: NDArray[np.float32] | None = None
    weight: Floats | None = None

    def __len__(self) -> int:
        return int(self.y.shape[0])

    def take(self, rows: Ints) -> TypedRows:
        """Return the rows at these positions, in this order; positions may repeat."""
        return replace(
            self,
            numbers=self.numbers[rows],
            codes=self.codes[rows],
            y=self.y[rows],
            text=None if self.text is None else self.text[rows],
            text_dense=None if self.text_dense is None else self.text_dense[rows],
            weight=None if self.weight is None else self.weight[rows],
        )


@dataclass(frozen=True)
class Recipe:
    """How each row of a resampled set comes from the rows it was made of.

    A sampler answers with a recipe, not with values: so provenance is exact, text and categories
    follow their parents, and the balanced data can be written in the user's own columns.

    Parameters
    ----------
    base : ndarray of shape (m,), int64
        Position of the row itself, or of the first parent.
    mate : ndarray of shape (m,), int64
        Position of the second parent, -1 for originals and duplicates.
    step : ndarray of shape (m,), float32
        ``u`` of ``base + u (mate - base)``; 0 for originals and duplicates.
    pick : ndarray of shape (m,), bool
        True where categories and text come from the mate.
    origin : ndarray of shape (m,), int8
        Positions in :data:`ORIGINS`.
    notes : tuple of str
        What the user should know, e.g. that a class of one row was copied instead.
    """

    base: Ints
    mate: Ints
    step: NDArray[np.float32]
    pick: NDArray[np.bool_]
    origin: NDArray[np.int8]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.base.shape[0])
