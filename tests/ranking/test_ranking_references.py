"""The recommenders against plain loops over their published definitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from logs import log_of, two_tastes, visits_of

from rebal_core.ranking.attributes import attribute_vectors, is_text
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.models import als as als_file
from rebal_core.ranking.models import item_knn as knn_file
from rebal_core.ranking.models.history import PRIOR, faded


@pytest.fixture(scope="module")
def log() -> EventLog:
    rng = np.random.default_rng(4)
    n = 400
    item = np.minimum(rng.geometric(0.12, n) - 1, 18)
    return log_of(rng.integers(0, 50, n), item, items=20, weight=rng.choice([1.0, 1.0, 3.0], n))


def dense(log, damped=True):
    """Return users x items, by a loop."""
    found = np.zeros((len(log.users), len(log.items)))
    for u, i, w in zip(log.user, log.item, log.weight, strict=True):
        found[u, i] += w
    return np.log2(1 + found) if damped else found


#: Of a reference: what is found on the log is another test's.
PLAIN = {"half_life": 0.5, "repeats": 0.8}


def fitted(name, log, **params):
    spec = RECOMMENDERS[name]
    model = spec.build({**{k: v for k, v in PLAIN.items() if k in spec.params}, **params})
    model.fit(log)
    return model


def history(held, items, half_life):
    """Return the shares of a list of items, by a loop."""
    found = np.zeros(items)
    for age, item in enumerate(reversed(held)):
        found[item] += 0.5 ** (age / half_life)
    return found / found.sum()


def kept(scores, held, repeats=0.8):
    """Leave to what was taken already the part that is kept, in a loop."""
    found = scores.copy()
    for item in set(held):
        found[item] = repeats * found[item] if found[item] > 0 else found[item]
    return found


def test_an_event_weighs_half_after_its_half_life():
    visits = faded(visits_of([5, 6, 7], [], [8]), 2.0)
    assert visits.weight.tolist() == pytest.approx([0.5, 0.5**0.5, 1.0, 1.0])


def test_popularity_is_the_logarithm_of_weighted_counts(log):
    told = np.log1p(dense(log, damped=False).sum(axis=0))
    scores = fitted("popularity", log).score(visits_of([1], []))
    assert np.allclose(scores, told / told.max(), rtol=1e-6)


@pytest.mark.parametrize("most", [1, 5, 100])
def test_item_knn_is_a_loop_over_cosines(log, most, monkeypatch):
    monkeypatch.setattr(knn_file, "_PAIRS", 30)  # blocks of an item or two
    x, shrinkage = dense(log), 2.0
    near = np.zeros((20, 20))
    for i in range(20):
        for j in range(20):
            norm = np.sqrt((x[:, i] ** 2).sum() * (x[:, j] ** 2).sum())
            near[i, j] = 0.0 if i == j else x[:, i] @ x[:, j] / (norm + shrinkage)
        near[i, np.argsort(-near[i], kind="stable")[most:]] = 0.0
    near[np.diag_indices(20)] = near.max(axis=1)
    held = [3, 1, 1, 7]
    wanted = kept(history(held, 20, 0.5) @ near, held)
    model = fitted("item_knn", log, neighbours=most, shrinkage=shrinkage)
    prior = fitted("popularity", log).score(visits_of([]))[0]
    assert np.allclose(model.score(visits_of(held))[0], wanted + PRIOR * prior, atol=1e-6)


@pytest.mark.parametrize("double", [True, False])
def test_ease_is_where_its_loss_does_not_fall(log, double, monkeypatch):
    """Off the diagonal the gradient is 0: X'X (B - I) + ridge B."""
    if not double:
        monkeypatch.setattr("rebal_core.ranking.models.ease._SMALL", 0)
    monkeypatch.setattr("rebal_core.ranking.models.ease._BLOCK", 7)
    x, ridge = dense(log), 10.0
    b = fitted("ease", log, ridge=ridge).arrays_["weights"].astype(np.float64)
    assert (np.diag(b) == 0).all()
    gradient = x.T @ (x @ b - x) + ridge * b
    gradient[np.diag_indices(20)] = 0
    assert np.abs(gradient).max() < (1e-4 if double else 1e-2)


def test_ease_scores_are_sums_of_its_weights(log):
    model, held = fitted("ease", log, repeats=0.6, half_life=3.0), [3, 1, 1, 7]
    weights = model.arrays_["weights"]
    near = weights + np.diag(weights.max(axis=1))
    wanted = kept(history(held, 20, 3.0) @ near, held, 0.6)
    assert np.allclose(model.score(visits_of(held))[0], wanted, atol=2 * PRIOR)


def als_loss(model, weights, x, y):
    confidence = 1 + model.alpha * weights
    loss = (confidence * (np.minimum(weights, 1) - x @ y.T) ** 2).sum()
    loss += model.ridge * (confidence.sum(axis=1) * (x**2).sum(axis=1)).sum()
    return loss + model.ridge * (confidence.sum(axis=0) * (y**2).sum(axis=1)).sum()


