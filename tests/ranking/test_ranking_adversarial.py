"""Points that are moved against two towers: where to, how far, from when on, and what is left."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from logs import two_tastes

from rebal_core.nn.next_items import Lesson, moved
from rebal_core.nn.schedule import Schedule
from rebal_core.nn.two_tower import TwoTower
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.models.base import no_progress
from rebal_core.ranking.models.tower_events import events_of
from rebal_core.ranking.plan import plan_rankings

FAST = {"size": 8, "hidden": 8, "epochs": 3}
EPSILON = 0.2


@pytest.fixture(scope="module")
def log():
    return two_tastes(users=60)


def lesson_of(log, **settings):
    torch.manual_seed(0)
    towers = {"size": 8, "length": 4, "hidden": 8, "dropout": 0.0, "rests": 0.0}
    net = TwoTower(torch.from_numpy(log.popularity > 0), torch.zeros(len(log.items), 0), **towers)
    lesson = Lesson(net, events_of(log), Schedule(9, 2, 64), 0.1, 5, **settings)
    lesson.prepare(lesson.events.order)
    return lesson


def loss_of(users, offers, place):
    """Return the mean cross-entropy of cosines by the temperature, by numpy."""
    logits = users @ offers.T / 0.1
    own = logits[np.arange(len(users)), place]
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - own))


def points_of(lesson, at):
    codes, place, _rarity = lesson.offer.of(lesson.events.item[at])
    points = lesson.users(at), lesson.net.offers(codes)
    return [p.detach().double().numpy() for p in points], place.numpy()


def slopes_of(users, offers, place):
    """Return the slopes of the loss in both, by their closed form."""
    logits = users @ offers.T / 0.1
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    share[np.arange(len(users)), place] -= 1
    share /= len(users) * 0.1
    return share @ offers, share.T @ users


def test_each_point_moves_epsilon_along_its_slope_and_the_loss_grows(log):
    lesson, at = lesson_of(log), torch.arange(2, 400, 9)
    (users, offers), place = points_of(lesson, at)
    free = [torch.from_numpy(p).requires_grad_() for p in (users, offers)]
    logits = free[0] @ free[1].T / 0.1
    lost = torch.nn.functional.cross_entropy(logits, torch.from_numpy(place))
    found = [p.detach().numpy() for p in moved(lost, free, EPSILON)]
    for point, slope, there in zip(
        (users, offers), slopes_of(users, offers, place), found, strict=True
    ):
        norms = np.linalg.norm(slope, axis=1, keepdims=True)
        assert there - point == pytest.approx(EPSILON * slope / norms, abs=1e-9)
    before, after = loss_of(users, offers, place), loss_of(*found, place)
    assert after > before + 0.5
    rng = np.random.default_rng(0)
    drawn = [rng.normal(size=p.shape) for p in (users, offers)]
    other = [
        p + EPSILON * d / np.linalg.norm(d, axis=1, keepdims=True)
        for p, d in zip((users, offers), drawn, strict=True)
    ]
    assert after > loss_of(*other, place) + 0.5


def test_the_loss_under_attack_is_the_plain_one_and_that_of_moved_points(log):
    lesson = lesson_of(log, attack=0.7, epsilon=EPSILON)
    at = torch.arange(2, 400, 9)
    points, place = points_of(lesson, at)
    slopes = slopes_of(*points, place)
    there = [
        p + EPSILON * s / np.linalg.norm(s, axis=1, keepdims=True)
        for p, s in zip(points, slopes, strict=True)
    ]
    plain, hit = loss_of(*points, place), loss_of(*there, place)
    assert float(lesson.loss(at).detach()) == pytest.approx(plain, rel=1e-4)
    lesson.attacked = True
    assert float(lesson.loss(at).detach()) == pytest.approx(plain + 0.7 * hit, rel=1e-4)


def test_the_moves_are_no_part_of_what_is_learned(log):
    """The slope in the points is that of both losses, where the moves stand still."""
    point = torch.tensor([[0.3, -0.4]], requires_grad=True)
    there = moved((point**2).sum(), [point], 1.0)[0]
    (slope,) = torch.autograd.grad((there**2).sum(), point)
    assert torch.allclose(slope, 2 * there.detach())
    assert there.detach().numpy() == pytest.approx(np.array([[0.9, -1.2]]))
    still = torch.zeros(1, 2, requires_grad=True)
    assert (moved((0 * still).sum(), [still], 1.0)[0] == 0).all()


def fitted(log, **params):
    model = RECOMMENDERS["two_tower"].build({**FAST, **params}, 0)
    model.fit(log)
    return model


@pytest.mark.parametrize(
    "still", [{"epsilon": 0.0, "attack": 1.0}, {"epsilon": 0.5, "attack": 0.0}]
)
def test_without_length_or_weight_the_training_is_the_plain_one_bit_for_bit(log, still):
    plain, visits = fitted(log), log.visits()
    assert (fitted(log, **still).score(visits) == plain.score(visits)).all()
    other = fitted(log, epsilon=0.5, attack=1.0)
    assert (other.score(visits) != plain.score(visits)).any()
    # The first epoch is plain for both.
    assert other.story_[0] == plain.story_[0]
    assert other.story_[1]["training_loss"] > plain.story_[1]["training_loss"]


def test_it_goes_on_from_the_best_plain_state_and_keeps_one_from_under_attack(log):
    lesson = lesson_of(log, attack=1.0, epsilon=EPSILON)
    begun, begin = [], lesson._begin_attack

    def noted(state):
        begun.append(len(lesson.story))
        begin(state)

    lesson._begin_attack = noted
    story = lesson.teach(no_progress)
    assert begun == [3]  # a third of nine
    assert any(told["kept"] for told in story[3:])
    assert story[3]["kept"]


def test_a_net_that_gains_no_more_is_attacked_at_once(log):
    lesson = lesson_of(log, attack=1.0, epsilon=EPSILON)
    lesson.schedule = Schedule(300, 2, 64, learning_rate=0.05)
    story = lesson.teach(no_progress)
    assert lesson.attacked
    assert len(story) < 100


def test_the_remedy_sets_the_attack_of_the_model():
    plain, attacked = plan_rankings(
        ["two_tower"], ["apr"], {"adversarial_embedding": {"epsilon": "0.3"}}
    ).arms
    assert plain.settings["attack"] == 0
    assert (attacked.settings["attack"], attacked.settings["epsilon"]) == (1.0, 0.3)
