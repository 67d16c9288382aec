"""Weights made of a column: what each is by its published definition, and that another is not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from logs import log_of
from scipy.stats import kendalltau

from rebal_core.ranking.compare import compare_rankings
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.remedies import REMEDIES
from rebal_core.ranking.remedies.columns import evened
from rebal_core.ranking.remedies.ipw import found_on

PLACES, ITEMS = 10, 40
#: How often a place is looked at.
LOOKED = np.arange(1, PLACES + 1) ** -0.8


def weights(name: str, log: EventLog, **params: object) -> np.ndarray:
    remedy = REMEDIES[name]
    assert remedy.weigh is not None
    return remedy.weigh(log, {**remedy.params, **params})


@cache
def shop(lists: int = 20_000, seed: int = 0) -> tuple[EventLog, np.ndarray]:
    """Return clicks on lists with good or promoted items on top, and how good each item is."""
    rng = np.random.default_rng(seed)
    suits = rng.uniform(0.05, 0.6, ITEMS)
    shown = np.argsort(rng.random((lists, ITEMS)), axis=1)[:, :PLACES]
    worth = suits + rng.uniform(0, 0.5, ITEMS)
    by_worth = np.argsort(-(worth[shown] + rng.normal(0, 0.15, shown.shape)), axis=1)
    shown = np.take_along_axis(shown, by_worth, axis=1)
    clicked = rng.random(shown.shape) < LOOKED * suits[shown]
    user = np.repeat(np.arange(lists), PLACES)
    place = np.tile(np.arange(1, PLACES + 1), lists)

    def of(rows: np.ndarray) -> EventLog:
        log = log_of(user[rows], shown.ravel()[rows], users=lists, items=ITEMS)
        return replace(log, beside=pd.DataFrame({"place": place[rows]}))

    log, left = of(clicked.ravel()), of(~clicked.ravel())
    return replace(log, shown=left), suits


def places_of(log: EventLog) -> np.ndarray:
    assert log.beside is not None
    return log.beside["place"].to_numpy()


def test_places_are_found_as_they_are_looked_at_and_clicks_alone_do_not_tell() -> None:
    log, _ = shop()
    assert log.shown is not None
    found = found_on(log, "place")
    assert found is not None
    assert found[0].tolist() == list(range(1, PLACES + 1))
    assert np.abs(found[1] - LOOKED).max() < 0.02
    took, left = (np.bincount(places_of(part))[1:] for part in (log, log.shown))
    rate = took / (took + left)
    assert np.abs(rate / rate[0] - LOOKED).max() > 0.06  # good items stand above


def test_what_is_found_is_of_greatest_likelihood() -> None:
    log, _ = shop(500)
    assert log.shown is not None
    found = found_on(log, "place")
    assert found is not None
    p = found[1]
    took, offers = np.zeros((ITEMS, PLACES)), np.zeros((ITEMS, PLACES))
    for part, tables in ((log, (took, offers)), (log.shown, (offers,))):
        for table in tables:
            np.add.at(table, (part.item, places_of(part) - 1), 1)
    r = took.sum(axis=1) / (offers @ p)
    expected = offers * np.outer(r, p)
    assert expected.sum(axis=0) == pytest.approx(took.sum(axis=0), rel=1e-4)
    assert expected.sum(axis=1) == pytest.approx(took.sum(axis=1), rel=1e-4)


def test_weights_are_one_over_the_propensity_and_take_the_bias_of_places_out() -> None:
    log, suits = shop()
    found = weights("ipw", log, position="place", clip=1e6)
    assert found.mean() == pytest.approx(1.0)
    times = found * LOOKED[places_of(log) - 1]
    assert times.std() / times.mean() < 0.05
    assert log.shown is not None
    offers = np.bincount(np.concatenate([log.item, log.shown.item]))
    plain, weighted = (np.bincount(log.item, w) / offers for w in (np.ones(len(log)), found))
    bias = [np.std(np.log(rate / suits)) for rate in (plain, weighted)]
    assert bias[1] < 0.35 * bias[0]
    assert kendalltau(weighted, suits)[0] > kendalltau(plain, suits)[0] + 0.1
    wrong = np.bincount(log.item, 1 / found) / offers
    assert np.std(np.log(wrong / suits)) > bias[0]


def test_without_what_was_shown_a_place_weighs_by_its_power() -> None:
    log = log_of([0, 0, 1, 1], [0, 1, 2, 0])
    log = replace(log, beside=pd.DataFrame({"place": ["1", "2", "4", None]}))
    found = weights("ipw", log, position="place", eta=2.0, clip=1e6)
    assert found == pytest.approx([3 / 21, 12 / 21, 48 / 21, 1.0])
    from_zero = replace(log, beside=pd.DataFrame({"place": [0, 1, 3, None]}))
    assert weights("ipw", from_zero, position="place", eta=2.0, clip=1e6) == pytest.approx(found)
    told = REMEDIES["ipw"].tells
    assert told is not None
    said = str(told(log, {**REMEDIES["ipw"].params, "position": "place"}))
    assert said == "Place k is taken to be looked at k^−1 times as often as the first."


def test_what_was_shown_is_told() -> None:
    told = REMEDIES["ipw"].tells
    assert told is not None
    said = str(told(shop()[0], {**REMEDIES["ipw"].params, "position": "place"}))
    assert said.startswith("Of 10 places the last is looked at 1")
    assert "from 200,000 rows that were shown" in said


def test_an_arm_tells_how_it_was_done_and_one_without_its_column_is_skipped() -> None:
    log = shop(300)[0]
    params = {"ipw": {"position": "place"}}
    done, skipped = (
        compare_rankings(log, plan_rankings(["popularity"], ["ipw"], told)).outcomes[1]
        for told in (params, {})
    )
    assert str(done.note).startswith("Of 10 places the last is looked at")
    assert done.verdict is not None
    assert (skipped.status, skipped.note) == ("skipped", None)
    assert "It needs a column of the table" in str(skipped.reason)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "needs a column of the table for “Place in the list”, which its parameter position"),
        ({"position": "place"}, "“place” holds no numbers from 0 up."),
    ],
)
def test_a_place_that_is_none_is_refused_in_a_sentence(params, sentence) -> None:
    log = replace(log_of([0, 1], [0, 1]), beside=pd.DataFrame({"place": ["top", None]}))
    refused = REMEDIES["ipw"].refuses(log, {**REMEDIES["ipw"].params, **params})
    assert sentence in str(refused)


def test_large_weights_are_cut_and_unknown_ones_weigh_as_the_mean() -> None:
    raw = np.array([1.0, 1.0, 2.0, 96.0, np.nan])
    assert evened(raw, 1e6) == pytest.approx([0.04, 0.04, 0.08, 3.84, 1.0])
    assert evened(raw, 2.0) == pytest.approx(np.array([1, 1, 2, 50, 13.5]) / 13.5)
    cut = evened(np.arange(1.0, 102.0), 0.5)
    assert cut.max() / cut.min() == pytest.approx(51.0)
    assert evened(np.full(3, np.nan), 0.99).tolist() == [1, 1, 1]
    assert evened(np.zeros(3), 0.99).tolist() == [1, 1, 1]


def with_column(log: EventLog, name: str, values: list[object]) -> EventLog:
    return replace(log, beside=pd.DataFrame({name: values}))


def test_dwell_counts_by_its_logarithm_and_what_is_unknown_as_the_mean() -> None:
    log = with_column(log_of([0] * 5, [0, 1, 2, 3, 4]), "stay", [0, 9, 99, -1, "left"])
    found = weights("dwell_weight", log, dwell="stay", clip=1e6)
    told = np.log1p([0, 9, 99])
    assert found == pytest.approx([*told / told.mean(), 1.0, 1.0])
    assert found[2] == pytest.approx(2 * found[1])  # seconds themselves would give eleven times
    assert REMEDIES["dwell_weight"].refuses(log, {"dwell": "stay", "clip": 1e6}) is None
    for none in (["long"] * 5, [-1, -2, np.inf, None, np.nan], pd.date_range("2024", periods=5)):
        bare = with_column(log, "stay", list(none))
        refused = REMEDIES["dwell_weight"].refuses(bare, {"dwell": "stay", "clip": 1e6})
        assert str(refused) == "“stay” holds no numbers from 0 up."


@pytest.mark.parametrize("remedy", [REMEDIES["ipw"], REMEDIES["dwell_weight"]])
def test_a_number_that_can_be_none_counts_as_missing_and_is_told(remedy) -> None:
    log = log_of([0] * 6, [0, 1, 2, 3, 0, 1])
    params = {**remedy.params, remedy.needs[0]: "held"}
    strange, missing = (
        with_column(log, "held", [1, 2, 9, *rest])
        for rest in ([-5, np.inf, -np.inf], [None, None, None])
    )
    for told in (strange, missing):
        shown = replace(told, shown=strange)
        assert remedy.weigh(shown, params) == pytest.approx(remedy.weigh(missing, params))
    said = "Negative or infinite numbers of “held”, which count as missing: {}."
    assert str(remedy.tells(strange, params)).endswith(said.format(3))
    assert str(remedy.tells(replace(missing, shown=strange), params)).endswith(said.format(3))
    assert "missing" not in str(remedy.tells(missing, params))


def test_every_context_counts_alike() -> None:
    log = log_of([0] * 6 + [1] * 3 + [2], [0, 1, 2, 3, 0, 1, 2, 3, 0, 1])
    of_users = weights("contextual", log, clip=1e6)
    assert np.bincount(log.user, of_users) == pytest.approx(10 / 3)
    queries: list[object] = ["hat"] * 2 + ["sock"] * 7 + [None]
    log = with_column(log, "query", queries)
    of_queries = weights("contextual", log, context="query", clip=1e6)
    assert of_queries[:2].sum() == pytest.approx(of_queries[2:9].sum())
    assert of_queries[9] == pytest.approx(1.0)
    assert weights("contextual", log, clip=1e6) == pytest.approx(of_users)
    cut = weights("contextual", log, clip=1.5)
    assert cut[9] / cut[0] == pytest.approx(1.5 * of_users.mean() / of_users[0])
