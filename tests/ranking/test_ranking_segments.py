"""A remedy that is aimed at one segment: who is in it, and whom it makes worse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from logs import log_of, two_tastes

from rebal_core.evaluation.intervals import Difference, holm
from rebal_core.ranking import compare, work
from rebal_core.ranking.draws import UserDraws
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.metrics import ndcg
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.remedies import REMEDIES
from rebal_core.ranking.segments import Aim, Guard, guard, segments_of
from rebal_core.ranking.sentences import _of_segments, sentence_of_arm
from rebal_core.ranking.trial import Trial, last_events
from rebal_core.ranking.verdict import TailVerdict


def in_lands(log: EventLog, land: list[object]) -> EventLog:
    """Return the log with the land of each event."""
    return replace(log, beside=pd.DataFrame({"land": pd.Series(land, dtype=object)}))


def test_somebody_is_where_he_was_known_to_be_last_before_he_is_asked() -> None:
    log = log_of([0, 1, 0, 1, 2, 0, 1, 3, 3], [0, 1, 2, 0, 1, 2, 0, 1, 2])
    log = in_lands(log, ["at", "de", "fr", None, None, "it", "de", None, 7.0])
    assert segments_of(log, "land").tolist() == ["it", "de", None, "7"]
    # The last event of who is asked says nothing of him.
    assert segments_of(last_events(log).log, "land").tolist() == ["fr", "de", None, None]


def test_events_of_the_segment_count_more() -> None:
    remedy = REMEDIES["segment_target"]
    assert remedy.weigh is not None
    log = in_lands(log_of([0, 0, 1, 1], [0, 1, 0, 1]), ["de", "at", "de", "de"])
    params = {**remedy.params, "segment": "land", "value": "at", "factor": 5.0}
    assert remedy.weigh(log, params) == pytest.approx(np.array([5, 5, 1, 1]) / 3)
    of_events = remedy.weigh(log, {**params, "by": "events"})
    assert of_events == pytest.approx(np.array([1, 5, 1, 1]) / 2)


def test_a_segment_that_nobody_is_in_is_refused_with_those_that_are() -> None:
    remedy = REMEDIES["segment_target"]
    log = in_lands(log_of([0, 0, 1], [0, 1, 0]), ["de", "at", "de"])
    told = remedy.refuses(log, {**remedy.params, "segment": "land", "value": "fr"})
    assert str(told) == "No event has “fr” in “land”; there are “de”, “at”."


LANDS = {"at": 200, "de": 300, "fr": 40, "li": 29}


def judged(value: str, *, right: dict[str, float], untreated: float = 0.5, k: int = 3) -> Guard:
    """Return what is said of lists that are right for such parts of each land's users."""
    trial = trial_of_lands()
    rng = np.random.default_rng(0)
    lot = rng.random(len(trial.visits))
    land = segments_of(trial.log, "land")[trial.visits.user]

    def lists(parts: dict[str, float]) -> np.ndarray:
        hit = lot < np.array([parts[name] for name in land])
        found = np.full((len(land), k), -1, dtype=np.int64)
        found[:, 1] = np.where(hit, trial.truth.item, 1 - trial.truth.item)
        return found

    draws = UserDraws(len(trial.visits), len(trial.log), seed=1)
    before = dict.fromkeys(LANDS, untreated)
    return guard(Aim("land", value), trial, lists({**before, **right}), lists(before), draws)


def trial_of_lands() -> Trial:
    users = sum(LANDS.values())
    land = np.repeat(list(LANDS), list(LANDS.values()))
    log = log_of(np.tile(np.arange(users), 4), np.tile(np.arange(users) % 2, 4), items=2)
    return last_events(in_lands(log, list(np.tile(land, 4))))


def test_segments_that_pay_are_named_and_their_price_is_no_help() -> None:
    found = judged("at", right={"at": 0.8, "de": 0.3})
    assert found.worse == ("de",)
    assert found.code == "CANT_TELL"
    assert list(found.visits.items()) == [("at", 200), ("de", 300), ("fr", 40)]
    assert found.left_out == 1
    assert judged("at", right={"at": 0.8}).code == "HELPS"
    assert judged("at", right={"at": 0.3, "de": 0.8}).code == "HURTS"
    assert judged("at", right={}).code == "CANT_TELL"
    assert judged("li", right={"at": 0.8}).code == "NO_VERDICT"


