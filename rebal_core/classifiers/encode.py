"""How typed rows become the matrix that a classifier eats, after the sampler."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.rows import Floats, Layout, TypedRows

Encoding = Literal["onehot", "ordinal"]

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


def encode(rows: TypedRows, encoding: Encoding) -> Floats | NDArray[np.float32] | sp.csr_matrix:
    """Return the matrix of that encoding."""
    return one_hot(rows) if encoding == "onehot" else ordinal(rows)


def encoded_players(layout: Layout, encoding: Encoding) -> tuple[str, ...]:
    """Return, for each column of the matrix, the user's own column that it belongs to."""
    players = list(layout.players)
    wide = encoding == "onehot"
    for name, cardinality in zip(layout.codes, layout.cardinalities, strict=True):
        players += [name] * (cardinality + 1 if wide else 1)
    for name, (start, end) in zip(
        layout.texts, layout.text_blocks if wide else layout.dense_blocks, strict=True
    ):
        players += [name] * (end - start)
    return tuple(players)
