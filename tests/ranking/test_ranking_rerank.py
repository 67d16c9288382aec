"""Popularity taken out of lists, and how much of it is taken."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from rebal_core.ranking import rerank
from rebal_core.ranking.bands import TAIL, bands_of
from rebal_core.ranking.lists import top_lists
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.metrics import ndcg, recall
from rebal_core.ranking.rerank import (
    discount,
    front,
    inner_trial,
    reranked,
    spread_of,
    tau_for,
    tau_paying,
)
from rebal_core.ranking.trial import Truth, last_events

USERS, ITEMS, K = 60, 40, 5


class Told:
    """Popularity and a taste of each user's own, on any scale."""

    def __init__(self, log, scale=1.0):
        rng = np.random.default_rng(5)
        taste = rng.normal(size=(USERS, ITEMS)) + 0.5 * np.log1p(log.popularity)
        self.table = (scale * taste).astype(np.float32)

    def score(self, visits):
        return self.table[visits.user]


@pytest.fixture(scope="module")
def log():
    rng = np.random.default_rng(4)
    user, item = (
        rng.integers(0, USERS - 1, 700),
        np.minimum(rng.geometric(0.12, 700) - 1, ITEMS - 2),
    )
    names = np.arange(USERS).astype(object), np.arange(ITEMS).astype(object)
    return EventLog(user, item, np.ones(700), np.arange(700), np.arange(700), *names)


@pytest.mark.parametrize("tau", [0.0, 0.3, 2.0])
def test_lists_are_those_of_the_formula(log, tau):
    ranker, visits = Told(log), log.visits()
    table = ranker.table.astype(float)
    spread = table[np.unique(log.user)].std(axis=1).mean()
    assert spread_of(ranker, log) == pytest.approx(spread)
    slow = table / spread - tau * np.log(log.popularity + 1)
    assert (reranked(ranker, log, visits, K, tau) == np.argsort(-slow, axis=1)[:, :K]).all()


def test_a_tau_means_the_same_on_any_scale_and_for_anybody_asked(log):
    visits = log.visits()
    found = reranked(Told(log), log, visits, K, 0.4)
    for scale in (1e-4, 3e5):
        assert (reranked(Told(log, scale), log, visits, K, 0.4) == found).all()
    assert (reranked(Told(log), log, visits.take(np.array([7])), K, 0.4) == found[[7]]).all()


def test_more_tau_shows_less_popular_items(log):
    shown = [
        log.popularity[reranked(Told(log), log, log.visits(), K, t)].mean() for t in (0, 0.3, 1)
    ]
    assert shown[0] > shown[1] > shown[2]


@pytest.mark.parametrize("unseen", [False, True])
def test_a_front_is_what_the_lists_of_each_tau_are_worth(log, monkeypatch, unseen):
    monkeypatch.setattr("rebal_core.ranking.lists._BLOCK", 7 * ITEMS)
    trial = inner_trial(log, seed=0)
    ranker = Told(trial.log)
    told: list[float] = []
    found = front(ranker, trial, K, taus=(1.0, 0.0, 0.2), unseen=unseen, progress=told.append)
    assert found["tau"].tolist() == [0.0, 0.2, 1.0]
    assert told[-1] == 1
    tail = bands_of(trial.log.popularity) == TAIL
    plain = top_lists(ranker, trial.visits, K, items=ITEMS, unseen=unseen)
    for line in found.itertuples():
        lists = reranked(ranker, trial.log, trial.visits, K, line.tau, unseen=unseen)
        assert line.ndcg == pytest.approx(ndcg(lists, trial.truth).mean())
        assert line.recall == pytest.approx(recall(lists, trial.truth).mean())
        wanted = trial.truth.within(tail)
        assert line.tail_recall == pytest.approx(np.nanmean(recall(lists, wanted)))
        assert line.aplt == pytest.approx(tail[lists].mean())
        assert line.coverage == len(set(lists.ravel().tolist())) / ITEMS
        change = ndcg(lists, trial.truth) - ndcg(plain, trial.truth)
        low = ndcg(plain, trial.truth).mean()
        if change.std() > 0:
            low += ttest_1samp(change, 0.0).confidence_interval(0.95).low
        assert line.ndcg_low == pytest.approx(max(low, 0.0))
    assert found["ndcg"][0] == pytest.approx(ndcg(plain, trial.truth).mean())


