"""What two towers see that a bag of items does not: order, rare items among many, new items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from logs import log_of, visits_of

from rebal_core.nn.next_items import Lesson
from rebal_core.nn.schedule import Schedule
from rebal_core.nn.two_tower import TwoTower, unknown_items
from rebal_core.ranking.lists import cut
from rebal_core.ranking.metrics import recall
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.models.tower_events import events_of
from rebal_core.ranking.trial import last_events

SMALL = {"size": 16, "hidden": 16, "learning_rate": 1e-2}


def fitted(log, seed=0, **params):
    model = RECOMMENDERS["two_tower"].build({**SMALL, **params}, seed)
    model.fit(log)
    return model


def steps(users=300, items=12, events=6, seed=0, about=None):
    """Return a log in which each visit goes round a circle, up or down from item to item."""
    rng = np.random.default_rng(seed)
    begin, way = rng.integers(items, size=users), rng.choice([1, -1], users)
    item = (begin[:, None] + way[:, None] * np.arange(events)) % items
    return log_of(np.repeat(np.arange(users), events), item.ravel(), items=items, about=about)


@pytest.fixture(scope="module")
def circle():
    trial = last_events(steps())
    return trial, fitted(trial.log, epochs=12)


def test_order_is_learned_that_no_bag_of_items_can_tell(circle):
    trial, model = circle
    assert recall(cut(model.score(trial.visits), 1), trial.truth).mean() > 0.9
    there, back = visits_of([3, 4, 5], [5, 4, 3]), visits_of([3, 5, 4], [4, 5, 3])
    assert cut(model.score(there), 1).ravel().tolist() == [6, 2]
    bag = RECOMMENDERS["ease"].build({"half_life": 1e6})
    bag.fit(trial.log)
    assert recall(cut(bag.score(trial.visits), 1), trial.truth).mean() < 0.6
    assert np.allclose(bag.score(there)[0], bag.score(back)[0], atol=1e-4)


def test_the_story_tells_what_was_learned_and_what_was_kept(circle, tmp_path):
    story = circle[1].story_
    assert type(circle[1]).load(tmp_path, circle[1].save(tmp_path)).story_ == story
    assert [told["epoch"] for told in story] == list(range(1, len(story) + 1))
    assert story[-1]["training_loss"] < story[0]["training_loss"]
    best = min(story, key=lambda told: told["loss"])
    assert [told for told in story if told["kept"]][-1] == best
    assert best["ndcg"] > 0.9


def test_an_event_is_foretold_from_what_came_before_it_in_its_visit_alone():
    log = steps(users=40)
    events = events_of(log)
    torch.manual_seed(0)
    net = TwoTower(
        torch.ones(12, dtype=torch.bool),
        torch.zeros(12, 0),
        size=8,
        length=4,
        hidden=8,
        dropout=0.0,
        rests=0.0,
    )
    rng, asked = np.random.default_rng(1), torch.arange(6, 12)  # the second visit
    for place in asked.tolist():
        known = torch.zeros(len(log), dtype=torch.bool)
        known[6:place] = True
        drawn = torch.from_numpy(rng.integers(12, size=len(log)))
        told = []
        for item in (events.item, torch.where(known, events.item, drawn)):
            lesson = Lesson(net, replace(events, item=item), Schedule(), 0.1, 0)
            told.append(lesson.logits(torch.tensor([place]), torch.arange(12)))
        assert (told[0] == told[1]).all()
        if place > 6:
            moved = events.item.clone()
            moved[place - 1] = (moved[place - 1] + 1) % 12
            lesson = Lesson(net, replace(events, item=moved), Schedule(), 0.1, 0)
            assert (lesson.logits(torch.tensor([place]), torch.arange(12)) != told[0]).any()


def test_a_new_item_stands_with_its_kind():
    rng, kinds, each = np.random.default_rng(0), 4, 8
    items = kinds * each
    kind = np.repeat(np.arange(4), each)
    about = pd.DataFrame({"kind": np.array(["帽子", "鞋", "coat", "bag"], dtype=object)[kind]})
    taste = rng.integers(kinds, size=300)
    item = taste[:, None] * each + rng.integers(1, each, (300, 6))  # the first of each kind is new
    log = log_of(np.repeat(np.arange(300), 6), item.ravel(), items=items, about=about)
    model = fitted(log, epochs=12)
    scores = model.score(
        log.visits(np.array([int(np.flatnonzero(taste == k)[0]) for k in range(4)]))
    )
    new = np.arange(kinds) * each
    assert (scores[:, new].argmax(axis=1) == np.arange(kinds)).all()
    for k in range(kinds):
        assert scores[k, new[k]] > scores[k, kind != k].max()


def test_an_item_without_a_trace_stands_last(circle):
    trial, _ = circle
    log = replace(trial.log, items=np.append(trial.log.items, "new"))
    scores = fitted(log, epochs=2).score(trial.visits)
    assert (scores[:, -1] <= scores[:, :-1].min(axis=1)).all()


def test_an_item_that_scores_nothing_by_chance_is_known():
    offered = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    users = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    assert unknown_items(users @ offered.T, offered).tolist() == [0, 3]
    assert unknown_items(users[:0] @ offered.T, offered).tolist() == []


def test_where_nothing_weighs_all_events_count_alike():
    log = steps(users=40)
    visits = log.visits()
    plain = fitted(log, epochs=1).score(visits)
    assert (fitted(replace(log, weight=0 * log.weight), epochs=1).score(visits) == plain).all()
    heavier = replace(log, weight=np.where(log.item == 3, 50.0, 1.0))
    assert (fitted(heavier, epochs=1).score(visits)[:, 3] > plain[:, 3]).all()
