"""What stands against an item in a step, how that is corrected, and that it is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from logs import log_of

from rebal_core.nn import negatives
from rebal_core.nn.negatives import WAYS, Offer
from rebal_core.nn.next_items import Lesson
from rebal_core.nn.schedule import Schedule
from rebal_core.nn.two_tower import TwoTower
from rebal_core.ranking.compare import compare_rankings
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.models.tower_events import events_of, left_alone
from rebal_core.ranking.models.two_tower import NEGATIVES
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.remedies import REMEDIES

SMALL = {"size": 16, "hidden": 16, "learning_rate": 1e-2, "epochs": 8, "others": 40}
ITEMS, OTHERS, BATCH = 60, 5, 20
sampled = pytest.mark.parametrize("way", WAYS)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    """Let a small catalogue be too large for the exact softmax."""
    monkeypatch.setattr(negatives, "EXACT", 0)


def zipf(users=300, items=ITEMS, events=6, seed=0):
    """Return a log whose events are drawn by popularity alone."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, items + 1)
    item = rng.choice(items, users * events, p=share / share.sum())
    return log_of(np.repeat(np.arange(users), events), item, items=items)


def with_shown(log, user, item):
    """Return the log with rows that were shown and left alone, before all else."""
    shown = log_of(user, item, users=len(log.users), items=len(log.items))
    return replace(log, shown=replace(shown, moment=np.zeros(len(user), dtype=np.int64)))


def chances(log, way):
    """Return by numpy how likely each item stands in a step against the row of another item."""
    count = log.popularity.astype(float)
    share, own = count / count.sum(), WAYS[way]
    absent = np.ones(ITEMS)
    if own.batch:
        absent *= (1 - share) ** (BATCH - 1)
    if own.power is not None:
        drawn = np.where(count > 0, count**own.power, 0)
        absent *= (1 - drawn / drawn.sum()) ** OTHERS
    return 1 - absent


@sampled
def test_the_correction_is_the_logarithm_of_how_often_an_item_is_there(way):
    torch.manual_seed(0)
    log = zipf()
    item = torch.from_numpy(log.item)
    offer, there, told = Offer(item, ITEMS, OTHERS, way), np.zeros(ITEMS), np.zeros(ITEMS)
    steps = 1_500
    for part in torch.randint(len(item), (steps, BATCH)):
        codes, place, rarity = offer.of(item[part])
        assert (codes[place] == item[part]).all()
        stands = torch.isfinite(rarity)
        told[codes[stands]] = rarity[stands].exp()
        # What the first event stands against: its own item is there by its own right.
        other = stands.clone()
        if WAYS[way].batch:
            other &= torch.isin(codes, item[part[1:]]) | (codes != codes[place[0]])
        there[codes[other]] += 1
    wanted = chances(log, way)
    met = log.popularity > 0
    assert told[met] == pytest.approx(wanted[met], rel=1e-5)
    if WAYS[way].power is None or not WAYS[way].batch:
        assert there[met] / steps == pytest.approx(wanted[met], abs=0.05)


@sampled
def test_what_stands_in_a_step_sums_up_to_the_whole_catalogue(way):
    torch.manual_seed(0)
    log = zipf()
    item, logits = torch.from_numpy(log.item), torch.randn(ITEMS)
    logits -= 0.5 * torch.from_numpy(log.popularity + 1.0).log()  # the rare ones matter as well
    offer, sums, plain = Offer(item, ITEMS, OTHERS, way), [], []
    known = log.popularity > 0
    for part in torch.randint(len(item), (2_000, BATCH)):
        codes, place, rarity = offer.of(item[part])
        own = place[0]
        corrected = logits[codes] - rarity
        corrected[own] = logits[codes][own]  # the first event's own item is there by its own right
        sums.append(corrected.exp().sum())
        stands = torch.isfinite(rarity)
        stands[own] = True
        plain.append(logits[codes][stands].exp().sum())
    whole = logits[torch.from_numpy(known)].exp().sum()
    assert float(torch.stack(sums).mean() / whole) == pytest.approx(1, abs=0.05)
    assert float(torch.stack(plain).mean() / whole) < 0.7


def slope(log, way, seed=0):
    """Return how the mean score of items of five events or more moves with log popularity."""
    model = RECOMMENDERS["two_tower"].build({**SMALL, "negatives": way}, seed)
    model.fit(log)
    scores = model.score(log.visits()).mean(axis=0)
    often = log.popularity >= 5
    return np.polyfit(np.log(log.popularity[often]), scores[often], 1)[0]


@pytest.mark.slow  # seven fits; what corrects each way is held against numpy below
def test_popular_items_are_not_held_down_for_being_in_every_step(monkeypatch):
    log = zipf()
    ways = ("all", "in_batch", "uniform", "popularity")
    found = {way: slope(log, way) for way in ways}
    of = Offer.of

    def plain(self, item):
        codes, place, rarity = of(self, item)
        return codes, place, torch.where(torch.isfinite(rarity), 0.0, rarity)

    monkeypatch.setattr(Offer, "of", plain)
    wrong = {way: slope(log, way) for way in ("in_batch", "popularity")}
    monkeypatch.setattr(negatives, "EXACT", 4_000)
    monkeypatch.setattr(Offer, "of", of)
    exact = slope(log, "all")
    assert exact == pytest.approx(1, abs=0.2)
    for way in ways:
        assert found[way] == pytest.approx(exact, abs=0.2), (way, found)
    assert max(wrong.values()) < exact - 0.3, wrong


