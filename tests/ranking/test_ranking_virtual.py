"""Made users of a segment: how they behave, how many there are, and that nobody judges by them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from logs import log_of, two_tastes

from rebal_core.ranking.bands import bands_of
from rebal_core.ranking.compare import compare_rankings
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.models.tower_events import events_of
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.remedies import REMEDIES
from rebal_core.ranking.remedies.virtual_behaviour import walks
from rebal_core.ranking.trial import last_events, later_events

REMEDY = REMEDIES["virtual_behaviour"]


def grown(log: EventLog, seed: int = 0, **params: Any) -> EventLog:
    assert REMEDY.grow is not None
    return REMEDY.grow(log, {**REMEDY.params, **params}, seed)


def lands(users: int = 60, seed: int = 0) -> EventLog:
    """Return a log of two lands: in one 0 leads to 1, in the other to 2; all end in 3."""
    rng = np.random.default_rng(seed)
    told = []
    for user in range(users):
        land = "at" if user % 6 == 0 else "de"
        begin = [0, 1, 3] if land == "at" else [0, 2, 3]
        told += [(user, item, land) for item in [0] * int(rng.integers(0, 3)) + begin]
    user, item, land = (list(part) for part in zip(*told, strict=True))
    log = log_of(user, item, weight=np.linspace(1, 2, len(item)))
    return replace(log, beside=pd.DataFrame({"land": land, "when": np.arange(len(log))}))


def pairs(log: EventLog, of: np.ndarray) -> np.ndarray:
    """Return how often each item leads to each, for users of some codes."""
    visits = log.visits(of)
    found = np.zeros((len(log.items),) * 2)
    within = visits.owner[1:] == visits.owner[:-1]
    np.add.at(found, (visits.item[:-1][within], visits.item[1:][within]), 1)
    return found


def test_without_the_made_users_the_log_is_what_it_was() -> None:
    log = lands()
    made = grown(log, segment="land", value="at", users=3.0)
    assert (made.made, len(made.users)) == (30, 90)
    back = made.real()
    assert len(made) > len(log) == len(back)
    for field in fields(log):
        was, now = getattr(log, field.name), getattr(back, field.name)
        if isinstance(was, np.ndarray):
            assert was.dtype == now.dtype
            assert was.tobytes() == now.tobytes() or was.tolist() == now.tolist()
    pd.testing.assert_frame_equal(back.beside, log.beside)
    assert (np.diff(made.moment) >= 0).all()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 4.0])
def test_so_many_users_are_made_as_were_asked_for_and_as_long_as_real_ones(share) -> None:
    log = lands()
    made = grown(log, segment="land", value="at", users=share)
    assert made.made == 10 * share
    events = np.bincount(made.user, minlength=len(made.users))
    real = {int(n) for n in events[:60:6]}
    assert set(events[60:]) <= real
    assert events[60:].sum() == len(made) - len(log)
    if share:
        plan = plan_rankings(["popularity"], ["virtual_behaviour"], told(users=share))
        note = str(compare_rankings(lands(), plan).outcomes[1].note)
        assert note.startswith(f"{10 * share:.0f} users with ")


def told(**params: Any) -> dict[str, dict[str, Any]]:
    return {"virtual_behaviour": {"segment": "land", "value": "at", **params}}


def test_they_behave_as_their_segment_does_and_back_off_to_everybody() -> None:
    log = lands(users=120)
    real, made = np.arange(120), np.arange(120, 120 + 10_000)
    at, every = pairs(log, real[real % 6 == 0])[0], pairs(log, real)[0]
    for backing in (0.0, 20.0, 1e6):
        grown_log = grown(log, segment="land", value="at", users=500.0, backing=backing)
        found = pairs(grown_log, made)[0]
        wanted = (at + backing * every / every.sum()) / (at.sum() + backing)
        assert found / found.sum() == pytest.approx(wanted, abs=0.02)
    assert at[2] == 0 < every[2]
    wrong = every / every.sum()
    assert np.abs((at / at.sum()) - wrong).max() > 0.2


def test_a_walk_that_leads_nowhere_begins_anew() -> None:
    log = log_of([0, 0, 1, 1], [0, 1, 0, 1])
    found = walks(log, np.array([True, False]), np.full(3, 4), 5.0, seed=0)
    assert log.item[found].T.tolist() == [[0, 1, 0, 1]] * 3


def test_without_a_segment_users_of_few_events_are_more() -> None:
    log = log_of([0, 0, 0, 1, 2, 2], [0, 1, 2, 3, 4, 5])
    made = grown(log, few=2, users=50.0, backing=0.0)
    assert made.made == 100
    assert set(made.item[len(log) :]) <= {3, 4, 5}
    refused = REMEDY.refuses(made.take(made.user == 0), {**REMEDY.params, "few": 2})
    assert str(refused) == "No user has 2 events or fewer."


def test_nobody_has_the_name_of_a_made_user() -> None:
    log = replace(lands(), users=np.array([f"made {k}" for k in range(60)], dtype=object))
    made = grown(log, segment="land", value="at", users=2.0)
    assert len(set(made.users)) == len(made.users) == 80


def test_made_users_are_never_asked_and_nothing_is_judged_by_them(monkeypatch) -> None:
    log = lands(users=120)
    made = grown(log, segment="land", value="at", users=20.0)
    assert last_events(made).visits.user.max() < 120
    middle = int(log.moment[len(log) // 2])
    assert later_events(made, middle).visits.user.max() < 120
    taste = two_tastes(users=200)
    taste = replace(taste, beside=pd.DataFrame({"land": np.array(["at", "de"])[taste.user % 2]}))
    seen = []
    grow = REMEDY.grow
    assert grow is not None

    def spied(log: EventLog, params: Any, seed: int) -> EventLog:
        seen.append(log)
        return grow(log, params, seed)

    plan = plan_rankings(["item_knn"], ["virtual_behaviour"], told(users=20.0), k=5)
    spy = replace(plan.arms[1], remedy=replace(REMEDY, grow=spied))
    found = compare_rankings(taste, replace(plan, arms=(plan.arms[0], spy)))
    assert len(seen) >= 2
    assert all(not log.made for log in seen)
    assert found.trial.log.made == 0
    assert found.trial.visits.user.max() < 200
    assert found.bands.tolist() == bands_of(last_events(taste).log.popularity).tolist()
    guarded = found.outcomes[1].segments
    assert guarded is not None
    assert sum(guarded.visits.values()) == len(found.trial.visits) == 200


def test_a_seed_makes_the_same_users_and_another_others() -> None:
    log = lands()
    one, same, other = (
        grown(log, seed, segment="land", value="at", users=5.0) for seed in (1, 1, 2)
    )
    assert one.item.tolist() == same.item.tolist()
    assert one.item.tolist() != other.item.tolist()


def test_a_value_that_is_nobodys_last_is_refused() -> None:
    log = replace(log_of([0, 0], [0, 1]), beside=pd.DataFrame({"land": ["at", "de"]}))
    refused = REMEDY.refuses(log, {**REMEDY.params, "segment": "land", "value": "at"})
    assert str(refused) == "“at” is nobody's last value."


@pytest.mark.parametrize(("users", "made"), [(0.0, 0), (0.2, 0), (0.4, 1)])
def test_a_number_that_makes_nobody_is_refused(users, made) -> None:
    params = told(segment="land", value="at", users=users)["virtual_behaviour"]
    log = replace(log_of([0, 0, 1], [0, 1, 1]), beside=pd.DataFrame({"land": ["at"] * 3}))
    assert grown(log, **params).made == made
    refused = REMEDY.refuses(log, {**REMEDY.params, **params})
    said = f"With {users:g} for each of 2 users nobody is made; raise “Made users”."
    assert str(refused) == ("None" if made else said)


def test_a_network_does_not_stop_by_made_users() -> None:
    made = grown(two_tastes(users=60), few=100, users=3.0)
    events = events_of(made)
    learned, held = events.split()
    assert len(held) > 0
    user = np.sort(made.user, kind="stable")
    assert (user[held.numpy()] < 60).all()
    assert (user[learned.numpy()] >= 60).sum() == events.made == (made.user >= 60).sum()
    _, of_all = replace(events, made=0).split()
    assert (user[of_all.numpy()] >= 60).any()
