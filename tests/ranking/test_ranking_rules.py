"""Quality, a cap and diversity in lists, beside plain references of what was published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import two_tastes, visits_of

from rebal_core.params import ItemColumn
from rebal_core.ranking import rules as ruling
from rebal_core.ranking.compare import compare_rankings
from rebal_core.ranking.lists import cut
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.remedies import REMEDIES
from rebal_core.ranking.rules import Rules, standings, unserved

RERANK = REMEDIES["rerank"]


def drawn(n, items, seed=0):
    return np.random.default_rng(seed).normal(size=(n, items)).astype(np.float32)


def units_of(items, width, seed=1):
    found = np.random.default_rng(seed).normal(size=(items, width))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def mmr(scores, units, k, share, spread):
    """Maximal marginal relevance, place after place, as it is published."""
    shown: list[int] = []
    while len(shown) < min(k, len(scores)):
        worth = {}
        for item in set(range(len(scores))) - set(shown):
            near = max((float(units[item] @ units[one]) for one in shown), default=0.0)
            worth[item] = (1 - share) * scores[item] / spread - share * near
        shown.append(max(worth, key=lambda item: worth[item]))
    return shown


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_diverse_lists_are_those_of_maximal_marginal_relevance(share, sparse, monkeypatch):
    monkeypatch.setattr(ruling, "_BLOCK", 7 * 40)
    scores, units = drawn(25, 40), units_of(40, 5)
    cosines = sp.csr_matrix(units @ units.T) if sparse else None
    found = Rules(diversity=share, units=units, cosines=cosines).cut(scores, 6, spread=0.7)
    slow = [mmr(row.astype(float), units, 6, share, 0.7) for row in scores]
    assert found.tolist() == slow
    # Nearness to the last item alone, or to their mean, is another order.
    assert found.tolist() != [mmr(row.astype(float), units, 6, share / 2, 0.7) for row in scores]


def test_more_diversity_makes_lists_more_diverse():
    scores, units = drawn(50, 60), units_of(60, 4)
    told = [
        Rules(diversity=share, units=units).told(
            Rules(diversity=share, units=units).cut(scores, 8, spread=1.0)
        )["diversity"]
        for share in (0.0, 0.4, 0.9)
    ]
    assert told[0] < told[1] < told[2]


@settings(max_examples=60, deadline=None)
@given(
    items=st.integers(3, 30),
    groups=st.integers(1, 8),
    most=st.integers(1, 4),
    k=st.integers(1, 12),
    share=st.sampled_from([0.0, 0.5, 1.0]),
    few=st.integers(1, 30),
    seed=st.integers(0, 99),
)
def test_a_cap_holds_where_enough_items_exist_and_no_list_repeats(
    items, groups, most, k, share, few, seed
):
    rng = np.random.default_rng(seed)
    group = rng.integers(-1, groups, items)
    rules = Rules(group=group, most=most, diversity=share, units=units_of(items, 3))
    candidates, ruling.CANDIDATES = ruling.CANDIDATES, few
    try:
        found = rules.cut(drawn(6, items, seed), k, spread=1.0)
    finally:
        ruling.CANDIDATES = candidates
    room = (group < 0).sum() + np.minimum(np.bincount(group[group >= 0]), most).sum()
    for row in found:
        shown = row[row >= 0]
        assert len(set(shown.tolist())) == len(shown) == min(k, items)
        held = np.bincount(group[shown][group[shown] >= 0], minlength=1)
        if room >= k:
            assert held.max() <= most
        else:  # whatever the cap leaves stands before what breaks it
            kept = np.zeros(groups, dtype=int)
            first = shown[:room]
            np.add.at(kept, group[first][group[first] >= 0], 1)
            assert kept.max(initial=0) <= most


@settings(max_examples=30, deadline=None)
@given(items=st.integers(3, 40), k=st.integers(1, 10), seed=st.integers(0, 99))
def test_rules_that_never_bind_leave_the_lists(items, k, seed):
    scores = drawn(5, items, seed).round(1)
    adjust = np.random.default_rng(seed).normal(size=items)
    plain = cut(scores, k, adjust=adjust)
    for rules in (
        Rules(diversity=0.0, units=units_of(items, 3)),
        Rules(group=np.zeros(items, dtype=np.int64), most=100),
        Rules(standing=np.ones(items), weight=0.0),
    ):
        assert (rules.cut(scores, k, spread=0.3, adjust=adjust) == plain).all()


def test_what_a_visit_holds_stays_away_under_a_cap():
    scores, group = drawn(2, 12), np.arange(12) % 3
    seen = visits_of([0, 3, 6], [1])
    found = Rules(group=group, most=2).cut(scores, 6, spread=1.0, seen=seen)
    assert not set(found[0]) & {0, 3, 6}
    assert 1 not in found[1]
    assert (np.bincount(group[found[1]]) == 2).all()


def test_quality_lifts_by_its_standing_in_spreads_of_the_scores():
    quality = pd.Series([1.0, 2.0, np.nan, 9.0])
    standing = standings(quality)
    known = np.array([1.0, 2.0, 9.0])
    assert standing[[0, 1, 3]] == pytest.approx((known - 4) / known.std())
    assert standing[2] == 0
    scores = np.array([[4.0, 3.0, 2.9, 0.0]], dtype=np.float32)
    found = Rules(standing=standing, weight=0.5).cut(scores, 4, spread=2.0)
    assert found[0].tolist() == np.argsort(-(scores[0] + 0.5 * 2.0 * standing)).tolist()
    assert found[0].tolist() != [0, 1, 2, 3]
    assert standings(pd.Series([7.0, 7.0, np.nan])).tolist() == [0, 0, 0]


def test_what_breaks_a_cap_is_counted():
    rules = Rules(group=np.array([0, 0, 0, 1, -1, -1]), most=2)
    lists = np.array([[0, 1, 2], [0, 1, 3], [4, 5, 0], [1, -1, -1]])
    assert rules.told(lists) == {"over_cap": 0.25}
    assert Rules(group=np.zeros(3, dtype=int), most=5).told(lists[:1]) == {"over_cap": 0.0}


def ruled_log():
    log = two_tastes(users=120, items=20)
    kind = np.array([f"k{i % 4}" for i in range(20)], dtype=object)
    return replace(log, beside_items=pd.DataFrame({"kind": kind, "stars": np.arange(20) % 7 * 1.0}))


def test_an_arm_tells_what_its_rules_did_and_pays_for_them_within_its_price():
    params = {"quality": "stars", "quality_weight": "1", "cap": "kind", "most": "2"}
    params |= {"diversity": "0.4", "cost": "0.5"}
    plan = plan_rankings(["item_knn"], ["rerank"], {"rerank": params}, k=5)
    assert plan.item_columns == ("stars", "kind")
    assert plan.columns == ()
    found = compare_rankings(ruled_log(), plan).outcomes[1]
    assert set(found.ruled) == {"quality", "over_cap", "diversity"}
    assert found.ruled["quality"][1] > found.ruled["quality"][0]
    assert found.ruled["over_cap"][1] == 0.0 < found.ruled["over_cap"][0]
    assert found.ruled["diversity"][1] > found.ruled["diversity"][0]
    # Rules that take more than the price leave nothing for tau.
    dear = plan_rankings(["item_knn"], ["rerank"], {"rerank": {**params, "cost": "0"}}, k=5)
    paid = compare_rankings(ruled_log(), dear).outcomes[1]
    assert paid.tau == 0.0
    assert paid.note is not None
    assert "Its rules alone take the NDCG from" in paid.note.render()
    assert found.note is None


def test_what_cannot_be_ruled_is_said():
    log = ruled_log()
    asked = {**RERANK.params, "quality": "kind"}
    assert "“kind” holds neither numbers nor dates" in str(unserved(log, asked))
    bare = replace(log, about_items=None)
    for name, values, idle in (
        ("quality", [None, None], True),
        ("quality", [4.0, None], True),
        ("quality", [4.0, 4.0], True),
        ("quality", [4.0, 5.0], False),
        ("cap", [None, None], True),
        ("cap", ["a", None], False),
        ("cap", ["a", "a"], True),
    ):
        two = replace(log, beside_items=pd.DataFrame({"told": pd.Series(values)}))
        refused = str(unserved(two, {**RERANK.params, name: "told"}))
        assert refused.startswith("“told” has no two different values") is idle, (name, values)
    alike = {**RERANK.params, "diversity": 0.3, "alike": "attributes"}
    assert "no attributes of the items" in str(unserved(bare, alike))
    assert unserved(log, alike) is None
    assert unserved(bare, RERANK.params) is None
    plan = plan_rankings(["popularity"], ["rerank"], {"rerank": {"quality": "kind"}})
    assert compare_rankings(log, plan).outcomes[1].status == "skipped"


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda r: r.name)
def test_columns_of_items_and_of_events_are_asked_for_apart(remedy):
    named = {p.name: p.name for p in remedy.parameters if hasattr(p, "roles")}
    params = {**remedy.params, **named}
    of_items = {p.name for p in remedy.parameters if isinstance(p, ItemColumn)}
    assert set(remedy.item_columns(params)) == of_items
    assert not set(remedy.columns(params)) & of_items
