"""Neighbours among the rows that are left when others have gone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Ints
from rebal_core.samplers.neighbors import AMONG_ALL
from rebal_core.samplers.searching import nearest, nearest_of
from rebal_core.step import Neighbors

#: Up to this part of the rows is compared with all again, when it has lost most neighbours.
FEW = 0.1


def remaining_neighbors(
    neighbors: Neighbors, alive: NDArray[np.bool_], k: int
) -> tuple[Ints, Ints]:
    """Return the k nearest other rows of each row that is left, among those that are left.

    The neighbours of all rows are asked; only where too many of them are gone is searched again.

    Parameters
    ----------
    neighbors : Neighbors
        Of all rows.
    alive : ndarray of shape (n,), bool
    k : int
        Cut to one less than rows are left.

    Returns
    -------
    rows : ndarray of shape (m,)
        The rows that are left, ascending.
    positions : ndarray of shape (m, k)
        Among all rows, nearest first.
    """
    rows = np.flatnonzero(alive)
    k = max(min(k, len(rows) - 1), 0)
    _, known = neighbors.all(max(k, AMONG_ALL))
    known = np.asarray(known[rows])
    there = alive[known]
    first = np.argsort(~there, axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(known, first, axis=1)
    short = np.flatnonzero(np.count_nonzero(there, axis=1) < k)
    if len(short):
        points = np.asarray(neighbors.space)[rows]
        if len(short) > len(rows) * FEW:
            again = nearest(points, k, neighbors.p)[1][short]
        else:
            again = nearest_of(points, points[short], k, short, neighbors.p)[1]
        found[short] = rows[again]
    return rows, found
