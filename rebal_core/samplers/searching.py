"""Nearest rows: by a tree in few dimensions, by products in many, in cells of very many rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from rebal_core.rows import Floats, Ints
from rebal_core.samplers.cells import by_cells
from rebal_core.samplers.pairs import by_pairs
from rebal_core.samplers.tiles import EXTRA, Points, blocks, by_all, by_tiles, without_self
from rebal_core.samplers.tiles_gpu import device_for

#: Up to this many dimensions a k-d tree beats comparing all rows with all.
TREE_DIMENSIONS = 9
#: More rows are not compared with all of as many, but with those of the nearest cells.
MOST_EXACT = 150_000
#: Queries that a tree answers at once.
_QUERIES = 2**16
#: Neighbours that a tree gives at once.
_ANSWERS = 2**21
#: Names of scipy for the sum of the differences, and for the root of the sum of their squares.
DISTANCES = {1: "cityblock", 2: "euclidean"}


@dataclass(frozen=True)
class Found:
    """Nearest points of each query, the nearest first.

    Parameters
    ----------
    distances : ndarray of shape (m, k), float64
    positions : ndarray of shape (m, k), int64
    recall : ndarray of shape (k,), optional
        Part of the first one, two, ... that are the nearest indeed; absent of an exact search.
    """

    distances: Floats
    positions: Ints
    recall: Floats | None = None

    @property
    def parts(self) -> Floats:
        """The recall for each number of neighbours; 1 of an exact search."""
        return np.ones(self.distances.shape[1]) if self.recall is None else self.recall


def search(
    points: Points,
    queries: Points,
    k: int,
    own: Ints | None = None,
    reach: Floats | None = None,
    p: int = 2,
) -> Found:
    """Return the k nearest points of each query. Equal distances: by row number.

    Exact, but for more than so many Euclidean comparisons in more dimensions than a tree serves
    (:data:`MOST_EXACT`, :data:`TREE_DIMENSIONS`).

    Parameters
    ----------
    points : ndarray of shape (n, d)
    queries : ndarray of shape (m, d)
    k : int
        Cut to as many points as there are.
    own : ndarray of shape (m,), optional
        A point for each query that is none of its neighbours, as it is the query itself.
    reach : ndarray of shape (m,), optional
        Farther points of a query need not be found, and do not count for the recall.
    p : {1, 2}
        The power of the differences that are summed: Manhattan or Euclidean distances.
    """
    k = max(min(k, len(points) - (own is not None)), 0)
    if not k or not len(queries):
        return Found(np.zeros((len(queries), k)), np.zeros((len(queries), k), dtype=np.int64))
    itself = np.full(len(queries), -1) if own is None else own
    if points.shape[1] <= TREE_DIMENSIONS:
        return _by_tree(points, queries, k, itself, p)
    if p == 1:
        return Found(*by_all(points, queries, k, itself, DISTANCES[p]))
    if len(points) * len(queries) <= MOST_EXACT**2:
        return Found(*by_tiles(points, queries, k, itself))
    return Found(*by_cells(points, queries, k, itself, reach))


def among(points: Points, k: int, p: int = 2) -> Found:
    """Return the k nearest other rows of each row, as :func:`search` finds them.

    A row is never its own neighbour, but a copy of it is. (imbalanced-learn drops the first column
    instead, which with copies may not be the row itself.)
    """
    return among_grown(points, 0, k, p=p)[1]


def among_grown(
    points: Points, first: int, k: int, reach: Floats | None = None, p: int = 2
) -> tuple[Found, Found]:
    """Return near rows where those of the first rows among each other are known.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    first : int
        How many rows these are.
    k : int
        Cut to as many rows as there are.
    reach : ndarray of shape (first,), optional
        As :func:`search` takes it, of the first rows.
    p : {1, 2}
        As :func:`search` takes it.

    Returns
    -------
    made : Found
        Of the first rows, among those that follow; by their places among all rows.
    rest : Found
        Of those that follow, among all others.
    """
    points = np.ascontiguousarray(points)
    others = np.arange(first, len(points))
    compared = len(points) * len(others) <= MOST_EXACT**2 and len(points) > 1 and k > 0
    on_gpu = device_for(len(points), len(others), points.shape[1]) is not None
    if compared and points.shape[1] > TREE_DIMENSIONS and p == 2 and not on_gpu:
        before, after = by_pairs(points, min(k, len(points) - 1), first)
        return Found(*before), Found(*after)
    made = search(points[first:], points[:first], k, reach=reach, p=p)
    rest = search(points, points[first:] if first else points, k, others, p=p)
    return Found(made.distances, made.positions + first, made.recall), rest


def nearest(points: Points, k: int, p: int = 2) -> tuple[Floats, Ints]:
    """Return distances and positions of :func:`among`, shape (n, k) each."""
    found = among(points, k, p)
    return found.distances, found.positions


def nearest_of(
    points: Points, queries: Points, k: int, own: Ints | None = None, p: int = 2
) -> tuple[Floats, Ints]:
    """Return distances and positions of :func:`search`, shape (m, k) each."""
    found = search(points, queries, k, own, p=p)
    return found.distances, found.positions


def _by_tree(points: Points, queries: Points, k: int, own: Ints, p: int) -> Found:
    # Unbalanced and uncompacted trees are built faster and survive many equal values.
    tree = cKDTree(points.astype(np.float64), balanced_tree=False, compact_nodes=False)
    # Copies have the same neighbours, and are slow to ask about: they share a leaf of the tree.
    kinds, which = np.unique(queries, axis=0, return_inverse=True)
    gaps, near = _first_of_equals(tree, kinds, min(k + 1, len(points)), p)
    which = which.ravel()
    found = Found(np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64))
    for rows in blocks(len(queries), _QUERIES):
        found.distances[rows], found.positions[rows] = without_self(
            gaps[which[rows]], near[which[rows]], own[rows], k
        )
    return found


def _first_of_equals(tree: cKDTree, queries: Points, k: int, p: int) -> tuple[Floats, Ints]:
    """Return the k nearest points, of equally near ones the first.

    A tree gives any of these: it is asked for more until the last that it gives is farther.
    """
    distances, positions = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
    waiting, kept = np.arange(len(queries)), min(k + EXTRA, tree.n)
    while len(waiting):
        left = []
        for part in blocks(len(waiting), max(1, _ANSWERS // kept)):
            rows = waiting[part]
            asked = queries[rows].astype(np.float64)
            gaps, near = tree.query(asked, k=np.arange(1, kept + 1), p=p)
            distances[rows], positions[rows] = without_self(gaps, near, np.full(len(rows), -1), k)
            left.append(rows[(distances[rows][:, -1] >= gaps[:, -1]) & (kept < tree.n)])
        waiting, kept = np.concatenate(left), min(4 * kept, tree.n)
    return distances, positions
