"""The inner loops of the search, in numba.

To look at each score costs a third of a nanosecond here, and with partial sorts of whole lines of
numpy as much as to compute it. Distances are summed in one order, so that copies of a row are
exactly as far away as the row; the sums of numpy depend on where in an array it stands.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Floats, Ints

_LINE = 64


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _put(score: np.float32, point: int, best: NDArray[np.float32], at: NDArray[np.int32]) -> None:
    """Put a score into a list, in place of the worst."""
    place = len(best) - 1
    while place > 0 and best[place - 1] > score:
        best[place] = best[place - 1]
        at[place] = at[place - 1]
        place -= 1
    best[place] = score
    at[place] = point


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def keep(
    scores: NDArray[np.float32],
    first: int,
    rows: Ints,
    best: NDArray[np.float32],
    at: NDArray[np.int32],
) -> None:
    """Put scores into the lists of the smallest ones. Of equal scores the earlier stays.

    Parameters
    ----------
    scores : ndarray of shape (q, t)
        Of q queries and t points.
    first : int
        Position of the first of these points.
    rows : ndarray of shape (q,)
        Which list is that of each query.
    best : ndarray of shape (n, k)
        Smallest scores so far, ascending; changed.
    at : ndarray of shape (n, k)
        Positions of their points; changed.
    """
    last = best.shape[1] - 1
    for i in range(scores.shape[0]):
        r = rows[i]
        worst = best[r, last]
        for start in range(0, scores.shape[1], _LINE):
            end = min(start + _LINE, scores.shape[1])
            # Counted without a branch, so that the processor takes eight at once.
            better = np.int32(0)
            for j in range(start, end):
                better += np.int32(scores[i, j] < worst)
            if not better:
                continue
            for j in range(start, end):
                score = scores[i, j]
                if score < worst:
                    _put(score, first + j, best[r], at[r])
                    worst = best[r, last]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def keep_across(
    scores: NDArray[np.float32],
    squares: NDArray[np.float32],
    row: int,
    column: int,
    best: NDArray[np.float32],
    at: NDArray[np.int32],
) -> None:
    """Put the scores of queries and points into the lists of the points, as if these had asked.

    Parameters
    ----------
    scores : ndarray of shape (q, t)
        ``|x|^2 - 2 q.x`` of queries q and points x.
    squares : ndarray of shape (n,)
        ``|x|^2`` of all rows.
    row, column : int
        Where the queries and the points begin among all rows.
    best, at
        As :func:`keep` takes them.
    """
    last, width = best.shape[1] - 1, scores.shape[1]
    bound = np.empty(width, dtype=np.float32)
    for j in range(width):
        bound[j] = best[column + j, last] + squares[column + j]
    for i in range(scores.shape[0]):
        own = squares[row + i]
        for start in range(0, width, _LINE):
            end = min(start + _LINE, width)
            better = np.int32(0)
            for j in range(start, end):
                better += np.int32(scores[i, j] + own < bound[j])
            if not better:
                continue
            for j in range(start, end):
                score = scores[i, j] + own
                if score < bound[j]:
                    r = column + j
                    _put(score - squares[r], row + i, best[r], at[r])
                    bound[j] = best[r, last] + squares[r]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def measure(
    points: NDArray[np.floating],
    queries: NDArray[np.floating],
    found: NDArray[np.integer],
    distances: Floats,
) -> None:
    """Write the distance of each query to some points; infinite for position -1.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    queries : ndarray of shape (q, d)
    found : ndarray of shape (q, c)
        Positions of points.
    distances : ndarray of shape (q, c)
        Written.
    """
    for i in range(found.shape[0]):
        for c in range(found.shape[1]):
            at = found[i, c]
            if at < 0:
                distances[i, c] = np.inf
                continue
            square = 0.0
            for j in range(points.shape[1]):
                gap = np.float64(points[at, j]) - np.float64(queries[i, j])
                square += gap * gap
            distances[i, c] = np.sqrt(square)
