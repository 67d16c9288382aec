"""The best items of each visit, cut from a model's scores of the whole catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rebal_core.ranking.log import Bools, Visits
from rebal_core.ranking.models.base import Progress, Ranker, Scores, no_progress
from rebal_core.rows import Ints

#: Cuts lists from a block of scores, as :func:`cut` does.
Cutting = Callable[..., Ints]
#: Scores held at a time (64 MB); a block is of one visit at least.
_BLOCK = 1 << 24
#: Groups for each place of a list, in which a row is looked through before it is cut.
_GROUPS = 16
#: Scores that are at least looked at together: one row of a million is not cut in short pieces.
_AT_ONCE = 1 << 13
#: Items for each place that may reach the floor of a row before the row is looked at alone.
_CROWD = 4


def top_lists(
    ranker: Ranker,
    visits: Visits,
    k: int,
    *,
    items: int,
    unseen: bool = False,
    adjust: NDArray[np.floating] | None = None,
    cutting: Cutting | None = None,
    progress: Progress = no_progress,
) -> Ints:
    """Return the k best items of the catalogue for each visit.

    Parameters
    ----------
    ranker : Ranker
        Fitted.
    visits : Visits
    k : int
        Places of a list.
    items : int
        Items of the catalogue.
    unseen : bool
        Leave out what the visit holds.
    adjust : ndarray of shape (items,) or None
        Added to the scores of every visit, in their units; see :mod:`rebal_core.ranking.rerank`.
        It is told, not measured on these visits: nobody's list depends on who else is asked.
    cutting : callable or None
        What cuts in the place of :func:`cut`.
    progress : callable

    Returns
    -------
    ndarray of shape (visits, k)
        Codes, best first, ties by the lower code; -1 where no item is left.
    """
    lists = np.full((len(visits), k), -1, dtype=np.int64)
    for start, part, scores in scored(ranker, visits, items, progress):
        seen = part if unseen else None
        lists[start : start + len(part)] = (cutting or cut)(scores, k, adjust=adjust, seen=seen)
    return lists


def scored(
    ranker: Ranker, visits: Visits, items: int, progress: Progress = no_progress
) -> Iterator[tuple[int, Visits, Scores]]:
    """Yield blocks of visits: place of the first, the visits, and their scores of all items."""
    size = max(_BLOCK // max(items, 1), 1)
    for start in range(0, len(visits), size):
        end = min(start + size, len(visits))
        part = visits.take(np.arange(start, end))
        yield start, part, ranker.score(part)
        progress(end / len(visits))


def cut(
    scores: Scores,
    k: int,
    *,
    adjust: NDArray[np.floating] | None = None,
    seen: Visits | None = None,
) -> Ints:
    """Return the lists of one block; see :func:`top_lists`.

    Parameters
    ----------
    scores : ndarray of shape (n, items)
        Finite; left as they are.
    seen : Visits or None
        Whose items are left out: n visits.
    """
    if adjust is not None:
        scores = scores + adjust.astype(np.float32)
    if seen is not None:
        scores = np.array(scores)
        scores[seen.owner, seen.item] = -np.inf
    n, items = scores.shape
    able = scores >= _floors(scores, min(k, items))[:, None]
    for crowd in np.flatnonzero(np.count_nonzero(able, axis=1) > _CROWD * k):
        able[crowd] = _thinned(able[crowd], scores[crowd], k)
    # In one long row numpy finds the true ones many times faster than in many.
    row, item = np.divmod(np.flatnonzero(able), items)
    counts = np.bincount(row, minlength=n)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = (n, max(int(counts.max(initial=0)), k))
    found = np.full(shape, -np.inf, dtype=np.float32)
    codes = np.full(shape, -1, dtype=np.int64)
    found[row, place], codes[row, place] = scores[row, item], item
    codes[found == -np.inf] = -1
    # Codes rise within a row, and the sort is stable: of equal scores the lower code is first.
    order = np.argsort(-found, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(codes, order, axis=1)


def _floors(scores: Scores, k: int) -> Scores:
    """Return for each row a score that k of its items reach, and seldom many more.

    It is the k-th best of the maxima of groups of items: so many groups hold an item that good.
    """
    groups = max(_GROUPS * k, _AT_ONCE // max(len(scores), 1))
    tops = np.array(scores[:, :groups])
    for start in range(groups, scores.shape[1], groups):
        part = scores[:, start : start + groups]
        np.maximum(tops[:, : part.shape[1]], part, out=tops[:, : part.shape[1]])
    found: Scores = np.partition(tops, -k, axis=1)[:, -k]
    return found


def _thinned(able: Bools, scores: Scores, k: int) -> Bools:
    """Return the k best of one row alone, where many reach its floor (equal scores, mostly)."""
    held = np.flatnonzero(able)
    kept = np.zeros_like(able)
    kept[held[np.argsort(-scores[held], kind="stable")[:k]]] = True
    return kept
