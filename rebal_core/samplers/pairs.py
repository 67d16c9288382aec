"""Exact search among rows, each pair compared once: its score serves both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Floats, Ints
from rebal_core.samplers.tiles import (
    EXTRA,
    Points,
    Singles,
    asking,
    blocks,
    by_all,
    decided,
    keep_best,
    lowered,
    no_scores,
    scored,
    too_large,
)

#: Rows of a tile: its scores are in the cache at once.
_TILE = 512

Near = tuple[Floats, Ints]


def by_pairs(points: Points, k: int, first: int = 0) -> tuple[Near, Near]:
    """Return the k nearest other rows of each row, exactly; equal distances by row number.

    Half of the products of :func:`rebal_core.samplers.tiles.by_tiles`, and the same neighbours.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    k : int
        At most n - 1.
    first : int
        Rows before this one are not compared with each other.

    Returns
    -------
    before : (ndarray of shape (first, j), ndarray of shape (first, j))
        Distances and positions of the nearest rows from ``first`` on of each row before; j is k, or
        as many as there are.
    after : (ndarray of shape (n - first, k), ndarray of shape (n - first, k))
        The same of each other row, among all rows.
    """
    own, there = np.arange(len(points)), len(points) - first
    nobody, fewer = np.full(first, -1), min(k, there)
    low, _ = lowered(points, points)
    if too_large(low, low):
        near = by_all(points[first:], points[:first], fewer, nobody)
        return (near[0], near[1] + first), by_all(points, points[first:], k, own[first:])
    best, at = _candidates(low, min(k + 1 + EXTRA, len(points)), first)
    before = np.empty((first, fewer)), np.empty((first, fewer), dtype=np.int64)
    after = np.empty((there, k)), np.empty((there, k), dtype=np.int64)
    for rows in blocks(first, _TILE):
        late = np.where(at[rows] < 0, -1, at[rows] - first)
        near = decided(
            points[first:], points[rows], fewer, nobody[rows], low[rows], best[rows], late
        )
        before[0][rows], before[1][rows] = near[0], near[1] + first
    for part in blocks(there, _TILE):
        rows = slice(first + part.start, first + part.stop)
        after[0][part], after[1][part] = decided(
            points, points[rows], k, own[rows], low[rows], best[rows], at[rows]
        )
    return before, after


def _candidates(low: Singles, kept: int, first: int) -> tuple[Singles, NDArray[np.int32]]:
    """Return the smallest scores of each row and their points, shape (n, kept) each."""
    from rebal_core.samplers.kernels import keep_across  # a slow import

    asked, table = asking(low), scored(low)
    squares = table[-1].copy()
    edges = [*blocks(first, _TILE), *(slice(first + s.start, first + s.stop)
             for s in blocks(len(low) - first, _TILE))]  # fmt: skip
    tiles = [np.ascontiguousarray(table[:, columns]) for columns in edges]
    del table
    best, at = no_scores(len(low), kept)
    for i, rows in enumerate(edges):
        lists = np.arange(rows.start, rows.stop)
        for columns, tile in zip(edges[i:], tiles[i:], strict=True):
            if columns.stop <= first:
                continue
            scores = asked[rows] @ tile
            keep_best(scores, columns.start, lists, best, at)
            if columns is not rows:
                keep_across(scores, squares, rows.start, columns.start, best, at)
    return best, at
