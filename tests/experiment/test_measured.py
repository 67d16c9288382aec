"""What runs took corrects what others are guessed to take; nothing here is timed."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from rebal_core.arm import Arm, Protocol
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.estimate import (
    START_SECONDS,
    Piece,
    estimate,
    guessed,
    judging,
    pieces_of,
    whole_seconds,
)
from rebal_core.experiment.graph import comparison
from rebal_core.experiment.machine import worker_count
from rebal_core.experiment.measured import Measured, learned, measured_in
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.sizes import facts_of
from rebal_core.facts import TableFacts
from rebal_core.store import Store
from rebal_core.store.ledger import Ledger

FACTS = TableFacts(12_000, (10_000, 2_000), 14, 3, 0, 0)
NEAR = ("enn", "tomek", "borderline_smote", "adasyn", "smote", "smote_tomek")


def cell(strategy, classifier, seconds):
    return Piece("cell", seconds, Arm(strategy, classifier))


def test_without_runs_a_guess_stands():
    one = cell("smote", "logistic", 2.0)
    assert Measured().of_table("t")(one) == guessed(one) == 2.0


def test_the_same_work_tells_more_than_the_rest():
    past = [("t", cell("none", "logistic", 1.0), 4.0)] * 5
    past += [("t", cell("none", "random_forest", 10.0), 10.0)] * 5
    told = learned(past).of_table("t")
    assert told(cell("none", "logistic", 1.0)) == pytest.approx(3.6, abs=0.4)
    assert told(cell("none", "random_forest", 10.0)) == pytest.approx(10.0, rel=0.15)
    assert 2.5 < told(cell("smote", "logistic", 1.0)) < 4.0, "another remedy on the same model"
    assert 1.0 < told(cell("none", "mlp", 1.0)) < 1.5, "a model that was never fitted"


def test_another_table_tells_less_than_this_one():
    past = [
        ("here", cell("none", "logistic", 1.0), 1.0),
        ("there", cell("none", "logistic", 1.0), 9.0),
    ]
    measured = learned(past * 4)
    one = cell("none", "logistic", 1.0)
    here, there, elsewhere = (measured.of_table(t)(one) for t in ("here", "there", "new"))
    assert here < 2 < elsewhere < 7 < there


def test_what_took_a_blink_says_nothing_of_minutes():
    told = learned([("t", cell("smote", "logistic", 0.05), 0.5)] * 20).of_table("t")
    assert told(cell("smote", "logistic", 120.0)) < 180.0, "ten times as long, as they did"
    assert told(cell("smote", "logistic", 0.05)) == pytest.approx(0.5, rel=0.05)


def test_a_search_that_steps_share_is_counted_once():
    arms = [Arm(name, "logistic") for name in NEAR]
    alone = sum(sum(p.seconds for p in pieces_of([a], FACTS, 0.8)[1:]) for a in arms)
    pieces = pieces_of(arms, FACTS, 0.8)
    together = sum(p.seconds for p in pieces[1:])
    searched = [p.seconds for p in pieces if p.kind == "resample"]
    enn, tomek = searched[:2]
    assert together < alone - 3 * (enn - tomek) < alone
    assert tomek < enn / 3
    twice = pieces_of([Arm("enn", "logistic"), Arm("tomek", "mlp")], FACTS, 0.8)
    first, other = (p.seconds for p in twice if p.kind == "resample")
    assert other > first / 2, "a network holds rows out, so its rows are others"


def test_shared_fits_and_rows_are_one_piece():
    arms = [Arm(s, c) for c in ("logistic", "linear_svm") for s in ("none", "threshold", "smote")]
    kinds = [p.kind for p in pieces_of(arms, FACTS, 0.8)]
    assert kinds == ["prepare", "cell", "resample", "cell", "cell", "cell"]


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def past(store, tiny_binary):
    """A run whose pieces took 3 to 6 times as long as guessed, each arm by a factor of its own."""
    _, folder = store.new_dataset_folder()
    dataset = from_frame(tiny_binary, folder, target="label")
    store.add_dataset(dataset)
    plan = make_plan(dataset, strategies=[*NEAR, "random_under"], classifiers="logistic,mlp")
    run = store.add_run("compare", plan.to_dict(), dataset=plan.dataset, version="1")
    facts = facts_of(dataset, plan.schema)
    factors = np.random.default_rng(0).uniform(3, 6, 200)
    pieces = [
        replace(p, seconds=p.seconds * f)
        for p, f in zip(pieces_of(plan.arms, facts, 0.8), factors, strict=False)
    ]
    verdict = judging(plan.arms, facts, plan.protocol)
    pieces.append(replace(verdict, seconds=2 * verdict.seconds))
    took = {(p.kind, p.arm and p.arm.name): p.seconds for p in pieces}
    graph = comparison(plan, run)
    rows, grid, behind = [], [], None
    for node in reversed(graph.nodes.values()):
        behind = node.answers[0][0] if node.answers else behind
        mine = behind if node.kind in ("cell", "resample") else None
        seconds = took.get((node.kind, mine))
        rows.insert(0, {"key": node.key, "kind": node.kind, "path": node.path, "state": "done",
                        "seconds": seconds})  # fmt: skip
        grid += [{"arm": a, "repeat": r, "fold": f, "key": node.key} for a, r, f in node.answers]
    Ledger(store).add_tasks(run, rows, list(reversed(grid)))
    return plan, dataset, pieces


def test_a_whole_run_is_foretold_within_a_fifth(store, past):
    plan, dataset, pieces = past
    *work, verdict = (p.seconds for p in pieces)
    truth = sum(work) * plan.protocol.folds / worker_count() + verdict
    measured = measured_in(store)
    told = estimate(plan, dataset, measured.of_table(plan.fingerprint)).seconds - START_SECONDS
    before = estimate(plan, dataset).seconds - START_SECONDS
    assert before < truth / 2
    assert truth / 1.2 < told < truth * 1.2
    tell = measured.of_table(plan.fingerprint)
    guesses = pieces_of(plan.arms, facts_of(dataset, plan.schema), 0.8)
    for guess, taken in zip(guesses, pieces[:-1], strict=True):
        assert math.isclose(tell(guess), taken.seconds, rel_tol=0.35), guess
    again = measured_in(store)
    assert again == measured


def test_a_deleted_table_and_a_strange_plan_tell_nothing(store, past):
    plan, _dataset, _pieces = past
    store.add_run(
        "compare", {**plan.to_dict(), "arms": [{"strategy": "gone"}]}, dataset="x", version="1"
    )
    assert measured_in(store).sums
    store.hide_dataset(plan.dataset)
    assert measured_in(store) == Measured()


@pytest.mark.parametrize("seconds", [-1000.0, math.inf, 1e300, "abc", b"\0\xff", None, 0.0])
def test_times_that_cannot_be_tell_nothing(store, past, seconds):
    plan, dataset, _pieces = past
    with closing(sqlite3.connect(store.home.path / "rebal.db")) as damaged, damaged:
        damaged.execute("UPDATE tasks SET seconds = ?", (seconds,))
    measured = measured_in(store)
    assert bool(measured.sums) == (seconds == 0.0)
    told = estimate(plan, dataset, measured.of_table(plan.fingerprint)).seconds
    assert START_SECONDS < told <= estimate(plan, dataset).seconds


def test_the_quick_plan_does_not_depend_on_the_past(store, past):
    """It is the same plan for everybody: what was measured moves the time that is told alone."""
    _plan, dataset, _pieces = past
    assert make_plan(dataset) == make_plan(dataset)
    arms, protocol = make_plan(dataset).arms, Protocol("average_precision", "f1")
    slow = whole_seconds(arms, FACTS, protocol, lambda piece: 9 * piece.seconds)
    assert slow > 5 * whole_seconds(arms, FACTS, protocol) - 5 * START_SECONDS
