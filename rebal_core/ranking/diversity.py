"""How unlike each other the items of a list are."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.ranking.log import EventLog
from rebal_core.ranking.metrics import over
from rebal_core.rows import Floats, Ints

#: Cosines, or pairs of a list, held at a time (64 MB).
_BLOCK = 1 << 23


def vectors_of(log: EventLog) -> sp.csr_matrix:
    """Return what each user did with each item, summed weights of shape (items, users)."""
    return log.visits().matrix(len(log.items)).T.tocsr()


def diversity(lists: Ints, vectors: sp.csr_matrix | NDArray[Any]) -> Floats:
    """Return for each list one minus the mean cosine of its pairs of items.

    Parameters
    ----------
    lists : ndarray of shape (n, k)
        Codes, each once a list; -1 where none is.
    vectors : csr_matrix or ndarray of shape (items, d)
        What items are compared by. One that is all zero is like no other.

    Returns
    -------
    ndarray of shape (n,)
        nan where a list has fewer than two items.

    Notes
    -----
    ``1 - 2 / (m (m - 1)) sum_{i < j} cos(v_i, v_j)`` over the m items of a list (Ziegler et al.
    2005, as a dissimilarity). Cosines are made block by block for the items that any list shows,
    never for the whole catalogue at once.
    """
    n, k = lists.shape
    listed, place = np.unique(lists, return_inverse=True)
    place = place.reshape(n, k)
    # The first place stands for "none": its vector is zero, and its cosines are.
    if not len(listed) or listed[0] >= 0:
        listed, place = np.concatenate([[-1], listed]), place + 1
    units = _units(vectors, listed)
    flat = place.ravel()
    order = np.argsort(flat, kind="stable")
    ranked, sums = flat[order], np.zeros(n)
    size, few = max(_BLOCK // len(listed), 1), max(_BLOCK // max(k, 1), 1)
    for start in range(1, len(listed), size):
        cosines = (units[start : start + size] @ units.T).toarray()
        first, last = np.searchsorted(ranked, [start, start + size])
        for some in range(first, last, few):
            mine = order[some : min(some + few, last)]
            row, own = mine // k, flat[mine]
            found = cosines[(own - start)[:, None], place[row]]
            found[place[row] == own[:, None]] = 0
            sums += np.bincount(row, weights=found.sum(axis=1), minlength=n)
    there = (lists >= 0).sum(axis=1)
    return 1 - over(sums, there * (there - 1))


def unit_rows(vectors: sp.csr_matrix | NDArray[Any]) -> sp.csr_matrix:
    """Return vectors with length 1 each; those of length 0 stay."""
    found = sp.csr_matrix(vectors, dtype=np.float64)
    lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return sp.csr_matrix(sp.diags(scale) @ found)


def _units(vectors: sp.csr_matrix | NDArray[Any], listed: Ints) -> sp.csr_matrix:
    """Return the vectors of these items with length 1 each, the first, and zeros, with length 0."""
    found = unit_rows(vectors[np.maximum(listed, 0)])
    found.data[: found.indptr[1]] = 0
    return found
