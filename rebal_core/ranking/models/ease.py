"""EASE: a linear model from all items to each, learned at one stroke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import get_lapack_funcs

from rebal_core.params import Number
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models.base import RECOMMENDERS, Progress, Recommender, Scores
from rebal_core.ranking.models.history import HALF_LIFE, REPEATS, HistoryModel, PairModel, tastes
from rebal_core.ranking.models.item_knn import ItemKnn
from rebal_core.ranking.models.kept import Arrays, Shape
from rebal_core.wording import Text, UserError

#: Items above which the table of all pairs is refused: 1.6 GB at this number.
MOST = 20_000
#: Items up to which the table is inverted in double precision, and twice for the settings.
_SMALL = 5_000
#: Rows that are worked on at once.
_BLOCK = 512


@dataclass
class Ease(PairModel):
    """The least squares from what users did to the same, in which no item speaks for itself.

    With ``P = (X'X + ridge I)^-1`` the answer is ``B = I - P diag(1 / diag P)``.

    Parameters
    ----------
    ridge : float
        Added to the diagonal: the more, the less rare items speak.

    References
    ----------
    Steck (2019), Embarrassingly shallow autoencoders for sparse data, WWW.
    """

    kind: ClassVar[str] = "ease"

    ridge: float = 500.0

    def finder(self, log: EventLog) -> HistoryModel:
        """Return Item-kNN for many items: how a log fades is told as well by it, in no time."""
        if len(log.items) <= _SMALL:
            return super().finder(log)
        knn = ItemKnn(self.seed, self.half_life, self.repeats)
        knn.half_life_, knn.repeats_ = self.half_life_, self.repeats_
        return knn

    def learned(self, log: EventLog, progress: Progress) -> Arrays:
        """Return the weights, a row the item that speaks."""
        users = tastes(log)
        items, size = sp.csr_matrix(users.T), users.shape[1]
        table = np.empty((size, size), np.float64 if size <= _SMALL else np.float32)
        for start in range(0, size, _BLOCK):
            table[start : start + _BLOCK] = (items[start : start + _BLOCK] @ users).toarray()
            progress(0.2 * start / size)
        table[np.diag_indices(size)] += self.ridge
        if not _invert(table):
            raise UserError(
                "The equations of EASE cannot be solved with a ridge of {ridge:g}; give more.",
                ridge=self.ridge,
            )
        progress(0.9)
        table /= -np.diag(table).copy()
        np.fill_diagonal(table, 0.0)
        weights = table.astype(np.float32, copy=False)
        return {"nearest": weights.max(axis=1, initial=0.0), "weights": weights}

    def shapes(self, items: int) -> dict[str, Shape]:
        """Return the shape that each array must have."""
        return {"prior": (items,), "nearest": (items,), "weights": (items, items)}

    def passed(self, shares: sp.csr_matrix) -> Scores:
        """Return the mean weight of what was done."""
        return np.asarray(shares @ self.arrays_["weights"], dtype=np.float32)


def _invert(matrix: NDArray[Any]) -> bool:
    """Invert a symmetric matrix in its own memory; return whether it is positive definite."""
    potrf, potri = get_lapack_funcs(("potrf", "potri"), (matrix,))
    # Fortran sees the transpose, so that what it calls the lower triangle is our upper one.
    factor, wrong = potrf(matrix.T, lower=1, clean=0, overwrite_a=1)
    if wrong:
        return False
    inverse, _ = potri(factor, lower=1, overwrite_c=1)
    assert np.shares_memory(inverse, matrix)
    for start in range(0, len(matrix), _BLOCK):
        stop = start + _BLOCK
        square = matrix[start:stop, start:stop]
        square[:] = np.triu(square) + np.triu(square, 1).T
        matrix[stop:, start:stop] = matrix[start:stop, stop:].T
    return True


def _serves(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    if len(log.items) <= MOST:
        return None
    return Text(
        "EASE holds a number for each pair of items, of which {n} are more than its {most}; "
        "choose Item-kNN or ALS.",
        {"n": f"{len(log.items):,}", "most": f"{MOST:,}"},
    )


def _against(params: Mapping[str, Any], items: int) -> Text:
    return Text("What a user did not take counts as a plain no: of every item alike.")


def _make(seed: int, **params: Any) -> Ease:
    return Ease(seed, **params)


ease = RECOMMENDERS.add(
    Recommender(
        name="ease",
        label="EASE",
        family="neighbours",
        aliases=("ease_r", "shallow_autoencoder", "浅层自编码器", "线性自编码器"),
        reference="Steck (2019), Embarrassingly shallow autoencoders for sparse data, WWW",
        about="What somebody did is written as a weighted sum of what he did otherwise: weights "
        "for all pairs of items, at one stroke. Often the best of the simple ones.",
        make=_make,
        against=_against,
        parameters=(
            Number(
                "ridge",
                "Ridge",
                "Holds the weights small: the more, the less rare items speak.",
                500.0,
                1.0,
                1e7,
            ),
            HALF_LIFE,
            REPEATS,
        ),
        serves=_serves,
    )
)
