"""Trials: what is learned from, who is asked, and that nothing of the future is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebal_core.ranking.log import EventLog
from rebal_core.ranking.trial import Truth, last_events, later_events


def log_of(user: list[int], item: list[int], moment: list[int] | None = None) -> EventLog:
    when = np.arange(len(user)) if moment is None else np.asarray(moment)
    return EventLog(
        user=np.asarray(user),
        item=np.asarray(item),
        weight=np.ones(len(user)),
        moment=when,
        row=np.arange(len(user)),
        users=np.array([f"u{u}" for u in range(max(user) + 1)], dtype=object),
        items=np.array([f"i{i}" for i in range(max(item) + 1)], dtype=object),
    )


def offered(log: EventLog, user: list[int], moment: list[int]) -> EventLog:
    """Return the log with item 0 shown to these users at these moments, and left alone."""
    n = len(user)
    shown = replace(
        log,
        user=np.asarray(user),
        item=np.zeros(n, dtype=np.int64),
        weight=np.ones(n),
        moment=np.asarray(moment),
        row=np.arange(n),
    )
    return replace(log, shown=shown)


def test_what_was_shown_since_the_last_known_event_is_not_known() -> None:
    # User 0 is asked at moment 20, user 1 did one thing and is not asked, -1 is nobody known.
    log = log_of([0, 1, 0], [1, 2, 1], [5, 10, 20])
    log = offered(log, [0, 0, 0, 0, 0, 1, -1], [4, 5, 6, 19, 20, 30, 30])
    kept = last_events(log).log.shown
    assert kept is not None
    assert list(zip(kept.user, kept.moment, strict=True)) == [(0, 4), (0, 5), (1, 30), (-1, 30)]


def test_what_was_shown_at_the_moment_that_is_asked_for_is_not_known() -> None:
    log = offered(log_of([0, 0], [1, 0], [5, 5]), [0, 0], [4, 5])
    kept = last_events(log).log.shown
    assert kept is not None
    assert kept.moment.tolist() == [4]


def test_what_was_left_alone_does_not_tell_what_is_asked_for() -> None:
    # Two users with the same past are shown the same and take another item.
    for taken in (0, 1):
        log = log_of([0, 0], [2, taken], [1, 9])
        log = replace(log, items=np.array(["i0", "i1", "i2"], dtype=object))
        kept = last_events(offered(log, [0, 0], [0, 5])).log.shown
        assert kept is not None
        assert kept.moment.tolist() == [0]


def test_what_was_shown_in_the_future_is_not_known() -> None:
    log = offered(log_of([0, 1, 0], [1, 2, 1], [0, 10, 20]), [0, -1, 1, -1], [9, 9, 10, 10])
    kept = later_events(log, 10).log.shown
    assert kept is not None
    assert kept.moment.tolist() == [9, 9]


LOGS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), min_size=1, max_size=40).map(
    lambda events: log_of([u for u, _ in events], [i for _, i in events])
)


@given(LOGS)
def test_the_last_event_of_each_user_is_asked_and_not_learned(log) -> None:
    trial = last_events(log)
    asked = [u for u in range(len(log.users)) if (log.user == u).sum() >= 2]
    assert trial.visits.user.tolist() == asked
    for place, user in enumerate(asked):
        did = log.item[log.user == user].tolist()
        visit = trial.visits.take(np.array([place]))
        assert visit.item.tolist() == did[:-1]
        at = slice(trial.truth.starts[place], trial.truth.starts[place + 1])
        assert trial.truth.item[at].tolist() == did[-1:]
    assert len(trial.log) == len(log) - len(asked)
    assert trial.log.items is log.items


@given(LOGS, st.integers(0, 40))
def test_what_happens_from_a_moment_on_is_asked_and_not_learned(log, moment) -> None:
    trial = later_events(log, moment)
    assert (trial.log.moment < moment).all()
    for place, user in enumerate(trial.visits.user):
        mine = log.user == user
        at = slice(trial.truth.starts[place], trial.truth.starts[place + 1])
        assert trial.truth.item[at].tolist() == sorted(set(log.item[mine & (log.moment >= moment)]))
        visit = trial.visits.take(np.array([place]))
        assert visit.item.tolist() == log.item[mine & (log.moment < moment)].tolist()
        assert len(visit.item) > 0


def test_the_matrix_of_visits_sums_what_was_done_twice() -> None:
    log = log_of([0, 1, 0, 0], [2, 1, 2, 0])
    assert log.visits().matrix(3).toarray().tolist() == [[1, 0, 2], [0, 1, 0]]
    assert log.visits(np.array([1, 0, 1])).matrix(3).toarray().tolist() == [
        [0, 1, 0],
        [1, 0, 2],
        [0, 1, 0],
    ]
    assert log.popularity.tolist() == [1, 1, 2]


@pytest.mark.parametrize("kept", [[], [1], [0, 1, 2]])
def test_a_truth_within_some_items_keeps_its_visits(kept) -> None:
    truth = Truth(np.array([0, 2, 2, 3]), np.array([0, 1, 2]))
    band = np.isin(np.arange(3), kept)
    left = truth.within(band)
    assert len(left) == 3
    for visit in range(3):
        before = truth.item[truth.starts[visit] : truth.starts[visit + 1]]
        after = left.item[left.starts[visit] : left.starts[visit + 1]]
        assert after.tolist() == [i for i in before if i in kept]


@given(LOGS)
def test_a_trial_of_new_items_asks_for_nothing_that_a_visit_holds(log) -> None:
    whole = last_events(log)
    trial = whole.of_new()
    assert len(trial.truth) == len(trial.visits)
    asked = set(trial.visits.user.tolist())
    for place, user in enumerate(whole.visits.user):
        visit = whole.visits.take(np.array([place]))
        at = slice(whole.truth.starts[place], whole.truth.starts[place + 1])
        is_new = not set(whole.truth.item[at]) & set(visit.item)
        assert (user in asked) == is_new
    assert (np.diff(trial.truth.starts) == 1).all()
