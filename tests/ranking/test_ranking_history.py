"""How fast events lose their say, and whether items come again: found on the log, or given."""

from __future__ import annotations

import numpy as np
import pytest
from logs import about_of, log_of, two_tastes, visits_of

from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.trial import last_events

NAMES = [spec.name for spec in RECOMMENDERS if "repeats" in spec.params]
every = pytest.mark.parametrize("name", NAMES)


def walks(users=300, kinds=8, events=12, again=0.0):
    """Return a log of users who move from kind to kind of items, and take the last one again."""
    rng = np.random.default_rng(5)
    kind, item = rng.integers(0, kinds, users), np.zeros((events, users), dtype=np.int64)
    for step in range(events):
        kind = np.where(rng.random(users) < 0.25, rng.integers(0, kinds, users), kind)
        item[step] = 2 * kinds * rng.integers(0, 5, users) + 2 * kind + rng.integers(0, 2, users)
        if step:
            item[step] = np.where(rng.random(users) < again, item[step - 1], item[step])
    user, items = np.tile(np.arange(users), events), 10 * kinds
    return log_of(user, item.ravel(), users=users, items=items, about=about_of(items))


def fitted(name, log, **params):
    model = RECOMMENDERS[name].build(params)
    model.fit(log)
    return model


@pytest.mark.parametrize("name", ["item_knn", "ease", "als"])
def test_what_was_done_last_alone_counts_where_tastes_change(name):
    found = fitted(name, walks()).half_life_, fitted(name, two_tastes()).half_life_
    assert found[0] <= 2 < 4 <= found[1], found


@every
def test_what_is_taken_again_is_shown_first(name):
    log = walks(again=0.8)
    trial = last_events(log)
    last = trial.visits.item[trial.visits.starts[1:] - 1]
    shown = {}
    for repeats in (-1.0, 0.0):
        scores = fitted(name, log, repeats=repeats).score(trial.visits)
        shown[repeats] = (scores.argmax(axis=1) == last).mean()
    assert shown[-1.0] > 0.8 > 0.1 > shown[0.0], shown


@every
def test_what_is_never_taken_twice_is_not_shown_again(name):
    rng = np.random.default_rng(6)
    item = np.concatenate([2 * rng.permutation(20)[:8] + u % 2 for u in range(200)])
    log = log_of(np.repeat(np.arange(200), 8), item, items=40, about=about_of(40))
    model = fitted(name, log)
    trial = last_events(log)
    first = np.argsort(-model.score(trial.visits), axis=1)[:, :5]
    again = [np.isin(first[k], trial.visits.take(np.array([k])).item) for k in range(200)]
    assert np.mean(again) < 0.02
    assert fitted(name, log, repeats=1.0).repeats_ == 1.0


@every
def test_settings_that_are_given_are_kept(name):
    model = fitted(name, walks(users=40), half_life=7.0, repeats=0.3)
    assert (model.half_life_, model.repeats_) == (7.0, 0.3)


@every
def test_a_log_too_small_to_find_anything_by_counts_all_alike(name):
    log = log_of(np.repeat(np.arange(19), 2), [0, 1] * 19, about=about_of(2))
    model = fitted(name, log)
    assert (model.half_life_, model.repeats_) == (1e6, 1.0)


@every
def test_a_half_life_of_nothing_is_the_last_event_alone(name):
    model = fitted(name, two_tastes(), half_life=0.0, repeats=1.0)
    scores = model.score(visits_of([1, 3, 8], [2, 8], [8]))
    assert np.allclose(scores, scores[0], atol=1e-6)


def test_ease_finds_the_settings_of_many_items_by_their_neighbours(monkeypatch):
    small, knn = (fitted(name, walks()) for name in ("ease", "item_knn"))
    monkeypatch.setattr("rebal_core.ranking.models.ease._SMALL", 10)
    large = fitted("ease", walks())
    assert (large.half_life_, large.repeats_) == (knn.half_life_, knn.repeats_)
    assert (large.half_life_, large.repeats_) != (small.half_life_, small.repeats_)
    assert np.allclose(large.arrays_["weights"], small.arrays_["weights"], atol=1e-5)


@every
def test_what_is_found_is_saved(name, tmp_path):
    model = fitted(name, walks())
    back = type(model).load(tmp_path, model.save(tmp_path))
    assert (back.half_life_, back.repeats_) == (model.half_life_, model.repeats_)
