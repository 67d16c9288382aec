"""Metrics of lists against their definitions, written out."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from rebal_core.ranking.bands import within_bands
from rebal_core.ranking.metrics import METRICS, hits
from rebal_core.ranking.trial import Truth


def truth_of(sets):
    starts = np.concatenate([[0], np.cumsum([len(s) for s in sets])]).astype(np.int64)
    return Truth(starts, np.array([i for s in sets for i in s], dtype=np.int64))


def slowly(name, line, right):
    """Return one visit's metric as textbooks define it."""
    k, shown = len(line), [j for j, i in enumerate(line, 1) if i in right]
    if not right:
        return math.nan
    if name == "recall":
        return len(shown) / len(right)
    if name == "precision":
        return len(shown) / k
    if name == "hit":
        return float(bool(shown))
    if name == "mrr":
        return 1 / shown[0] if shown else 0.0
    if name == "ndcg":
        best = sum(1 / math.log2(j + 1) for j in range(1, min(len(right), k) + 1))
        return sum(1 / math.log2(j + 1) for j in shown) / best
    return sum((n + 1) / j for n, j in enumerate(shown)) / min(len(right), k)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    lists = np.stack([rng.permutation(30)[:6] for _ in range(300)])
    lists[:20, 4:] = -1
    lists[20] = -1
    sets = [set(rng.choice(30, rng.integers(0, 12), replace=False).tolist()) for _ in range(300)]
    return lists, sets


@pytest.mark.parametrize("name", METRICS)
def test_metrics_are_their_definitions(problem, name):
    lists, sets = problem
    for k in (1, 3, 6):
        found = METRICS[name](lists[:, :k], truth_of(sets))
        slow = [
            slowly(name, line[:k].tolist(), right) for line, right in zip(lists, sets, strict=True)
        ]
        np.testing.assert_allclose(found, slow, rtol=1e-12)
    assert np.isnan(found).any()
    assert not np.isnan(found).all()


@pytest.mark.parametrize("name", METRICS)
def test_of_a_band_only_its_items_are_right(problem, name):
    lists, sets = problem
    bands = np.arange(30) // 10
    parts = within_bands(truth_of(sets), bands)
    for band, part in enumerate(parts.values()):
        left = [{i for i in right if bands[i] == band} for right in sets]
        slow = [slowly(name, line.tolist(), right) for line, right in zip(lists, left, strict=True)]
        np.testing.assert_allclose(METRICS[name](lists, part), slow, rtol=1e-12)


def test_the_best_list_has_one_also_where_fewer_or_more_are_right_than_are_shown():
    lists = np.array([[0, 1, 2], [0, 1, 2], [0, 1, 2]])
    truth = truth_of([[0], [2, 1, 0], [4, 3, 2, 1, 0]])
    for name in ("ndcg", "map", "mrr", "hit"):
        assert METRICS[name](lists, truth) == pytest.approx([1, 1, 1])


def test_padding_is_never_right():
    assert not hits(np.full((2, 3), -1), truth_of([[0], []])).any()


def test_a_hundred_thousand_visits_take_well_under_a_second():
    rng = np.random.default_rng(0)
    lists = rng.integers(0, 20_000, (100_000, 10))
    truth = Truth(np.arange(0, 500_001, 5), rng.integers(0, 20_000, 500_000))
    for metric in METRICS.values():
        start = time.process_time()
        metric(lists, truth)
        assert time.process_time() - start < 1
