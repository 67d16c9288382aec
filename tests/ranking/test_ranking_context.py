"""What is known when a list is asked for: a query, a device, an hour, before anything is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from logs import log_of, visits_of

from rebal_core.ranking.compare import compare_rankings
from rebal_core.ranking.context import PLACES, WORDS, ContextReading
from rebal_core.ranking.lists import cut
from rebal_core.ranking.metrics import recall
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.trial import last_events, later_events

FAST = {"size": 16, "hidden": 16, "epochs": 12, "learning_rate": 0.02}


def searched(users=250, items=12, events=5, seed=0):
    """Return a log in which the query alone says what is taken next; an hour says nothing."""
    rng = np.random.default_rng(seed)
    user = np.tile(np.arange(users), events)
    item = rng.integers(items, size=len(user))
    colour = np.array(["red", "blue", "green"])[item % 3]
    thing = np.array(["shoe", "sock", "hat", "coat"])[item // 3]
    # Two ways to ask, one of them in another order: the words have to be read.
    query = np.where(rng.random(len(user)) < 0.5, colour + " " + thing, thing + ", " + colour)
    beside = pd.DataFrame({"query": query, "hour": rng.integers(24, size=len(user))})
    return replace(log_of(user, item, items=items), beside=beside)


def fitted(log, *context):
    model = RECOMMENDERS["two_tower"].build({**FAST, "context": context})
    model.fit(log)
    return model


@pytest.fixture(scope="module")
def asked():
    trial = last_events(searched())
    return trial, fitted(trial.log, "hour", "query")


def hits(model, trial) -> float:
    return float(recall(cut(model.score(trial.visits), 1), trial.truth).mean())


def test_a_query_says_what_is_wanted(asked) -> None:
    trial, model = asked
    assert hits(model, trial) > 0.9
    assert hits(fitted(trial.log), trial) < 0.3
    assert hits(fitted(trial.log, "hour"), trial) < 0.3


def test_a_query_in_words_that_were_never_together_is_understood(asked) -> None:
    _trial, model = asked
    nobody = replace(
        visits_of([], []), beside=pd.DataFrame({"query": ["a HAT in red", "红"], "hour": [3, 3]})
    )
    first, second = model.score(nobody)
    assert first.argmax() == 6
    assert np.ptp(second) < np.ptp(first) / 2, "a word that was never met says nothing"


def test_lists_can_do_without(asked) -> None:
    trial, model = asked
    plain = replace(trial.visits, beside=None)
    assert np.isfinite(model.score(plain)).all()
    assert not np.allclose(model.score(plain), model.score(trial.visits))


def test_what_was_saved_knows_it_too(asked, tmp_path) -> None:
    trial, model = asked
    again = type(model).load(tmp_path, model.save(tmp_path))
    assert np.array_equal(again.score(trial.visits), model.score(trial.visits))


def test_it_is_that_of_the_event_that_is_asked_for() -> None:
    log = searched()
    trial = last_events(log)
    last = [np.flatnonzero(log.user == user)[-1] for user in trial.visits.user]
    assert trial.visits.beside["query"].tolist() == log.beside["query"].iloc[last].tolist()
    some = np.array([7, 3])
    assert trial.take(some).visits.beside["hour"].tolist() == (
        log.beside["hour"].iloc[np.array(last)[some]].tolist()
    )
    moment = int(np.median(log.moment))
    trial = later_events(log, moment)
    first = [
        np.flatnonzero((log.user == user) & (log.moment >= moment))[0] for user in trial.visits.user
    ]
    assert trial.visits.beside["query"].tolist() == log.beside["query"].iloc[first].tolist()


def test_what_tells_of_the_item_is_refused() -> None:
    log = searched(users=60)
    price = pd.Series(log.item // 3 * 5.0)
    log = replace(log, beside=log.beside.assign(price=price))
    plan = plan_rankings(["two_tower"], params={"two_tower": {**FAST, "context": "price"}})
    assert plan.columns == ("price",)
    outcome = compare_rankings(log, plan).outcomes[0]
    assert outcome.status == "skipped"
    assert "“price” says the same in all rows of an item" in outcome.reason.render()


def test_what_says_which_item_it_was_is_refused() -> None:
    log = searched(users=60)
    variant = pd.Series([f"i{item}#{k % 2}" for k, item in enumerate(log.item)])
    log = replace(log, beside=log.beside.assign(variant=variant))
    plan = plan_rankings(["two_tower"], params={"two_tower": {**FAST, "context": "variant"}})
    outcome = compare_rankings(log, plan).outcomes[0]
    assert outcome.status == "skipped"
    assert "“variant” says of nearly all rows which item was chosen" in outcome.reason.render()


def test_each_kind_of_column_is_read() -> None:
    frame = pd.DataFrame(
        {
            "query": ["Red shoe", None, "shoe", "red  SHOE"],
            "hour": [3, 14, 3, 3],
            "price": [1.5, np.nan, 2.5, 9.75],
            "at": pd.to_datetime(
                ["2026-11-28 10:00", None, "2026-11-28 10:59", "2026-11-29 00:00"]
            ),
        }
    )
    reading = ContextReading.of(frame, list(frame))
    assert dict(reading.kinds) == {
        "query": "words",
        "hour": "words",
        "price": "number",
        "at": "time",
    }
    words, numbers = reading.words(frame), reading.numbers(frame)
    assert words.shape == (4, 3 * (1 + WORDS)) == (4, reading.width)
    assert 0 <= words.min() <= words.max() < PLACES
    query, hour, at = np.split(words, 3, axis=1)
    assert query[0, 1:3].tolist() == query[3, 1:3].tolist()
    assert not query[1].any()
    assert query[2, 0] != query[0, 0]
    assert (hour[[0, 2, 3], 0] == hour[0, 0]).all()
    assert hour[1, 0] != hour[0, 0]
    assert at[0, :2].tolist() == at[2, :2].tolist()
    assert not at[1].any()
    known = numbers[[0, 2, 3], 0]
    assert numbers[1, 0] == 0
    assert known.mean() == pytest.approx(0, abs=1e-6)
    assert known.std() == pytest.approx(1, abs=1e-6)
    # The same on every machine: what was learned of a word is found again.
    assert words[0, 0] == WORD_OF_RED_SHOE


WORD_OF_RED_SHOE = 2318


def test_what_was_a_time_and_is_none_in_another_log_says_nothing() -> None:
    times = pd.DataFrame({"at": pd.to_datetime(["2024-01-01 05:00", "2024-01-02 06:00"])})
    reading = ContextReading.of(times, ["at"])
    assert reading.words(times).any()
    for other in (["soon", "later"], [1.0, 2.0], [True, False]):
        assert not reading.words(pd.DataFrame({"at": other})).any()
