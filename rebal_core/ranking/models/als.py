"""Implicit ALS: users and items as points, what was done as confidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.params import Number
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models.base import RECOMMENDERS, Progress, Recommender, Scores
from rebal_core.ranking.models.history import HALF_LIFE, REPEATS, HistoryModel, faded
from rebal_core.ranking.models.kept import Arrays, Shape
from rebal_core.rows import Ints
from rebal_core.seeding import generator
from rebal_core.wording import Text

Matrix = NDArray[np.float32]
#: Numbers of factors that are gathered at once.
_GATHERED = 2_000_000


@dataclass
class ImplicitALS(HistoryModel):
    """Factors that minimise the weighted square of preferences, users and items in turn.

    The sum over all users u and items i of ``c (p - x_u . y_i)^2``, and over both of
    ``ridge C |x|^2``. The confidence is ``c = 1 + alpha w``, C the sum of c of that user or item.
    The preference is ``p = min(w, 1)``: 1 for what was done, 0 for all else, and between for what
    was done long ago. A user's factors are solved for anew from his visit, so that nobody has to
    be known.

    Parameters
    ----------
    factors : int
    alpha : float
        How much surer an event of weight 1 is than none.
    ridge : float
        One for all sizes of data, because it goes with C, as Rendle and others advise.
    rounds : int

    References
    ----------
    Hu, Koren, Volinsky (2008), Collaborative filtering for implicit feedback datasets, ICDM.
    Rendle, Krichene, Zhang, Koren (2022), Revisiting the performance of iALS on item
    recommendation benchmarks, RecSys.
    """

    kind: ClassVar[str] = "als"

    factors: int = 64
    alpha: float = 30.0
    ridge: float = 0.05
    rounds: int = 10

    def learned(self, log: EventLog, progress: Progress) -> Arrays:
        """Return the factors of the items."""
        users = faded(log.visits(), np.inf).matrix(len(log.items))
        items = sp.csr_matrix(users.T)
        draw = generator(self.seed, "als")
        y = draw.normal(0.0, 0.1, (users.shape[1], self.factors)).astype(np.float32)
        for k in range(self.rounds):
            x = self.solved(users, y)
            y = self.solved(items, x)
            progress((k + 1) / self.rounds)
        return {"factors": y}

    def shapes(self, items: int) -> dict[str, Shape]:
        """Return the shape that each array must have."""
        return {"prior": (items,), "factors": (items, None)}

    def suited(self, history: sp.csr_matrix) -> Scores:
        """Return the preferences that the factors foretell."""
        y = self.arrays_["factors"]
        return np.asarray(self.solved(history, y) @ y.T)

    def solved(self, weights: sp.csr_matrix, other: Matrix) -> Matrix:
        """Return the factors of each row that fit its weights best, given those of the columns.

        Parameters
        ----------
        weights : csr_matrix of shape (n, m)
        other : ndarray of shape (m, factors)

        Returns
        -------
        ndarray of shape (n, factors), float32
            0 for a row without weights.
        """
        # In the basis of its eigenvectors the part that all rows share is a diagonal, whatever the
        # ridge of a row: nothing of it has to be inverted.
        gram = other.T.astype(np.float64) @ other
        common, basis = np.linalg.eigh(gram)
        common, basis = common.astype(np.float32), basis.astype(np.float32)
        turned = other @ basis
        total = self.alpha * np.asarray(weights.sum(axis=1)).ravel() + weights.shape[1]
        ridge = (self.ridge * total).astype(np.float32)
        found = np.zeros((weights.shape[0], other.shape[1]), dtype=np.float32)
        for rows, columns, weight in _blocks(weights, other.shape[1]):
            held, sure = turned[columns], np.float32(self.alpha) * weight
            wanted = (1 + sure) * np.minimum(weight, 1)
            solve = _by_events if columns.shape[1] < other.shape[1] else _by_factors
            found[rows] = solve(np.maximum(common, 0) + ridge[rows, None], held, sure, wanted)
        return np.asarray(found @ basis.T)


def _by_factors(shared: Matrix, held: Matrix, sure: Matrix, wanted: Matrix) -> Matrix:
    """Solve ``(diag(shared) + held' diag(sure) held) x = held' wanted`` for each row.

    Parameters
    ----------
    shared : ndarray of shape (b, f)
    held : ndarray of shape (b, n, f)
    sure, wanted : ndarray of shape (b, n)

    Returns
    -------
    ndarray of shape (b, f)
    """
    system = (held * sure[..., None]).transpose(0, 2, 1) @ held
    place = np.arange(shared.shape[1])
    system[:, place, place] += shared
    right = wanted[:, None] @ held
    return np.asarray(np.linalg.solve(system, right.transpose(0, 2, 1))[..., 0])


def _by_events(shared: Matrix, held: Matrix, sure: Matrix, wanted: Matrix) -> Matrix:
    """Solve the same by the identity of Woodbury: quicker where events are fewer than factors."""
    answer, root = held / shared[:, None], np.sqrt(sure)
    near = answer @ held.transpose(0, 2, 1)
    system = root[:, :, None] * near * root[:, None] + np.eye(root.shape[1], dtype=np.float32)
    right = root[..., None] * (near @ wanted[..., None])
    left = wanted - root * np.linalg.solve(system, right)[..., 0]
    return np.asarray((left[:, None] @ answer)[:, 0])


def _blocks(weights: sp.csr_matrix, width: int) -> Iterator[tuple[Ints, Ints, Matrix]]:
    """Yield rows of about one length together: rows (b,), their columns (b, n) and weights (b, n).

    What a row lacks to n has the weight 0.
    """
    lengths = np.diff(weights.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    start = 0
    while start < len(order):
        size = np.maximum(lengths[order[start : start + 4_096]], width) * width
        room = np.searchsorted(size * np.arange(1, len(size) + 1), _GATHERED, side="right")
        rows = order[start : start + max(int(room), 1)]
        within = np.arange(lengths[rows[-1]])
        held = within < lengths[rows, None]
        events = np.where(held, weights.indptr[rows, None] + within, 0)
        yield rows, weights.indices[events], weights.data[events] * held
        start += len(rows)


def _against(params: Mapping[str, Any], items: int) -> Text:
    return Text("What a user did not take counts as a weak no: of every item alike.")


def _make(seed: int, **params: Any) -> ImplicitALS:
    return ImplicitALS(seed, **params)


als = RECOMMENDERS.add(
    Recommender(
        name="als",
        label="Implicit ALS",
        family="factors",
        aliases=(
            "implicit_als",
            "ials",
            "wrmf",
            "matrix_factorization",
            "矩阵分解",
            "交替最小二乘",
        ),
        reference="Hu, Koren & Volinsky (2008), Collaborative filtering for implicit feedback "
        "datasets, ICDM",
        about="Users and items become points, and what somebody did says how sure one is that he "
        "likes it. Finds tastes behind single items; a visit is placed anew, so nobody need be "
        "known.",
        make=_make,
        against=_against,
        parameters=(
            Number("factors", "Factors", "Numbers that tell an item's place.", 64, 1, 512),
            Number(
                "alpha",
                "Alpha",
                "How much surer one event makes than none: the confidence is 1 + alpha x weight.",
                30.0,
                0.01,
                1e4,
            ),
            Number(
                "ridge",
                "Ridge",
                "Holds the factors small, as a part of all confidence that a user or item has.",
                0.05,
                1e-6,
                100.0,
            ),
            Number("rounds", "Rounds", "Times that users and items are solved for.", 10, 1, 200),
            HALF_LIFE,
            REPEATS,
        ),
    )
)
