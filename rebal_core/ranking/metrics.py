"""How right lists are: a number for each visit, nan where nothing was right to begin with.

All take lists of shape (n, k), best first and padded with -1, and the truth of the same visits; k
is the width of the lists, so that ``lists[:, :5]`` is judged at 5. R is the set of a visit's true
items, ``rel(j)`` 1 where place j = 1 .. k holds one of them, else 0. The mean over visits is the
metric that papers report; the array is for intervals over users. A band's metric is that of
``truth.within(bands == band)``: the lists stay, and only the items of the band are right.

References
----------
Järvelin, K., Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM TOIS 20,
422-446. Manning, C., Raghavan, P., Schütze, H. (2008). Introduction to Information Retrieval,
chapter 8. Krichene, W., Rendle, S. (2020). On sampled metrics for item recommendation. KDD: why the
whole catalogue is ranked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.ranking.log import Bools
from rebal_core.ranking.trial import Truth
from rebal_core.rows import Floats, Ints


def hits(lists: Ints, truth: Truth) -> Bools:
    """Return which places hold a true item, shape (n, k)."""
    found = np.zeros(lists.shape, dtype=bool)
    owner = truth.owner
    for place in range(lists.shape[1]):
        right = lists[owner, place] == truth.item
        found[owner[right], place] = True
    return found


def recall(lists: Ints, truth: Truth) -> Floats:
    """Return the share of the true items that the list shows: ``sum_j rel(j) / |R|``."""
    return over(hits(lists, truth).sum(axis=1), _sizes(truth))


def precision(lists: Ints, truth: Truth) -> Floats:
    """Return the share of the places that are right: ``sum_j rel(j) / k``, also of short lists."""
    return over(hits(lists, truth).mean(axis=1), _sizes(truth) > 0)


def hit(lists: Ints, truth: Truth) -> Floats:
    """Return 1 where the list shows a true item, else 0."""
    return over(hits(lists, truth).max(axis=1), _sizes(truth) > 0)


def ndcg(lists: Ints, truth: Truth) -> Floats:
    """Return the discounted gain over that of the best list.

    ``sum_j rel(j) / log2(j + 1)`` over ``sum_{j <= min(|R|, k)} 1 / log2(j + 1)``: a list that
    shows all true items first has 1, also where they are fewer than k.
    """
    discounts = 1 / np.log2(np.arange(2, lists.shape[1] + 2))
    best = np.concatenate([[0.0], np.cumsum(discounts)])
    return over(hits(lists, truth) @ discounts, best[_within(lists, truth)])


def mrr(lists: Ints, truth: Truth) -> Floats:
    """Return the reciprocal of the place of the first true item; 0 where the list shows none."""
    found = hits(lists, truth)
    first = found.any(axis=1) / (found.argmax(axis=1) + 1)
    return over(first, _sizes(truth) > 0)


def average_precision(lists: Ints, truth: Truth) -> Floats:
    """Return the mean precision at the places of the true items; its mean over visits is MAP.

    ``sum_j rel(j) precision(j) / min(|R|, k)``. As with NDCG the best list that k places allow has
    1; divided by ``|R|`` alone it could not where more than k items are true.
    """
    found = hits(lists, truth)
    precisions = np.cumsum(found, axis=1) / np.arange(1, lists.shape[1] + 1)
    return over((found * precisions).sum(axis=1), _within(lists, truth))


#: By name, in the order in which they are shown.
METRICS: dict[str, Callable[[Ints, Truth], Floats]] = {
    "recall": recall,
    "ndcg": ndcg,
    "mrr": mrr,
    "map": average_precision,
    "precision": precision,
    "hit": hit,
}


def _sizes(truth: Truth) -> Ints:
    return np.diff(truth.starts)


def _within(lists: Ints, truth: Truth) -> Ints:
    """Return how many true items the list has places for."""
    return np.minimum(_sizes(truth), lists.shape[1])


def over(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Return the quotients, nan where the whole is 0."""
    empty: Floats = np.full(len(part), np.nan)
    np.divide(part, whole, out=empty, where=whole > 0)
    return empty


def mean_of_known(values: Floats) -> float:
    """Return the mean over the visits that have a value; nan where none has."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else np.nan
