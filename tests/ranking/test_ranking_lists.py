"""Lists against a plain sort of the whole catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from rebal_core.ranking import lists as ours
from rebal_core.ranking.lists import cut, top_lists
from rebal_core.ranking.log import Visits


class Told:
    """A ranker whose scores are told, by the code of the user."""

    def __init__(self, scores):
        self.table, self.sizes = scores, []

    def score(self, visits):
        self.sizes.append(len(visits))
        return self.table[visits.user]


def visits_of(held):
    starts = np.concatenate([[0], np.cumsum([len(h) for h in held])]).astype(np.int64)
    item = np.array([i for h in held for i in h], dtype=np.int64)
    return Visits(np.arange(len(held)), starts, item, np.ones(len(item)))


def slowly(scores, k, held=None, adjust=0.0):
    found = np.full((len(scores), k), -1)
    for row, line in enumerate(scores + np.float32(1) * np.asarray(adjust, dtype=np.float32)):
        left = [i for i in range(len(line)) if held is None or i not in held[row]]
        best = sorted(left, key=lambda i: (-line[i], i))[:k]
        found[row, : len(best)] = best
    return found


TABLES = {
    "distinct": lambda rng: rng.normal(size=(40, 900)),
    "rounded": lambda rng: rng.normal(size=(40, 900)).round(1),
    "mostly zero": lambda rng: rng.random((40, 900)) * (rng.random((40, 900)) < 0.01),
    "all equal": lambda rng: np.zeros((40, 900)),
    "in order": lambda rng: np.tile(np.arange(900.0), (40, 1)),
    "few items": lambda rng: rng.normal(size=(40, 7)).round(1),
    "one item": lambda rng: np.ones((40, 1)),
}


@pytest.mark.parametrize("digits", [1, 6])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_few_long_rows_are_cut_as_many_short_ones(rows, digits):
    scores = np.random.default_rng(2).normal(size=(rows, 30_001)).round(digits)
    scores = scores.astype(np.float32)
    assert (cut(scores, 10) == slowly(scores, 10)).all()


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("k", [1, 10])
def test_lists_are_those_of_a_full_sort(name, k):
    rng = np.random.default_rng(1)
    scores = TABLES[name](rng).astype(np.float32)
    before = scores.copy()
    items = scores.shape[1]
    held = [rng.choice(items, min(items, 5)).tolist() for _ in range(39)] + [[]]
    adjust = rng.normal(size=items).round(1)
    visits, ranker = visits_of(held), Told(scores)
    assert (cut(scores, k) == slowly(scores, k)).all()
    found = top_lists(ranker, visits, k, items=items, unseen=True, adjust=adjust)
    assert found.dtype == np.int64
    assert (found == slowly(scores, k, held, adjust)).all()
    assert (top_lists(ranker, visits, k, items=items, unseen=True) == slowly(scores, k, held)).all()
    assert (scores == before).all(), "a ranker's own scores were written to"


def test_nothing_is_listed_twice_where_all_was_seen():
    visits = visits_of([[0, 1, 2], [0, 0]])
    found = top_lists(Told(np.ones((2, 3), dtype=np.float32)), visits, 2, items=3, unseen=True)
    assert found.tolist() == [[-1, -1], [1, 2]]
    none = visits.take(np.array([], dtype=int))
    assert top_lists(Told(np.ones((2, 3))), none, 2, items=3).shape == (0, 2)


def test_blocks_are_bounded_and_do_not_show(monkeypatch):
    scores = np.random.default_rng(2).normal(size=(23, 50)).astype(np.float32)
    visits, told = visits_of([[]] * 23), []
    whole = top_lists(Told(scores), visits, 4, items=50)
    monkeypatch.setattr(ours, "_BLOCK", 250)
    ranker = Told(scores)
    assert (top_lists(ranker, visits, 4, items=50, progress=told.append) == whole).all()
    assert ranker.sizes == [5, 5, 5, 5, 3]
    assert told == sorted(told)
    assert told[-1] == 1
    monkeypatch.setattr(ours, "_BLOCK", 10)
    ranker = Told(scores)
    assert (top_lists(ranker, visits, 4, items=50) == whole).all()
    assert max(ranker.sizes) == 1
