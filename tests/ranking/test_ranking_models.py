"""What every recommender of the registry must do."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from logs import about_of, log_of, two_tastes, visits_of

from rebal_core.ranking.lists import cut
from rebal_core.ranking.log import EventLog, Visits
from rebal_core.ranking.metrics import recall
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.trial import last_events

NAMES = RECOMMENDERS.names()
every = pytest.mark.parametrize("name", NAMES)


def fitted(name, log, seed=0, progress=None, **params):
    spec = RECOMMENDERS[name]
    model = spec.build({**spec.fast, **params}, seed)
    model.fit(log, *([] if progress is None else [progress]))
    return model


@pytest.fixture(scope="module")
def planted():
    return two_tastes()


@pytest.fixture(scope="module")
def models(planted):
    return {name: fitted(name, planted) for name in NAMES}


@every
def test_an_entry_tells_all_that_a_reader_wants(name):
    spec = RECOMMENDERS[name]
    assert spec.reference
    assert spec.about.endswith(".")
    assert any(ord(letter) > 0x3000 for word in spec.aliases for letter in word)
    made = spec.build()
    assert type(made).kind == name
    for key, default in spec.params.items():
        assert getattr(made, key, default) == default, key
    assert spec.read({}) == spec.params


@every
def test_scores_are_finite_numbers_of_the_whole_catalogue(name, models, planted):
    visits = planted.visits()
    before = visits.item.copy(), visits.weight.copy()
    scores = models[name].score(visits)
    assert scores.shape == (len(visits), len(planted.items))
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert scores.flags.writeable
    assert (visits.item == before[0]).all()
    assert (visits.weight == before[1]).all()


@every
def test_each_visit_is_scored_by_itself(name, models, planted):
    visits = planted.visits()
    whole = models[name].score(visits)
    some = np.array([7, 3, 200, 3])
    assert np.allclose(models[name].score(visits.take(some)), whole[some], atol=1e-6)
    assert models[name].score(visits.take(some[:0])).shape == (0, len(planted.items))


@every
def test_one_seed_gives_one_model(name, models, planted):
    again = fitted(name, planted).score(planted.visits())
    assert (again == models[name].score(planted.visits())).all()


@every
def test_what_is_saved_comes_back(name, models, planted, tmp_path):
    about = json.loads(json.dumps(models[name].save(tmp_path)))
    back = type(models[name]).load(tmp_path, about)
    visits = planted.visits()
    assert (back.score(visits) == models[name].score(visits)).all()
    assert not [p for p in tmp_path.rglob("*") if p.suffix in (".pkl", ".pickle", ".joblib", ".pt")]


@every
def test_progress_goes_from_nothing_to_all(name, planted):
    told = []
    fitted(name, planted, progress=lambda share, **_: told.append(share))
    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] == 1


@every
@pytest.mark.parametrize("after", [0.0, 0.5, 1.0])
def test_what_progress_raises_ends_the_fit(name, after, planted):
    def stop(share, **_):
        if share >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted(name, planted, progress=stop)


@every
def test_nobody_known_gets_the_popular_items(name, models, planted):
    lists = cut(models[name].score(visits_of([], [], user=-1)), 10)
    order = np.argsort(-planted.popularity, kind="stable")
    assert (planted.popularity[lists] == planted.popularity[order[:10]]).all()


@every
def test_a_user_of_no_code_is_known_by_his_visit(name, models, planted):
    known = planted.visits(np.array([5]))
    stranger = replace(known, user=np.array([-1]))
    assert (models[name].score(stranger) == models[name].score(known)).all()


@every
def test_two_tastes_are_told_apart(name, planted):
    trial = last_events(planted)
    found = {}
    for one in (name, "popularity"):
        scores = fitted(one, trial.log).score(trial.visits)
        found[one] = recall(cut(scores, 10), trial.truth).mean()
    if name != "popularity":
        assert found[name] > found["popularity"] + 0.15, found


@every
def test_an_item_that_nobody_took_has_a_score(name):
    log = log_of([0, 0, 1, 1, 2], [0, 1, 1, 2, 0], items=6, about=about_of(6))
    scores = fitted(name, log).score(log.visits())
    assert scores.shape == (3, 6)
    assert np.isfinite(scores).all()


LOGS = {
    "one user": log_of([0, 0, 0], [0, 1, 2], about=about_of(3)),
    "one item": log_of([0, 1, 2, 2], [0, 0, 0, 0], about=about_of(1)),
    "one event": log_of([0], [0], about=about_of(1)),
    "one event each": log_of([0, 1, 2], [0, 1, 0], about=about_of(2)),
    "the same again and again": log_of([0] * 50 + [1], [1] * 50 + [0], about=about_of(2)),
    "no event": log_of([], [], users=2, items=3, about=about_of(3)),
    "weights": log_of([0, 0, 1], [0, 1, 1], weight=[0.0, 5.0, 1e6], about=about_of(2)),
    "nothing weighs": log_of([0, 0, 1], [0, 1, 1], weight=[0.0, 0.0, 0.0], about=about_of(2)),
    "a user of no event": log_of([0, 2], [0, 1], users=4, items=2, about=about_of(2)),
}


@every
@pytest.mark.parametrize("log", LOGS)
def test_small_and_odd_logs_are_served(name, log):
    log = LOGS[log]
    scores = fitted(name, log).score(log.visits())
    assert scores.shape == (len(log.users), len(log.items))
    assert np.isfinite(scores).all()


@every
def test_labels_may_be_chinese(name, planted, models):
    chinese = replace(
        planted,
        users=np.array([f"用户{k}" for k in range(len(planted.users))], dtype=object),
        items=np.array([f"商品“{k}”" for k in range(len(planted.items))], dtype=object),
    )
    visits = planted.visits()
    assert (fitted(name, chinese).score(visits) == models[name].score(visits)).all()


@every
def test_users_in_another_order_change_nothing(name, planted, models):
    turned = np.random.default_rng(3).permutation(len(planted.users))
    other = replace(planted, user=turned[planted.user])
    visits = planted.visits()
    moved = fitted(name, other).score(Visits(turned, visits.starts, visits.item, visits.weight))
    assert np.allclose(moved, models[name].score(visits), atol=1e-3)


@every
def test_the_last_event_of_a_visit_counts_most(name, planted):
    if "half_life" not in RECOMMENDERS[name].params:
        pytest.skip("It does not look at the order.")
    model = fitted(name, planted, half_life=0.5)
    even, odd = [2, 4, 6], [1, 3, 5]
    scores = model.score(visits_of(odd + even, even + odd))
    taste = scores[:, 10::2].mean(axis=1) - scores[:, 11::2].mean(axis=1)
    assert taste[0] > 0 > taste[1]


@every
def test_files_of_others_are_refused(name, models, tmp_path):
    kept = getattr(models[name], "arrays_", None)
    if kept is None:
        pytest.skip("It keeps its numbers in another way.")
    for wrong in (
        {"prior": kept["prior"][None]},
        {name: array[1:] for name, array in kept.items()} | {"other": kept["prior"]},
        {"prior": kept["prior"] * np.float32("nan")},
        {"prior": kept["prior"].astype(np.float64)},
    ):
        model = replace(models[name], arrays_={**kept, **wrong})
        about = model.save(tmp_path)
        with pytest.raises(ValueError, match="another"):
            type(model).load(tmp_path, about)


@pytest.mark.parametrize("wrong", ["item", "starts"])
def test_a_neighbour_outside_the_catalogue_is_refused(wrong, models, tmp_path):
    kept = models["item_knn"].arrays_
    other = kept[wrong].copy()
    other[-2] = 10_000
    about = replace(models["item_knn"], arrays_={**kept, wrong: other}).save(tmp_path)
    with pytest.raises(ValueError, match=r"\w"):
        type(models["item_knn"]).load(tmp_path, about)


def test_a_log_without_attributes_is_refused_by_content(planted):
    serves = RECOMMENDERS["content"].serves
    assert serves(planted, {}) is None
    assert "no attributes" in str(serves(replace(planted, about_items=None), {}))
    assert serves(replace(planted, about_items=pd.DataFrame(index=range(40))), {}) is not None


def test_a_catalogue_of_too_many_pairs_is_refused_by_ease(planted):
    assert RECOMMENDERS["ease"].serves(planted, {}) is None
    none = np.zeros(0, dtype=np.int64)
    many = np.empty(20_001, dtype=object)
    log = EventLog(none, none, np.zeros(0), none, none, many[:0], many)
    assert "20,001 are more than its 20,000" in str(RECOMMENDERS["ease"].serves(log, {}))
