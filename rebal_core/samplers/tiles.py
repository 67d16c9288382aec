"""Exact search in many dimensions: float32 products choose, float64 decides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from rebal_core.rows import Floats, Ints
from rebal_core.samplers import tiles_gpu
from rebal_core.samplers.tiles_gpu import device_for

Singles = NDArray[np.float32]
Points = NDArray[np.floating]

#: Candidates beside the neighbours and the query itself.
EXTRA = 4
#: Queries and points of which all scores are in the cache at once.
_TILE, _QUERIES = 512, 512
#: Distances that are in memory at once.
_CELLS = 2**24
#: A score that nothing is worse than; larger numbers overflow float32.
_WORST = np.float32(3e38)
_LARGE = 1e18


def by_tiles(points: Points, queries: Points, k: int, own: Ints) -> tuple[Floats, Ints]:
    """Return the k nearest points of each query, exactly; equal distances by row number.

    The points of the smallest scores are measured again in float64. Where one that was left out
    could, by the error of float32, be nearer, the query is compared with all points.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    queries : ndarray of shape (m, d)
    k : int
        At most as many as there are points beside a query's own.
    own : ndarray of shape (m,)
        A point for each query that is none of its neighbours, or -1.

    Returns
    -------
    distances : ndarray of shape (m, k), float64
    positions : ndarray of shape (m, k), int64
    """
    low, asked = lowered(points, queries)
    if too_large(low, asked):
        return by_all(points, queries, k, own)
    table, asked = scored(low), asking(asked)
    kept = min(k + 1 + EXTRA, len(points))
    device = device_for(len(points), *queries.shape)
    scores = Scores(table, kept) if device is None else tiles_gpu.Scores(table, kept, device)
    del table
    distances, positions = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
    for rows in blocks(len(queries), scores.queries):
        distances[rows], positions[rows] = decided(
            points, queries[rows], k, own[rows], asked[rows, :-1], *scores.of(asked[rows])
        )
    return distances, positions


class Scores:
    """Smallest scores, tile by tile.

    Parameters
    ----------
    table : ndarray of shape (d + 1, n), float32
        As :func:`scored` returns it.
    kept : int
        Scores of each query, at most n.
    """

    queries = _QUERIES

    def __init__(self, table: Singles, kept: int) -> None:
        self._tiles = [np.ascontiguousarray(table[:, s]) for s in blocks(table.shape[1], _TILE)]
        self._kept = kept

    def of(self, asked: Singles) -> tuple[Singles, NDArray[np.int32]]:
        """Return scores, ascending, and positions of their points, shape (q, kept) each."""
        best, at = no_scores(len(asked), self._kept)
        for number, tile in enumerate(self._tiles):
            keep_best(asked @ tile, number * _TILE, np.arange(len(best)), best, at)
        return best, at


def decided(
    points: Points,
    queries: Points,
    k: int,
    own: Ints,
    low: Singles,
    best: Singles,
    at: NDArray[np.integer],
) -> tuple[Floats, Ints]:
    """Return the k nearest points of queries, exactly, by the points of the smallest scores.

    Parameters
    ----------
    points, queries, k, own
        As :func:`by_tiles` takes them.
    low : ndarray of shape (q, d), float32
        The queries as the scores saw them.
    best, at : ndarray of shape (q, c)
        Smallest scores, ascending, and positions of their points; -1 where there are no more.
    """
    near = without_self(measured(points, queries, at), at, own, k)
    if best.shape[1] >= len(points):
        return near
    single = np.finfo(np.float32)
    precision = 12 * (points.shape[1] + 8) ** 0.5 * single.eps
    vanished = 4 * (points.shape[1] + 8) * single.tiny  # products that are smaller may be 0
    squares = np.square(low, dtype=np.float64).sum(axis=1)
    farthest = near[0][:, -1]
    reach = np.sqrt(squares) + farthest
    unsure = best[:, -1] + squares < farthest**2 + precision * reach**2 + vanished
    if unsure.any():
        near[0][unsure], near[1][unsure] = by_all(points, queries[unsure], k, own[unsure])
    return near


def lowered(points: Points, queries: Points) -> tuple[Singles, Singles]:
    """Return points and queries in float32, around the middle of the points."""
    centre = points.mean(axis=0, dtype=np.float64)
    low = (points - centre).astype(np.float32)
    return low, low if queries is points else (queries - centre).astype(np.float32)


def too_large(low: Singles, asked: Singles) -> bool:
    """Tell whether products of these may be infinite."""
    return not max(np.abs(low).max(), np.abs(asked).max()) < _LARGE


def scored(low: Singles) -> Singles:
    """Return points as the right side of a product with what :func:`asking` returns.

    The score of a point x for a query q is ``|x|^2 - 2 q.x``, one product, since the squares are
    one more column.
    """
    squares = np.einsum("ij,ij->i", low, low)
    return np.vstack([-2 * low.T, squares[None]])


def asking(low: Singles) -> Singles:
    """Return queries as the left side of that product."""
    return np.hstack([low, np.ones((len(low), 1), dtype=np.float32)])


def no_scores(size: int, kept: int) -> tuple[Singles, NDArray[np.int32]]:
    """Return lists of the best scores and their points, without any yet."""
    return np.full((size, kept), _WORST), np.full((size, kept), -1, dtype=np.int32)


def keep_best(
    scores: Singles, first: int, rows: Ints, best: Singles, at: NDArray[np.int32]
) -> None:
    """Put scores into the lists of the best; see :func:`rebal_core.samplers.kernels.keep`."""
    from rebal_core.samplers.kernels import keep  # a slow import

    keep(scores, first, rows, best, at)


def measured(points: Points, queries: Points, found: NDArray[np.integer]) -> Floats:
    """Return the distances of queries to some points each in float64; infinite for position -1."""
    from rebal_core.samplers.kernels import measure  # a slow import

    distances = np.empty(found.shape)
    measure(points, queries, found, distances)
    return distances


def without_self(
    distances: Floats, positions: NDArray[np.integer], own: Ints, k: int
) -> tuple[Floats, Ints]:
    """Return the k best candidates of each query, nearest first, its own point excepted."""
    distances = np.where(positions == own[:, None], np.inf, distances)
    order = np.lexsort((positions, distances), axis=1)[:, :k]
    found = np.take_along_axis(positions, order, axis=1).astype(np.int64)
    return np.take_along_axis(distances, order, axis=1), found


def blocks(size: int, step: int) -> Iterator[slice]:
    """Return slices that together go through so many rows."""
    return (slice(start, min(start + step, size)) for start in range(0, size, step))


def by_all(
    points: Points, queries: Points, k: int, own: Ints, metric: str = "euclidean"
) -> tuple[Floats, Ints]:
    """Compare queries with all points, in float64; ``metric`` is scipy's name of the distance."""
    distances, positions = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
    for rows in blocks(len(queries), max(1, _CELLS // len(points))):
        gaps = cdist(queries[rows], points, metric)
        itself = np.flatnonzero(own[rows] >= 0)
        gaps[itself, own[rows][itself]] = np.inf
        edges = np.partition(gaps, k - 1, axis=1)[:, k - 1]
        for i, edge in enumerate(edges):
            near = np.flatnonzero(gaps[i] <= edge)
            near = near[np.argsort(gaps[i, near], kind="stable")[:k]]
            distances[rows.start + i], positions[rows.start + i] = gaps[i, near], near
    return distances, positions
