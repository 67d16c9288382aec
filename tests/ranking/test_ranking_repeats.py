"""What comes last and was there before: how often, and what showing it again is worth."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from logs import log_of, visits_of

from rebal_core.ranking.compare import RankingComparison, compare_rankings
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.repeats import latest_lists
from rebal_core.ranking.sentences import sentence_of_repeats


@given(st.lists(st.lists(st.integers(0, 6), max_size=9), max_size=6), st.integers(1, 5))
def test_the_latest_lists_are_those_of_a_plain_loop(held: list[list[int]], k: int) -> None:
    found = latest_lists(visits_of(*held), k)
    plain = [(list(dict.fromkeys(reversed(items))) + [-1] * k)[:k] for items in held]
    assert found.tolist() == plain


def compared(again: float, *words: str, users: int = 300) -> RankingComparison:
    """Return a comparison on users without tastes, a part of whom end on what they had last."""
    rng = np.random.default_rng(3)
    items = rng.integers(0, 50, (users, 5))
    same = rng.random(users) < again
    items[same, -1] = items[same, -2]
    log = log_of(np.tile(np.arange(users), 5), items.T.ravel(), users=users, items=50)
    return compare_rankings(log, plan_rankings(["popularity"], ["none"], unseen="unseen" in words))


def test_no_model_is_above_what_the_users_do_again() -> None:
    found = compared(0.6)
    repeats = found.repeats
    assert repeats is not None
    assert repeats.had >= repeats.right_before > 0.5
    assert repeats.ahead is not None
    assert repeats.ahead.interval(0.05)[1] < 0
    # Who shows the item right before it first has at least these right.
    assert repeats.means["ndcg"]["all"][0] >= repeats.right_before
    said = sentence_of_repeats(found)
    assert said is not None
    assert "no model is shown to do better" in said.render()


def test_nothing_is_said_where_new_items_alone_are_asked() -> None:
    found = compared(0.6, "unseen")
    assert found.repeats is None
    assert sentence_of_repeats(found) is None
