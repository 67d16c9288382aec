"""What lists show, against the published definitions written out as loops."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from rebal_core.ranking import diversity as room
from rebal_core.ranking.bands import HEAD, MID, TAIL
from rebal_core.ranking.diversity import diversity
from rebal_core.ranking.exposure import (
    Catalogue,
    by_visit,
    candidates,
    coverage,
    disparity,
    entropy,
    exposure,
    over_all,
)
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.metrics import recall
from rebal_core.ranking.trial import Trial, Truth

USERS, ITEMS, K = 40, 25, 6


def log_of(user, item, weight=None):
    n = len(user)
    weight = np.ones(n) if weight is None else weight
    names = np.arange(USERS).astype(object), np.arange(ITEMS).astype(object)
    return EventLog(user, item, weight, np.arange(n), np.arange(n), *names)


@pytest.fixture(scope="module")
def problem():
    """Repeats, users without an event, items never sold, short and empty lists, no truth."""
    rng = np.random.default_rng(3)
    user, item = rng.integers(0, USERS - 2, 300), np.minimum(rng.geometric(0.15, 300) - 1, 21)
    log = log_of(user, item, rng.integers(1, 4, 300).astype(float))
    lists = np.stack([rng.permutation(ITEMS)[:K] for _ in range(USERS)])
    lists[3, 1:], lists[4, 2:], lists[5] = -1, -1, -1
    sets = [rng.choice(ITEMS, rng.integers(0, 5), replace=False) for _ in range(USERS)]
    starts = np.concatenate([[0], np.cumsum([len(s) for s in sets])]).astype(np.int64)
    trial = Trial(log, log.visits(), Truth(starts, np.concatenate(sets)))
    return trial, lists, Catalogue.of(log)


def plain(trial, lists):
    """Return lists, profiles and truths as sets of Python, and phi."""
    shown = [[i for i in line if i >= 0] for line in lists.tolist()]
    v, t = trial.visits, trial.truth
    held = [set(v.item[a:b].tolist()) for a, b in pairwise(v.starts)]
    right = [set(t.item[a:b].tolist()) for a, b in pairwise(t.starts)]
    phi = [sum(i == j for j in trial.log.item) for i in range(ITEMS)]
    return shown, held, right, phi


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def cosine(a, b):
    norm = math.sqrt(a @ a) * math.sqrt(b @ b)
    return a @ b / norm if norm else 0.0


def test_what_each_visit_is_shown_is_the_published_definition(problem):
    trial, lists, catalogue = problem
    shown, held, _, phi = plain(trial, lists)
    tail = set(np.flatnonzero(catalogue.bands == TAIL).tolist())
    users = [len(set(trial.log.user[trial.log.item == i].tolist())) for i in range(ITEMS)]
    everybody = len(set(trial.log.user.tolist()))
    vectors = np.zeros((ITEMS, USERS))
    np.add.at(vectors, (trial.log.item, trial.log.user), trial.log.weight)
    slow = {
        "arp": [mean(phi[i] for i in line) for line in shown],
        "profile_popularity": [mean(phi[i] for i in has) for has in held],
        "aplt": [mean(float(i in tail) for i in line) for line in shown],
        "aclt": [sum(i in tail for i in line) if line else math.nan for line in shown],
        "novelty": [mean(-math.log2(max(users[i], 1) / everybody) for i in line) for line in shown],
        "diversity": [
            1 - mean(cosine(vectors[i], vectors[j]) for i in line for j in line if i != j)
            for line in shown
        ],
    }
    found = by_visit(lists, trial.visits, catalogue)
    assert found.keys() == slow.keys()
    for name, values in slow.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9, err_msg=name)
    assert 0 < np.nanmean(found["aplt"]) < 1


@pytest.mark.parametrize("unseen", [False, True])
def test_what_all_lists_show_is_the_published_definition(problem, unseen):
    trial, lists, catalogue = problem
    shown, held, right, phi = plain(trial, lists)
    tail = set(np.flatnonzero(catalogue.bands == TAIL).tolist())
    counts = [sum(i in line for line in shown) for i in range(ITEMS)]
    total = sum(counts)
    both = [(a, b) for a, b in zip(shown, held, strict=True) if a and b]
    gap, gap_held = (mean(mean(phi[i] for i in x[side]) for x in both) for side in (0, 1))
    parity, chance = [], []
    for band in (HEAD, MID, TAIL):
        group = set(np.flatnonzero(catalogue.bands == band).tolist())
        offered = sum(len(group - has) if unseen else len(group) for has in held)
        parity.append(sum(i in group for line in shown for i in line) / offered)
        liked = sum(len(group & true) for true in right)
        served = sum(len(group & true & set(a)) for a, true in zip(shown, right, strict=True))
        chance.append(served / liked)
    differences = sum(abs(a - b) for a in counts for b in counts)
    slow = {
        "coverage": sum(c > 0 for c in counts) / ITEMS,
        "tail_coverage": mean(float(counts[i] > 0) for i in tail),
        "gini": differences / (2 * ITEMS * total),
        "entropy": -sum(c / total * math.log(c / total) for c in counts if c),
        "popularity_lift": (gap - gap_held) / gap_held,
        "pop_rsp": np.std(parity) / np.mean(parity),
        "pop_reo": np.std(chance) / np.mean(chance),
    }
    assert over_all(lists, trial, catalogue, unseen) == pytest.approx(slow, rel=1e-12)


def test_lists_of_nothing_have_no_numbers(problem):
    trial, lists, catalogue = problem
    found = over_all(np.full_like(lists, -1), trial, catalogue)
    assert found.pop("coverage") == 0
    assert found.pop("tail_coverage") == 0
    assert all(math.isnan(number) for number in found.values())
    for values in by_visit(np.full_like(lists, -1), trial.visits, catalogue).values():
        assert np.isnan(values).sum() >= 2


def test_recall_of_cold_items_is_that_of_the_visits_that_wanted_one(problem):
    trial, lists, catalogue = problem
    shown, _, right, phi = plain(trial, lists)
    cold = [{i for i in true if phi[i] == 0} for true in right]
    slow = [
        len(want & set(line)) / len(want) if want else math.nan
        for line, want in zip(shown, cold, strict=True)
    ]
    found = recall(lists, trial.truth.within(catalogue.cold))
    np.testing.assert_allclose(found, slow)
    assert 0 < np.nanmean(found) < 1


def test_known_exposures():
    even = exposure(np.array([[0, 1], [2, 3]]), 4)
    assert even.tolist() == [1, 1, 1, 1]
    assert entropy(even) == pytest.approx(math.log(4))
    assert entropy(np.array([7, 0, 0])) == 0
    assert coverage(np.array([7, 0, 0, 1])) == 0.5
    assert math.isnan(coverage(np.array([], dtype=int)))


def test_a_group_without_a_possible_item_is_left_out():
    counts = np.array([[1, 0, 2], [1, 0, 0]])
    assert disparity(counts, np.array([[2, 0, 2], [2, 0, 2]])) == 0
    assert disparity(counts, np.array([[2, 0, 4], [2, 0, 4]])) == pytest.approx(1 / 3)
    assert math.isnan(disparity(counts * 0, counts))


def test_what_a_visit_holds_often_is_one_candidate_less(problem):
    visits = log_of(np.array([0, 0, 0]), np.array([1, 1, 2])).visits(np.array([0, 1]))
    bands = np.array([HEAD, MID, TAIL])
    assert candidates(visits, bands, unseen=True).tolist() == [[1, 0, 0], [1, 1, 1]]
    assert candidates(visits, bands).tolist() == [[1, 1, 1]] * 2


@pytest.mark.parametrize("block", [1 << 23, 40])
def test_diversity_of_any_vectors_and_blocks(monkeypatch, problem, block):
    monkeypatch.setattr(room, "_BLOCK", block)
    rng, lists = np.random.default_rng(0), problem[1]
    dense = rng.normal(size=(ITEMS, 3))
    dense[4] = 0
    slow = [
        1
        - mean(cosine(dense[i], dense[j]) for i in line for j in line if i != j and min(i, j) >= 0)
        for line in lists
    ]
    for vectors in (dense, sp.csr_matrix(dense)):
        np.testing.assert_allclose(diversity(lists, vectors), slow, rtol=1e-9)
    full = lists[6:]
    np.testing.assert_allclose(diversity(full, dense), slow[6:], rtol=1e-9)
    assert diversity(np.array([[0, 1]]), np.ones((2, 3))) == pytest.approx(0)
    assert diversity(lists[:0], dense).shape == (0,)