def test_each_segment_has_the_difference_of_its_own_users() -> None:
    found = judged("at", right={"at": 0.8, "de": 0.45})
    trial = trial_of_lands()
    land = segments_of(trial.log, "land")[trial.visits.user]
    lot = np.random.default_rng(0).random(len(land))
    # Place 2 is worth 1 / log2(3).
    was, now = ((lot < part) / np.log2(3) for part in (0.5, np.where(land == "at", 0.8, 0.45)))
    for name in ("at", "de"):
        change, own = found.changes[name]["ndcg"], land == name
        assert change.arm == pytest.approx(now[own].mean())
        assert change.untreated == pytest.approx(was[own].mean())
        assert change.difference.gain == pytest.approx((now - was)[own].mean(), abs=1e-6)
        plain = (now - was)[own].std() / np.sqrt(own.sum())
        wider = np.sqrt(1 + len(land) / len(trial.log))
        assert change.difference.se == pytest.approx(wider * plain, rel=0.15)
    changes = [c for one in found.changes.values() for c in one.values()]
    assert [c.p for c in changes] == pytest.approx(holm([c.difference.p for c in changes]))
    assert found.changes["fr"]["recall"].p == 1.0
    assert ndcg(np.array([[-1, 0]]), trial.truth.take(np.array([0])))[0] == pytest.approx(
        1 / np.log2(3)
    )


def aimed(params: dict[str, object]) -> compare.RankingComparison:
    log = two_tastes(users=200)
    log = in_lands(log, ["even" if user % 2 == 0 else "odd" for user in log.user])
    plan = plan_rankings(["item_knn"], ["segment_target"], {"segment_target": params}, k=5)
    return compare.compare_rankings(log, plan)


def test_a_gain_in_the_tail_that_a_segment_pays_for_is_not_said_to_help(monkeypatch) -> None:
    helps = TailVerdict("HELPS", Difference(0.2, 0.01), Difference(0.0, 0.01))
    monkeypatch.setattr(compare, "tail_verdicts", lambda pairs, *_: [helps] * len(pairs))
    params = {"segment": "land", "value": "even"}
    found = aimed(params).outcomes[1]
    assert found.segments is not None
    assert found.verdict is not None
    assert found.verdict.code == "HELPS"
    worse = replace(judged("at", right={"at": 0.8, "de": 0.3}), aim=Aim("land", "at"))
    monkeypatch.setattr(work, "guard", lambda *_: worse)
    found = aimed(params).outcomes[1]
    assert found.verdict is not None
    assert found.verdict.code == "CANT_TELL"
    assert found.reference is not None
    said = str(sentence_of_arm(found, found.reference, 30))
    assert "It finds more of the tail than re-ranking at its price" in said
    assert said.endswith("made worse in NDCG or recall: “de”.")


def test_an_arm_that_is_aimed_tells_of_every_segment() -> None:
    found = aimed({"segment": "land", "value": "even"}).outcomes
    assert found[0].segments is None
    assert found[1].segments is not None
    assert dict(found[1].segments.visits) == {"even": 100, "odd": 100}
    assert found[1].reference is not None
    said = str(sentence_of_arm(found[1], found[1].reference, 30))
    assert " of “even” goes from " in said


def test_where_lands_want_other_things_the_one_that_is_aimed_at_gains_and_the_other_is_named() -> (
    None
):
    """All see the same list: what one land gains in its first place another loses."""
    user = np.repeat(np.arange(150), 4)
    land = np.where(np.arange(150) < 50, "at", "de")
    item = np.where(land[user] == "at", 1, 2)
    item[::4] = 3 + np.arange(150) % 5
    log = in_lands(log_of(user, item, users=150, items=8), list(land[user]))
    params = {"segment": "land", "value": "at", "factor": 20.0}
    plan = plan_rankings(["popularity"], ["segment_target"], {"segment_target": params}, k=1)
    found = compare.compare_rankings(log, plan).outcomes[1].segments
    assert found is not None
    recalls = {name: (c["recall"].untreated, c["recall"].arm) for name, c in found.changes.items()}
    assert recalls == {"at": (0, 1), "de": (1, 0)}
    assert found.worse == ("de",)
    assert found.code == "CANT_TELL"


def test_what_is_told_is_the_metric_by_which_it_is_shown() -> None:
    lost = judged("at", right={"at": 0.3, "de": 0.8})
    assert lost.worse == ("at",)
    ndcg = lost.changes["at"]["ndcg"]
    blurred = replace(ndcg, difference=Difference(ndcg.difference.gain, 10.0), p=1.0)
    changes = {**lost.changes, "at": {**lost.changes["at"], "ndcg": blurred}}
    said = str(_of_segments(replace(lost, changes=changes)))
    assert said.startswith("The recall of “at” goes from ")


def test_where_no_segment_has_enough_users_the_run_goes_on() -> None:
    log = two_tastes(users=20)
    log = replace(log, beside=pd.DataFrame({"land": np.where(log.user % 2, "odd", "even")}))
    params = {"segment_target": {"segment": "land", "value": "even"}}
    found = compare.compare_rankings(log, plan_rankings(["item_knn"], ["segment_target"], params))
    arm = found.outcomes[1]
    assert arm.status == "done"
    assert arm.segments is not None
    assert arm.segments.changes == {}
    assert arm.reference is not None
    assert "Too few users of “even” are asked" in str(sentence_of_arm(arm, arm.reference, 30))
