"""How typed rows become the matrix that a classifier eats, after the sampler."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.rows import Floats, Layout, TypedRows

Encoding = Literal["onehot", "ordinal", "native", "distances"]

#: A one-hot matrix wider than this is kept sparse.
DENSE_WIDTH = 500


def one_hot(rows: TypedRows) -> Floats | sp.csr_matrix:
    """Return numbers, an indicator for each category (missing or unknown first), and TF-IDF.

    Returns
    -------
    ndarray or csr_matrix of shape (n, p + sum(cardinality + 1) + t), float64
        Sparse when there is text or the matrix is wide.
    """
    numbers = rows.numbers.astype(np.float64)
    blocks = [sp.csr_matrix(numbers)] if rows.layout.cardinalities or rows.text is not None else []
    size = len(rows)
    for j, cardinality in enumerate(rows.layout.cardinalities):
        column = rows.codes[:, j] + 1
        cells = (np.ones(size), (np.arange(size), column))
        blocks.append(sp.csr_matrix(cells, shape=(size, cardinality + 1)))
    if not blocks:
        return numbers
    if rows.text is not None:
        blocks.append(rows.text.astype(np.float64))
    matrix = sp.hstack(blocks, format="csr")
    dense = rows.text is None and matrix.shape[1] <= DENSE_WIDTH
    return matrix.toarray() if dense else sp.csr_matrix(matrix)


def ordinal(rows: TypedRows) -> NDArray[np.float32]:
    """Return numbers, category codes (-1 for missing or unknown) and the dense form of text.

    Everything is exact in float32, which is what trees compare with (and SHAP needs).
    """
    blocks = [rows.numbers, rows.codes.astype(np.float32)]
    if rows.text_dense is not None:
        blocks.append(rows.text_dense)
    return np.hstack(blocks)


def native(rows: TypedRows) -> NDArray[np.float32]:
    """Return the same with NaN for a category that is missing or unknown."""
    matrix, first = ordinal(rows), rows.numbers.shape[1]
    codes = matrix[:, first : first + rows.codes.shape[1]]
    codes[codes < 0] = np.nan
    return matrix


def distances(rows: TypedRows) -> NDArray[np.float32]:
    """Return what distances are measured in: a number moved by 1 counts as another category.

    Returns
    -------
    ndarray of shape (n, p + sum(cardinality + 1) + t)
        Numbers; one-hot / sqrt 2 of each category (missing or unknown first), so that rows of two
        categories are 1 apart; the dense form of text.
    """
    blocks = [rows.numbers]
    for j, cardinality in enumerate(rows.layout.cardinalities):
        same = rows.codes[:, j, None] + 1 == np.arange(cardinality + 1)
        blocks.append(same.astype(np.float32) / np.float32(np.sqrt(2)))
    if rows.text_dense is not None:
        blocks.append(rows.text_dense)
    return np.hstack(blocks)


def encode(rows: TypedRows, encoding: Encoding) -> Floats | NDArray[np.float32] | sp.csr_matrix:
    """Return the matrix of that encoding."""
    return _ENCODED[encoding](rows)


_ENCODED = {"onehot": one_hot, "ordinal": ordinal, "native": native, "distances": distances}


def encoded_players(layout: Layout, encoding: Encoding) -> tuple[str, ...]:
    """Return, for each column of the matrix, the user's own column that it belongs to."""
    players = list(layout.players)
    wide = encoding in ("onehot", "distances")
    for name, cardinality in zip(layout.codes, layout.cardinalities, strict=True):
        players += [name] * (cardinality + 1 if wide else 1)
    for name, (start, end) in zip(
        layout.texts,
        layout.text_blocks if encoding == "onehot" else layout.dense_blocks,
        strict=True,
    ):
        players += [name] * (end - start)
    return tuple(players)