def lesson_of(log, way):
    torch.manual_seed(0)
    towers = {"size": 8, "length": 4, "hidden": 8, "dropout": 0.0, "rests": 0.0}
    net = TwoTower(torch.from_numpy(log.popularity > 0), torch.zeros(ITEMS, 0), **towers)
    lesson = Lesson(net, events_of(log), Schedule(), 0.1, OTHERS, way)
    lesson.prepare(lesson.events.order)
    return lesson


@sampled
def test_the_loss_of_a_step_is_that_of_numpy(way):
    log = zipf(users=40)
    rng = np.random.default_rng(1)
    shown = rng.integers(40, size=300)
    shown = shown[shown % 5 != 0]  # to some nothing was shown
    log = with_shown(log, shown, rng.integers(ITEMS, size=len(shown)))
    lesson, at = lesson_of(log, way), torch.arange(3, 240, 12)
    torch.manual_seed(5)
    found = float(lesson.loss(at).detach())
    torch.manual_seed(5)
    item = lesson.events.item[at]
    codes, _place, rarity = (part.numpy() for part in lesson.offer.of(item))
    left, there = (part.numpy() for part in lesson.events.left_alone(at))
    logits = lesson.logits(at, torch.arange(ITEMS)).detach().numpy()
    lost = []
    for row, own in enumerate(item.tolist()):
        others = codes != own
        terms = [
            np.exp(logits[row, codes[others]] - rarity[others]).sum(),
            np.exp(logits[row, own]),
        ]
        if WAYS[way].shown and there[row]:
            passed = left[row][left[row] != own]
            terms.append(np.exp(logits[row, passed]).sum())
        lost.append(np.log(sum(terms)) - logits[row, own])
    assert found == pytest.approx(np.mean(lost), rel=1e-5)


def test_all_items_of_a_small_catalogue_stand_against_each_other(monkeypatch):
    monkeypatch.setattr(negatives, "EXACT", ITEMS)
    log = zipf()
    lesson, at = lesson_of(log, "all"), torch.arange(20)
    known = torch.from_numpy(np.flatnonzero(log.popularity))
    logits = lesson.logits(at, known).detach()
    place = torch.searchsorted(known, lesson.events.item[at])
    wanted = torch.nn.functional.cross_entropy(logits, place)
    assert float(lesson.loss(at).detach()) == pytest.approx(float(wanted), rel=1e-6)


def test_what_was_left_alone_is_what_was_shown_and_never_taken():
    log = with_shown(
        log_of([0, 1, 1], [0, 1, 2], users=3, items=4), [1, 0, 1, -1, 1], [3, 1, 2, 3, 0]
    )
    starts, item = left_alone(log)
    assert starts.tolist() == [0, 1, 3, 3]
    assert item.tolist() == [1, 3, 0]
    assert left_alone(replace(log, shown=None))[0].tolist() == [0, 0, 0, 0]
    events = events_of(log)
    torch.manual_seed(0)
    codes, there = events.left_alone(torch.arange(3))
    assert there.ravel().tolist() == [True, True, True]
    assert set(codes[0].tolist()) == {1}
    assert set(codes[1:].ravel().tolist()) == {0, 3}


def test_an_item_that_was_passed_over_comes_later_in_the_list():
    log = zipf()
    users = np.arange(300)
    passed = with_shown(log, users, np.full(300, 2))
    scores = {}
    for way in ("in_batch", "impressions"):
        model = RECOMMENDERS["two_tower"].build({**SMALL, "negatives": way}, 0)
        model.fit(passed)
        found = model.score(log.visits())
        scores[way] = (found[:, 2] - found.mean(axis=1)).mean()
    assert scores["impressions"] < scores["in_batch"] - 1, scores


def test_the_remedy_offers_what_the_model_knows_and_draws_by_popularity():
    remedy = REMEDIES["negative_sampling"]
    assert [way for way, _words in NEGATIVES.options] == list(WAYS)
    assert remedy.teach is not None
    assert remedy.teach(remedy.params) == {"negatives": "popularity"}
    arms = plan_rankings(["two_tower"], ["negative_sampling"]).arms
    assert [arm.settings["negatives"] for arm in arms] == ["all", "popularity"]


def test_impressions_are_refused_where_nothing_was_shown():
    params = {"negative_sampling": {"negatives": "impressions"}, "two_tower": {"epochs": 1}}
    plan = plan_rankings(["popularity", "two_tower"], ["negative_sampling"], params)
    found = {o.arm.name: o for o in compare_rankings(zipf(), plan).outcomes}
    assert "this log has none" in str(found["negative_sampling/two_tower"].reason)
    assert "two_tower" not in str(found["none/two_tower"].reason)
    assert "Popularity is none" in str(found["negative_sampling/popularity"].reason)
    params = plan_rankings(["two_tower"], [], {"two_tower": {"negatives": "impressions"}})
    [only] = compare_rankings(zipf(), params).outcomes
    assert only.status == "skipped"
    spec = RECOMMENDERS["two_tower"]
    settings = spec.read({"negatives": "impressions"})
    assert spec.serves(with_shown(zipf(), [3], [4]), settings) is None


@sampled
def test_every_model_says_what_stands_against_what_was_taken(way):
    for model in RECOMMENDERS:
        told = str(model.against({**model.params, "negatives": way}, 5_000))
        assert told.endswith(".")
        assert "{" not in told
    assert "1,024" in str(
        RECOMMENDERS["two_tower"].against(RECOMMENDERS["two_tower"].params, 9_000)
    )
