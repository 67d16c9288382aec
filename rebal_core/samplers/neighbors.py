"""Exact nearest neighbours of the rows of a fold, searched once and shared by all samplers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from rebal_core.facts import SOME_LEVELS, TableFacts
from rebal_core.rows import Floats, Ints, Recipe, TypedRows

#: Up to this many dimensions a k-d tree beats comparing all rows with all.
TREE_DIMENSIONS = 9
#: A column of more values says too little about nearness.
MAX_VALUES = 20

#: Processor seconds of rows^2 x columns; ``benchmarks/promise.py`` checks it.
SEARCH_SECONDS = 1e-10

_TILE, _BLOCK, _QUERIES, _EXTRA = 1024, 8, 512, 4
_WIDE = _TILE // _BLOCK


def space_of(rows: TypedRows) -> NDArray[np.float32]:
    """Return the space in which neighbours are searched.

    Returns
    -------
    ndarray of shape (n, d)
        Scaled numbers; one-hot / sqrt 2 of categories with at most 20 values, so that two rows
        that differ in one category are 1 apart; the dense form of the text.
    """
    blocks = [rows.numbers]
    for j, cardinality in enumerate(rows.layout.cardinalities):
        if cardinality <= MAX_VALUES:
            values = np.arange(-1, cardinality, dtype=np.int32)
            same = rows.codes[:, j, None] == values
            blocks.append(same.astype(np.float32) / np.float32(np.sqrt(2)))
    if rows.text_dense is not None:
        blocks.append(rows.text_dense)
    return np.hstack(blocks)


def search_seconds(rows: int, facts: TableFacts) -> float:
    """Return about how long the search among so many rows of a table takes."""
    return SEARCH_SECONDS * rows**2 * (facts.width + SOME_LEVELS * facts.categories)


def nearest(points: NDArray[np.floating], k: int) -> tuple[Floats, Ints]:
    """Return the k nearest other rows of each row, exactly.

    A row is never its own neighbour, but a copy of it is. (imbalanced-learn drops the first column
    instead, which with copies may not be the row itself.) Equal distances: by row number.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    k : int
        At most n - 1 are returned.

    Returns
    -------
    distances : ndarray of shape (n, k), float64
    positions : ndarray of shape (n, k), int64
    """
    points = np.ascontiguousarray(points)
    k = min(k, len(points) - 1)
    if k < 1:
        return np.zeros((len(points), 0)), np.zeros((len(points), 0), dtype=np.int64)
    if points.shape[1] <= TREE_DIMENSIONS:
        return _by_tree(points.astype(np.float64), k)
    return _by_tiles(points, k)


def _by_tree(points: Floats, k: int) -> tuple[Floats, Ints]:
    # Unbalanced and uncompacted trees are built faster and survive many equal values.
    tree = cKDTree(points, balanced_tree=False, compact_nodes=False)
    distances, positions = tree.query(points, k=min(k + 1 + _EXTRA, len(points)))
    return _without_self(distances, positions, np.arange(len(points)), k)


def _by_tiles(points: NDArray[np.floating], k: int) -> tuple[Floats, Ints]:
    """Search by float32 products, keep the best blocks, decide in float64.

    The smallest score of every block of 8 rows is kept; the rows of the best blocks are measured
    again in float64. Where a block that was left out could, by the error of float32, hold a
    nearer row, the query is compared with all rows.
    """
    size, width = points.shape
    exact = points.astype(np.float64)
    low = (exact - exact.mean(axis=0)).astype(np.float32)
    squares = np.einsum("ij,ij->i", low, low)
    tiles, members = _tiles(low, squares)
    queries = np.hstack([low, np.ones((size, 1), dtype=np.float32)])
    best = min(k + 1 + _EXTRA, len(members) - 1)
    precision = 12 * (width + 8) ** 0.5 * np.finfo(np.float32).eps
    distances, positions = np.empty((size, k)), np.empty((size, k), dtype=np.int64)
    for start in range(0, size, _QUERIES):
        rows = np.arange(start, min(start + _QUERIES, size))
        minima = _block_minima(queries[rows], tiles)
        order = np.argpartition(minima, best, axis=1)
        found = members[order[:, :best]].reshape(len(rows), -1)
        gaps = exact[np.minimum(found, size - 1)] - exact[rows, None]
        measured = np.sqrt(np.einsum("qcd,qcd->qc", gaps, gaps))
        measured[found >= size] = np.inf
        distances[rows], positions[rows] = _without_self(measured, found, rows, k)
        left_out = minima[np.arange(len(rows)), order[:, best]] + squares[rows]
        reach = np.sqrt(squares[rows]) + distances[rows, -1]
        unsure = rows[left_out < distances[rows, -1] ** 2 + precision * reach**2]
        if len(unsure):
            distances[unsure], positions[unsure] = _by_all(exact, unsure, k)
    return distances, positions


def _tiles(
    low: NDArray[np.float32], squares: NDArray[np.float32]
) -> tuple[list[NDArray[np.float32]], Ints]:
    """Return the table in tiles, and the rows of each block.

    The score of a row x for a query q is ``|x|^2 - 2 q.x``, one product, since the squares are
    one more column. Rows are padded with a last block that no query prefers.
    """
    size, width = low.shape
    count = size // _TILE + 1
    table = np.zeros((count * _TILE, width + 1), dtype=np.float32)
    table[:size, :width], table[:size, width], table[size:, width] = -2 * low, squares, 3e38
    tiles = [np.ascontiguousarray(part.T) for part in np.split(table, count)]
    # Block b of a tile holds its rows b, b + _WIDE, ...: minima are then taken along memory.
    members = np.arange(count * _TILE).reshape(count, _BLOCK, _WIDE).swapaxes(1, 2)
    return tiles, members.reshape(-1, _BLOCK)


def _block_minima(
    queries: NDArray[np.float32], tiles: list[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return the smallest score of each block, shape (queries, tiles * 128)."""
    scores = np.empty((len(queries), _TILE), dtype=np.float32)
    minima = np.empty((len(queries), len(tiles) * _WIDE), dtype=np.float32)
    for j, tile in enumerate(tiles):
        np.matmul(queries, tile, out=scores)
        blocks = scores.reshape(len(queries), _BLOCK, _WIDE)
        blocks.min(axis=1, out=minima[:, j * _WIDE : (j + 1) * _WIDE])
    return minima