def als_step(model, weights, other):
    """Solve for each row by the normal equations, in a loop."""
    found = []
    for w in weights:
        c = 1 + model.alpha * w
        ridge = model.ridge * c.sum() * np.eye(other.shape[1])
        system = other.T @ np.diag(c) @ other + ridge
        found.append(np.linalg.solve(system, other.T @ (c * np.minimum(w, 1))))
    return np.array(found)


@pytest.mark.parametrize("factors", [2, 6, 40])
def test_als_is_a_loop_over_users_and_items(log, factors, monkeypatch):
    monkeypatch.setattr(als_file, "_GATHERED", 1_000)  # more blocks than one
    model = fitted("als", log, factors=factors, rounds=1)
    weights, losses = dense(log, damped=False), []
    y = als_file.generator(0, "als").normal(0.0, 0.1, (20, factors))
    for rounds in range(1, 5):
        x = als_step(model, weights, y)
        losses.append(als_loss(model, weights, x, y))
        y = als_step(model, weights.T, x)
        losses.append(als_loss(model, weights, x, y))
        ours = fitted("als", log, factors=factors, rounds=rounds).arrays_["factors"]
        assert np.allclose(ours, y, atol=1e-3 * np.abs(y).max()), rounds
    assert (np.diff(losses) <= 1e-9 * losses[0]).all()
    # A visit is a user of the same equations, in which what was long ago weighs less.
    held = np.zeros(20)
    for age, item in enumerate([7, 1, 1, 3]):
        held[item] += 0.5 ** (age / 0.5)
    wanted = als_step(model, held[None], ours.astype(np.float64)) @ ours.T
    model.arrays_ = {**model.arrays_, "factors": ours}
    wanted = kept(wanted[0], [3, 1, 1, 7])
    assert np.allclose(model.score(visits_of([3, 1, 1, 7]))[0], wanted, atol=1e-4)


def test_als_never_loses_ground(log):
    weights, losses = dense(log, damped=False), []
    for rounds in (1, 2, 4, 8, 16):
        model = fitted("als", log, factors=5, rounds=rounds)
        y = model.arrays_["factors"].astype(np.float64)
        losses.append(als_loss(model, weights, als_step(model, weights, y), y))
    assert (np.diff(losses) <= 1e-5 * losses[0]).all()
    assert losses[-1] < 0.99 * losses[0]


def test_content_is_a_mean_of_cosines():
    log = two_tastes(users=20, items=10)
    vectors = attribute_vectors(log.about_items, 0).astype(np.float64)
    near = np.zeros((10, 10))
    for i in range(10):
        for j in range(10):
            if i != j:
                length = np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j])
                near[i, j] = vectors[i] @ vectors[j] / length
    near[np.diag_indices(10)] = near.max(axis=1)
    held = [3, 1, 1, 7]
    wanted = kept(history(held, 10, 0.5) @ near, held)
    assert np.allclose(fitted("content", log).score(visits_of(held))[0], wanted, atol=2e-5)


def test_content_finds_a_new_item_of_the_same_kind():
    log = two_tastes()
    cold = log.take(log.item != 8)
    scores = fitted("content", cold).score(visits_of([2, 4, 6]))[0]
    assert scores[8] > scores[1::2].max()


def test_attributes_become_vectors_by_their_kind():
    rng = np.random.default_rng(0)
    words = ["red", "blue", "dress", "shirt", "wool", "cotton", "long", "short"]
    about = pd.DataFrame(
        {
            "price": [1.0, 3.0, np.nan] * 20,
            "colour": ["red", "blue", None] * 20,
            "code": [f"c{k}" for k in range(60)],
            "title": [" ".join(rng.choice(words, 4)) for _ in range(60)],
        }
    )
    vectors = attribute_vectors(about, 0)
    price, colour, title = vectors[:, 0], vectors[:, 1:3], vectors[:, 3:]
    assert price[:3].tolist() == pytest.approx([-1.0, 1.0, 0.0])
    # Codes that no two items share say nothing of any two items, and have no place.
    assert np.allclose(colour[:3], np.sqrt(0.5) * np.array([[0, 1], [1, 0], [0, 0]]))
    assert title.shape[1] > 10
    assert np.linalg.norm(title, axis=1).max() < 1.001


def test_sentences_are_told_from_names():
    assert is_text(pd.Series(["a red dress", "two blue shirts", "one long coat"]))
    assert is_text(pd.Series(["红色长款连衣裙", "蓝色纯棉短袖", "黑色羊毛大衣"]))
    assert not is_text(pd.Series(["red", "blue", "green"]))
    assert not is_text(pd.Series(["in the sale"] * 9 + ["at full price"]))
    assert not is_text(pd.Series([None, None], dtype=object))


def test_events_of_weight_nothing_teach_nothing(log):
    silent = replace(log, weight=np.where(log.item == 2, 0.0, log.weight))
    without = log.take(log.item != 2)
    for name in ("popularity", "item_knn", "als", "ease"):
        asked = visits_of([1, 3])
        some, none = fitted(name, silent).score(asked), fitted(name, without).score(asked)
        assert np.allclose(some, none, atol=1e-5), name
