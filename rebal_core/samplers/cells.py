"""Search among very many rows of many columns: in the nearest cells only, with measured recall."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Floats, Ints
from rebal_core.samplers.tiles import (
    EXTRA,
    Points,
    Singles,
    asking,
    blocks,
    by_tiles,
    keep_best,
    lowered,
    measured,
    no_scores,
    scored,
    too_large,
    without_self,
)

#: Of the true neighbours of the queries that are compared with all points, so many are to be found.
AIM = 0.998
#: So many queries are.
COMPARED = 5_000
#: Points of a cell, and cells of a table, about.
_POINTS, _CELLS = 400, 4.0
#: At most this part of the cells is looked into; where these are too few, the recall says so.
_MOST = 0.5
#: Cells around the home of a query from which its own are chosen, as multiple of these, and more:
#: rows of one class may lie beside all cells of another.
_AROUND, _BESIDE = 8, 100
_ROUNDS, _SAMPLED = 4, 40
_QUERIES, _BLOCK = 2**14, 1024


@dataclass(frozen=True)
class Cells:
    """Points in cells around centres.

    Parameters
    ----------
    centres : ndarray of shape (c, d)
    tables : tuple of ndarray of shape (d + 1, points of the cell)
        Of each cell, around its centre; see :func:`rebal_core.samplers.tiles.scored`.
    order : ndarray of shape (n,)
        The points, cell by cell.
    starts : ndarray of shape (c + 1,)
        Where each cell begins.
    """

    centres: Singles
    tables: tuple[Singles, ...]
    order: Ints
    starts: Ints

    @classmethod
    def of(cls, low: Singles) -> Cells:
        """Part points by a few rounds of k-means on some of them; the same for the same points."""
        count = int(min(len(low) // _POINTS, _CELLS * len(low) ** 0.5)) + 1
        rng = np.random.default_rng(0)
        some = low[np.sort(rng.permutation(len(low))[: _SAMPLED * count])]
        centres = some[np.sort(rng.permutation(len(some))[:count])]
        for _ in range(_ROUNDS):
            home = nearest_centre(some, centres)
            sizes = np.bincount(home, minlength=count)
            for j in range(low.shape[1]):
                sums = np.bincount(home, some[:, j], count)
                centres[:, j] = np.where(sizes, sums / np.maximum(sizes, 1), centres[:, j])
        home = nearest_centre(low, centres)
        order = np.argsort(home, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(home, minlength=count))])
        # Around its centre: of rows far out whose gaps are small, single precision loses these.
        members = zip(np.split(order, starts[1:-1]), centres, strict=True)
        tables = tuple(scored(low[rows] - centre) for rows, centre in members)
        return cls(centres, tables, order, starts)

    def members(self) -> Ints:
        """Return the cell of each point, shape (n,)."""
        home = np.empty(len(self.order), dtype=np.int64)
        home[self.order] = np.repeat(np.arange(len(self.centres)), np.diff(self.starts))
        return home

    def probes(self, asked: Singles, true: Ints, counts: NDArray[np.bool_]) -> int:
        """Return how many cells a query must look into, to find its true neighbours.

        Parameters
        ----------
        asked : ndarray of shape (q, d + 1)
            Queries whose neighbours are known; see :func:`rebal_core.samplers.tiles.asking`.
        true, counts : ndarray of shape (q, k)
            Which points they are, and which of them are to be found.
        """
        scores, home = asked @ scored(self.centres), self.members()
        ranks = np.empty(true.shape, dtype=np.int64)
        for j in range(true.shape[1]):
            held = np.take_along_axis(scores, home[true[:, j], None], axis=1)
            ranks[:, j] = np.count_nonzero(scores < held, axis=1)
        missed = int((1 - AIM) * ranks.size)
        needed = int(np.sort(ranks[counts], axis=None)[::-1][missed:][:1].sum()) + 1
        return min(needed, int(_MOST * len(self.centres)) + 1)

    def chosen(self, asked: Singles, home: Ints, probes: int) -> NDArray[np.int16]:
        """Return the cells that each query looks into, shape (q, probes).

        The nearest are chosen from among those around the query's home; queries of one home are
        to stand together.
        """
        table, count = scored(self.centres), min(_AROUND * probes + _BESIDE, len(self.centres))
        cells = np.empty((len(asked), probes), dtype=np.int16)
        edges = np.flatnonzero(np.diff(home, prepend=-1, append=-1))
        for start, end in pairwise(edges):
            middle = asking(self.centres[home[start]][None]) @ table
            around = np.sort(np.argpartition(middle[0], count - 1)[:count])
            scores = asked[start:end] @ table[:, around]
            cells[start:end] = around[np.argpartition(scores, probes - 1, axis=1)[:, :probes]]
        return cells

    def candidates(self, asked: Singles, home: Ints, probes: int, kept: int) -> Ints:
        """Return the points of the smallest scores in the cells of each query, -1 where none."""
        cells = self.chosen(asked, home, probes)
        best, at = no_scores(len(asked), kept)
        visits = np.argsort(cells, axis=None, kind="stable") // probes
        ends = np.cumsum(np.bincount(cells.ravel(), minlength=len(self.centres)))
        for cell, rows in enumerate(np.split(visits, ends[:-1])):
            first, table = int(self.starts[cell]), self.tables[cell]
            for part in blocks(len(rows), _BLOCK):
                near = asked[rows[part], :-1] - self.centres[cell]
                scores = asking(near) @ table
                scores += np.einsum("ij,ij->i", near, near)[:, None]
                keep_best(scores, first, rows[part], best, at)
        return np.where(at < 0, -1, self.order[at])


def nearest_centre(low: Singles, centres: Singles) -> Ints:
    """Return the nearest centre of each row, shape (n,)."""
    table, home = scored(centres), np.empty(len(low), dtype=np.int64)
    for rows in blocks(len(low), _BLOCK):
        home[rows] = (asking(low[rows]) @ table).argmin(axis=1)
    return home


def by_cells(
    points: Points, queries: Points, k: int, own: Ints, reach: Floats | None = None
) -> tuple[Floats, Ints, Floats]:
    """Return near points of each query, most of them the nearest, and which part are.

    As many cells are looked into as the true neighbours of some queries need; by these the recall
    is measured.

    Parameters
    ----------
    points, queries, k, own
        As :func:`rebal_core.samplers.tiles.by_tiles` takes them.
    reach : ndarray of shape (m,), optional
        Farther points of a query need not be found.

    Returns
    -------
    distances : ndarray of shape (m, k), float64
    positions : ndarray of shape (m, k), int64
    recall : ndarray of shape (k,)
        Part of the nearest point, the two nearest, ... that was found.
    """
    low, asked = lowered(points, queries)
    if too_large(low, asked):
        return *by_tiles(points, queries, k, own), np.ones(k)
    cells = Cells.of(low)
    home, asked = nearest_centre(asked, cells.centres), asking(asked)
    known = np.linspace(0, len(queries) - 1, min(COMPARED, len(queries))).astype(np.int64)
    true, where = by_tiles(points, queries[known], k, own[known])
    counts = np.full(true.shape, True) if reach is None else true <= reach[known, None]
    probes = cells.probes(asked[known], where, counts)
    distances, positions = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
    order = np.argsort(home, kind="stable")
    for chunk in blocks(len(order), _QUERIES):
        rows = order[chunk]
        found = cells.candidates(asked[rows], home[rows], probes, k + 1 + EXTRA)
        for part in blocks(len(rows), _BLOCK):
            here = rows[part]
            gaps = measured(points, queries[here], found[part])
            distances[here], positions[here] = without_self(gaps, found[part], own[here], k)
    # Cells of some queries hold too few points, be they copies or far out.
    short = np.flatnonzero(~np.isfinite(distances[:, -1]))
    if len(short):
        distances[short], positions[short] = by_tiles(points, queries[short], k, own[short])
    return distances, positions, _recall(distances[known], true, counts)


def _recall(found: Floats, true: Floats, counts: NDArray[np.bool_]) -> Floats:
    """Return the part of the first of the true distances that was found, for each number of them.

    Those that do not count are never missed.
    """
    recall = np.ones(true.shape[1])
    for k in range(1, true.shape[1] + 1):
        hits = np.count_nonzero(found[:, :k] <= true[:, k - 1 : k] * (1 + 1e-12), axis=1)
        missed = np.maximum(np.count_nonzero(counts[:, :k], axis=1) - hits, 0)
        recall[k - 1] = 1 - missed.sum() / (k * len(true))
    return recall