def test_the_inner_trial_is_a_fixed_sample_of_the_training_log(log, monkeypatch):
    outer = last_events(log)
    monkeypatch.setattr(rerank, "MOST_VISITS", 20)
    inner, again = inner_trial(outer.log, seed=1), inner_trial(outer.log, seed=1)
    assert len(inner.visits) == len(inner.truth) == 20
    assert (inner.visits.user == again.visits.user).all()
    assert (np.diff(inner.visits.user) > 0).all()
    assert (inner.visits.user != inner_trial(outer.log, seed=2).visits.user).any()
    # What each visit is asked is its user's last training event, and is not learned from.
    for user, item in zip(inner.visits.user, inner.truth.item, strict=True):
        assert item == outer.log.item[outer.log.user == user][-1]
    assert len(inner.log) == len(outer.log) - np.sum(np.bincount(outer.log.user) >= 2)


def test_truths_are_taken_in_any_order():
    truth = Truth(np.array([0, 2, 2, 3]), np.array([4, 5, 6]))
    found = truth.take(np.array([2, 0, 1, 2]))
    assert found.starts.tolist() == [0, 1, 3, 3, 4]
    assert found.item.tolist() == [6, 4, 5, 6]


def test_the_largest_tau_that_keeps_the_floor():
    found = pd.DataFrame({"tau": [0.0, 0.1, 0.2, 0.3], "ndcg": [0.2, 0.21, 0.19, 0.1]})
    assert tau_for(found, 0.2) == 0.1
    assert tau_for(found, 0.19) == 0.2
    assert tau_for(found, 0.0) == 0.3
    assert tau_for(found, 0.5) == 0.0
    assert tau_for(found.assign(ndcg=np.nan), 0.0) == 0.0
    idle = found.assign(ndcg=[0.2, 0.2, 0.2, 0.0], tail_recall=np.nan)
    assert tau_for(idle, 0.19) == 0.0
    assert tau_for(idle.assign(tail_recall=[0.0, 0.1, 0.1, 0.1]), 0.19) == 0.1
    assert tau_for(found.assign(ndcg=0.0), 0.0) == 0.0
    unsure = found.assign(ndcg_low=[0.2, 0.15, 0.17, 0.0])
    assert tau_for(unsure, 0.19, least=0.16) == 0.2
    assert tau_for(unsure, 0.19, least=0.18) == 0.0
    assert tau_for(unsure.assign(ndcg_low=np.nan), 0.0, least=0.0) == 0.0


def test_a_discount_by_the_tail_lifts_its_items_alike_and_no_others() -> None:
    popularity = np.array([50, 30, 10, 6, 3, 1])
    found = discount(popularity, 0.5, 2.0, "tail")
    assert found.tolist() == (2.0 * (bands_of(popularity) == TAIL)).tolist()
    assert 0 < (found > 0).sum() < 6


def test_the_tau_that_leaves_an_ndcg_lies_between_those_tried() -> None:
    found = pd.DataFrame({"tau": [0.0, 0.1, 0.2], "ndcg": [0.5, 0.4, 0.2]})
    assert tau_paying(found, 0.3) == pytest.approx(0.15)
    assert tau_paying(found, 0.4) == pytest.approx(0.1)
    assert tau_paying(found, 0.6) == 0.0
    assert tau_paying(found, 0.1) == 0.2
    assert tau_paying(found.assign(ndcg=np.nan), 0.3) == 0.0