def _by_all(points: Floats, rows: Ints, k: int) -> tuple[Floats, Ints]:
    """Compare some rows with all rows, in float64."""
    measured = cdist(points[rows], points)
    measured[np.arange(len(rows)), rows] = np.inf
    found = np.empty((len(rows), k), dtype=np.int64)
    edges = np.partition(measured, k - 1, axis=1)[:, k - 1]
    for i, edge in enumerate(edges):
        near = np.flatnonzero(measured[i] <= edge)
        found[i] = near[np.argsort(measured[i, near], kind="stable")[:k]]
    return np.take_along_axis(measured, found, axis=1), found


def _without_self(distances: Floats, positions: Ints, rows: Ints, k: int) -> tuple[Floats, Ints]:
    """Return the k best candidates of each row, nearest first, itself excepted."""
    distances = np.where(positions == rows[:, None], np.inf, distances)
    order = np.lexsort((positions, distances), axis=1)[:, :k]
    return np.take_along_axis(distances, order, axis=1), np.take_along_axis(positions, order, 1)


class Graphs:
    """Neighbour graphs of the training rows of a fold, built when first asked for.

    Parameters
    ----------
    space : ndarray of shape (n, d)
        As returned by :func:`space_of`, or plain scaled numbers.
    y : ndarray of shape (n,)
        Labels 0..K-1.
    """

    def __init__(self, space: NDArray[np.floating], y: Ints) -> None:
        self.space = space
        self.y = y
        self._known: dict[str, tuple[Floats, Ints]] = {}

    @classmethod
    def of(cls, rows: TypedRows) -> Graphs:
        """Return the graphs of typed rows."""
        return cls(space_of(rows), rows.y)

    def after(self, recipe: Recipe, rows: TypedRows) -> Graphs:
        """Return the graphs of the rows that a recipe has made of these."""
        if recipe.drawn is not None:
            return Graphs.of(rows)
        space = self.space[recipe.donors]
        free = np.flatnonzero(~rows.layout.indicators)
        space[:, free] = recipe.between(self.space[:, free])
        return Graphs(space, recipe.label)

    def all(self, k: int) -> tuple[Floats, Ints]:
        """Return distances and positions of the k nearest other rows, shape (n, k) each."""
        return self._get("all", np.arange(len(self.y)), k)

    def within(self, label: int, k: int) -> tuple[Floats, Ints]:
        """Return the same among the rows of one class, in the order of its rows.

        Positions are those of the whole fold. ``k`` is cut to one less than the class has rows.
        """
        return self._get(f"class_{label}", np.flatnonzero(self.y == label), k)

    def _get(self, name: str, rows: Ints, k: int) -> tuple[Floats, Ints]:
        k = min(k, len(rows) - 1)
        known = self._known.get(name)
        if known is None or known[0].shape[1] < k:
            distances, positions = nearest(self.space[rows], k)
            known = self._known[name] = (distances, rows[positions])
        return known[0][:, :k], known[1][:, :k]

    def save(self, folder: Path) -> None:
        """Write the space and every graph that has been built, as .npy files."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "space.npy", self.space)
        np.save(folder / "y.npy", self.y)
        for name, (distances, positions) in self._known.items():
            np.save(folder / f"{name}.distances.npy", distances)
            np.save(folder / f"{name}.positions.npy", positions)

    @classmethod
    def load(cls, folder: Path) -> Graphs:
        """Open what :meth:`save` wrote, memory-mapped."""

        def read(path: Path) -> NDArray[np.generic]:
            array: NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
            return array

        graphs = cls(read(folder / "space.npy"), read(folder / "y.npy"))  # type: ignore[arg-type]
        for path in sorted(folder.glob("*.distances.npy")):
            name = path.name.removesuffix(".distances.npy")
            pair = (read(path), read(folder / f"{name}.positions.npy"))
            graphs._known[name] = pair  # type: ignore[assignment]
        return graphs
