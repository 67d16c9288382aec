"""A whole comparison of rankings on planted logs: what it finds, and what it leaves unsaid."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from logs import two_tastes

from rebal_core.cli.frame import main
from rebal_core.ranking.compare import RankingComparison, compare_rankings
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.plan import plan_rankings
from rebal_core.ranking.sentences import sentence_of_arm, sentence_of_run
from rebal_core.ranking.verdict import FEWEST_TAIL

ITEMS, KINDS = 60, 6


def planted(users: int = 400, seed: int = 0) -> pd.DataFrame:
    """Return a log in which everybody stays within one kind of items, and few items take most."""
    rng = np.random.default_rng(seed)
    share = 1.0 / (1 + np.arange(ITEMS // KINDS)) ** 1.2
    rows = []
    for user in range(users):
        kind, n = int(rng.integers(KINDS)), int(rng.integers(4, 9))
        picked = rng.choice(len(share), n, p=share / share.sum())
        rows += [(f"u{user:03d}", f"p{kind}-{int(item)}", kind, i) for i, item in enumerate(picked)]
    table = pd.DataFrame(rows, columns=["who", "what", "kind", "step"])
    table["when"] = pd.to_datetime("2026-05-01") + pd.to_timedelta(
        table["step"] * 1000 + np.arange(len(table)), "s"
    )
    return table.drop(columns="step")


def log_of(table: pd.DataFrame) -> EventLog:
    table = table.sort_values("when", kind="stable")
    user, users = pd.factorize(table["who"], sort=True)
    item, items = pd.factorize(table["what"], sort=True)
    n = len(table)
    return EventLog(
        user=user.astype(np.int64),
        item=item.astype(np.int64),
        weight=np.ones(n),
        moment=np.arange(n),
        row=np.arange(n),
        users=np.asarray(users, dtype=object),
        items=np.asarray(items, dtype=object),
    )


@cache
def compared() -> RankingComparison:
    words = ["none", "rerank", "popularity_weight", "tail_upweight"]
    plan = plan_rankings(["popularity", "item_knn"], words, {"rerank": {"cost": 0.1}}, k=5)
    return compare_rankings(log_of(planted()), plan)


def test_the_model_that_knows_the_kinds_is_ahead_of_popularity() -> None:
    best = compared().best
    assert best is not None
    assert best.model == "item_knn"
    difference, _, p = best.ahead["popularity"]
    assert difference.gain > 0.2
    assert p < 0.001


def test_each_untreated_arm_has_its_reranked_reference_and_no_verdict() -> None:
    for outcome in compared().outcomes:
        assert outcome.status == "done"
        assert outcome.reference is not None
        assert (outcome.verdict is None) == outcome.arm.remedy.untreated


def test_the_reranked_arm_is_the_order_at_the_price_that_was_asked() -> None:
    found = {o.arm.name: o for o in compared().outcomes}
    arm, front = found["rerank/item_knn"], compared().fronts["item_knn"]
    assert arm.tau is not None
    assert arm.tau > 0
    line = front[front["tau"] == arm.tau].iloc[0]
    assert line["ndcg"] >= 0.9 * front["ndcg"].iloc[0]
    assert arm.reference is not None
    assert arm.reference.tau == 0.0
    untreated = found["none/item_knn"].scored
    assert arm.reference.scored is untreated


def test_a_reference_costs_what_the_remedy_costs() -> None:
    for outcome in compared().outcomes:
        if outcome.arm.model.name == "item_knn" and outcome.arm.remedy.weigh is not None:
            assert outcome.verdict is not None
            assert outcome.verdict.price == "equal"
            assert abs(outcome.verdict.ndcg.gain) < 0.01


def test_the_same_seed_gives_the_same_lists() -> None:
    plan = plan_rankings(["item_knn"], ["tail_upweight"], k=5)
    log = log_of(planted(users=60))
    one, two = (compare_rankings(log, plan).outcomes for _ in range(2))
    for a, b in zip(one, two, strict=True):
        assert a.scored is not None
        assert b.scored is not None
        assert (a.scored.lists == b.scored.lists).all()


def test_a_model_that_cannot_serve_the_log_is_skipped_with_its_reason() -> None:
    found = compare_rankings(log_of(planted(users=60)), plan_rankings(["content", "popularity"]))
    skipped = [o for o in found.outcomes if o.status == "skipped"]
    assert [o.arm.name for o in skipped] == ["none/content"]
    assert skipped[0].reason is not None
    assert found.best is not None
    assert found.best.model == "popularity"


def typed(tmp_path, capsys, *words: str, table: pd.DataFrame | None = None) -> tuple[int, Any, str]:
    """Return the exit code, the JSON or text, and what was said beside it."""
    (planted(users=80) if table is None else table).to_csv(tmp_path / "log.csv", index=False)
    names = ["--user", "who", "--item", "what", "--time", "when"]
    code = main(["recommend", str(tmp_path / "log.csv"), *names, *words])
    out, beside = capsys.readouterr()
    return code, json.loads(out) if "--json" in words else out, beside


def test_the_command_tells_each_metric_over_all_and_over_each_band(tmp_path, capsys) -> None:
    words = ("--models", "popularity,item_knn", "--k", "5", "--json", "-")
    code, told, _ = typed(tmp_path, capsys, *words)
    assert code == 0
    assert [(a["model"], a["strategy"]) for a in told["arms"]] == [
        ("popularity", "none"),
        ("item_knn", "none"),
    ]
    for arm in told["arms"]:
        for metric in ("recall", "ndcg", "mrr", "map"):
            assert set(arm["metrics"][metric]) == {"all", "head", "mid", "tail"}
            low, high = arm["intervals"][metric]["all"]
            assert low <= arm["metrics"][metric]["all"] <= high
        assert arm["verdict"]["reference"]["strategy"] in ("none", "rerank")
    assert told["log"]["about_items"] == ["kind"]
    assert told["protocol"]["visits"] == 80
    assert sum(band["items"] for band in told["protocol"]["bands"].values()) == told["log"]["items"]


def test_the_command_tells_people_what_it_found(tmp_path, capsys) -> None:
    code, told, _ = typed(tmp_path, capsys, "--models", "item_knn", "--strategies", "rerank")
    assert code == 0
    assert "none/item_knn, rerank/item_knn: It counts what was taken" in told
    assert "judged by the last event of 80 users" in told
    assert "rerank/item_knn" in told
    assert "item_knn is the only model." in told


def test_the_command_tells_of_a_column_of_events_that_nobody_named(tmp_path, capsys) -> None:
    table = planted(users=80).assign(行为="点击")
    words = ("--models", "popularity")
    assert 'add --event "行为"' in typed(tmp_path, capsys, *words, table=table)[2]
    named = typed(tmp_path, capsys, *words, "--event", "行为", table=table)[2]
    assert "add --event" not in named
    assert "add --event" not in typed(tmp_path, capsys, *words)[2]


def test_where_lists_leave_out_what_was_had_only_new_items_are_asked(tmp_path, capsys) -> None:
    table = planted(users=80)
    ordered = table.sort_values(["who", "when"])
    last = ordered.groupby("who").tail(1)
    before = ordered.drop(last.index)[["who", "what"]].drop_duplicates()
    new = len(last) - len(last.merge(before, on=["who", "what"]))
    told = typed(tmp_path, capsys, "--models", "item_knn", "--json", "-", "--unseen", table=table)[
        1
    ]
    assert told["protocol"]["unseen"]
    assert told["protocol"]["visits"] == new < 80


def test_a_log_in_which_all_come_back_has_nothing_new_to_ask(tmp_path, capsys) -> None:
    table = planted(users=80).sort_values(["who", "when"])
    again = table.groupby("who").head(2).copy()
    again["what"] = again.groupby("who")["what"].transform("first")
    words = ("--models", "popularity", "--unseen")
    code, _, beside = typed(tmp_path, capsys, *words, table=again)
    assert code == 2
    assert "The last event of 0 users is of an item that they had not had before" in beside


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--models", "nothing"], "There is no model called “nothing”"),
        (["--event", "none"], "The table has no column “none”"),
        (["--set", "ease.l2=3"], "--set names “ease”"),
        (["--k", "0"], "--k"),
        (["--strategies", "smote"], "There is no strategy called “smote”"),
    ],
)
def test_the_command_refuses_in_one_sentence(tmp_path, capsys, words, sentence) -> None:
    code, out, beside = typed(tmp_path, capsys, *words)
    assert code == 2
    assert out == ""
    assert sentence in beside
    assert len(beside.strip().splitlines()) == 1


def test_a_log_without_tastes_is_said_to_have_none() -> None:
    rng = np.random.default_rng(5)
    share = 1.0 / (1 + np.arange(40)) ** 1.1
    table = pd.DataFrame(
        {
            "who": np.repeat([f"u{n}" for n in range(300)], 5),
            "what": [f"p{i}" for i in rng.choice(40, 1500, p=share / share.sum())],
            "when": np.arange(1500),
        }
    )
    found = compare_rankings(log_of(table), plan_rankings(["item_knn", "popularity"]))
    said = sentence_of_run(found).render()
    assert said.startswith(
        "No model is shown to order better than popularity, which shows everybody"
    )


def test_a_remedy_that_only_knows_the_border_of_the_tail_does_not_beat_a_decision() -> None:
    """A weight on the tail lifts what it is judged by, as a step on its scores does, untrained."""
    log = log_of(planted(users=1500, seed=2))
    found = compare_rankings(log, plan_rankings(["ease"], ["tail_upweight"], k=5))
    verdict = {o.arm.name: o.verdict for o in found.outcomes}["tail_upweight/ease"]
    assert verdict is not None
    assert verdict.code != "HELPS"


def test_a_remedy_that_does_nothing_changes_nothing() -> None:
    settings = {
        "two_tower": {"size": 8, "hidden": 8, "epochs": 1},
        "popularity_weight": {"power": 0.0},
        "tail_upweight": {"factor": 1.0},
    }
    plan = plan_rankings(["two_tower"], ["popularity_weight", "tail_upweight"], settings)
    plain, *idle = compare_rankings(log_of(planted(users=60)), plan).outcomes
    for outcome in idle:
        assert outcome.scored.lists.tolist() == plain.scored.lists.tolist()
        assert "all events count alike here" in str(outcome.note)


def test_few_visits_in_the_tail_are_no_ground_for_a_sentence_about_it(tmp_path, capsys) -> None:
    words = ("--models", "item_knn", "--strategies", "rerank,tail_upweight", "--json", "-")
    for users, few in ((60, True), (400, False)):
        told = typed(tmp_path, capsys, *words, table=planted(users))[1]
        assert (told["protocol"]["bands"]["tail"]["visits"] < FEWEST_TAIL) is few
        said = [arm["verdict"]["sentence"] for arm in told["arms"]]
        assert [one.startswith("Too few visits end in the tail") for one in said] == [few] * 3


def test_few_users_have_to_make_sure_of_the_price_of_re_ranking() -> None:
    log, plan = two_tastes(users=30, items=20, seed=2), plan_rankings(["item_knn"], ["rerank"], k=5)
    unsure = compare_rankings(log, plan).outcomes[1]
    assert unsure.tau == 0.0
    assert unsure.note is not None
    assert "the 30 users by whom it is chosen are too few" in unsure.note.render()
    free = plan_rankings(["item_knn"], ["rerank"], {"rerank": {"cost": 1}}, k=5)
    sure = compare_rankings(log, free).outcomes[1]
    assert sure.tau == 1.0
    assert sure.note is None


def test_a_price_that_is_passed_is_said_with_its_numbers() -> None:
    # The last event but one is of anything, the last one of what is most popular.
    users, items = 600, 120
    rng = np.random.default_rng(1)
    taken = rng.geometric(0.05, (6, users)).clip(max=items) - 1
    taken[4] = rng.integers(items // 3, items, users)
    taken[5] = rng.integers(0, 5, users)
    table = pd.DataFrame({"who": np.tile(np.arange(users), 6), "what": taken.ravel()})
    table["when"] = np.arange(len(table))
    plan = plan_rankings(["item_knn"], ["rerank"], {"rerank": {"cost": 0.1}}, k=5)
    found = compare_rankings(log_of(table), plan)
    _, arm = found.outcomes
    assert arm.reference is not None
    assert arm.scored is not None
    before = arm.reference.scored.means["ndcg"]["all"][0]
    assert arm.scored.means["ndcg"]["all"][0] < 0.9 * before
    said = sentence_of_arm(arm, arm.reference, found.in_tail).render()
    assert re.search(r"It costs \d.*% of the NDCG, where 10.0% was its price", said), said
