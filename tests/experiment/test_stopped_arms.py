"""One arm is stopped alone: its cells end, the others go on and are judged."""

import itertools

import pytest
from pretended import Pretended, add, drive, make_plan

from rebal_core.experiment import dispatch, results
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.graph import STOPPED


def held(store, cluster, *arms):
    """A run of which two cells run and do not end; its dispatcher."""
    run = add(store, make_plan(*arms))
    dispatcher = Dispatcher(store, cluster, "v")
    drive(dispatcher, cluster, lambda n: None if n.kind == "cell" else "done",
          stop=lambda: sum(n.kind == "cell" for n, _ in cluster.running.values()) == 2)  # fmt: skip
    return run, dispatcher


def states(store, run):
    return {arm: set(of["state"]) for arm, of in store.cells(run).groupby("arm")}


def test_the_cells_of_a_stopped_arm_end_and_the_run_goes_on(store, cluster, monkeypatch):
    clock = itertools.count(step=0.6)
    monkeypatch.setattr(dispatch.time, "monotonic", lambda: next(clock))
    run, dispatcher = held(store, cluster, "none/logistic", "class_weight/logistic")
    assert store.stop_arm(run, "class_weight/logistic")
    for _ in range(8):
        dispatcher.turn(0)
    assert len(cluster.killed) == 1
    drive(dispatcher, cluster)
    assert store.run(run).state == "done"
    assert states(store, run) == {"none/logistic": {"done"}, "class_weight/logistic": {"skipped"}}
    (decided,) = [n for n in cluster.started if n.kind == "decide"]
    told = decided.params["arms"]["class_weight/logistic"]
    assert told == {"status": "skipped", "reason": STOPPED, "paths": []}
    assert decided.params["arms"]["none/logistic"]["status"] == "done"
    assert results._outcomes(store, run)["arms"] == decided.params["arms"]


def test_cells_that_another_arm_or_run_wants_go_on(store, cluster):
    run, dispatcher = held(store, cluster, "none/logistic", "threshold/logistic", "smote/logistic")
    other = add(store, make_plan("smote/logistic"))
    dispatcher.turn(0)
    for arm in ("threshold/logistic", "smote/logistic"):
        assert store.stop_arm(run, arm)
    dispatcher.turn(0)
    assert not list(store.home.flags.iterdir())
    drive(dispatcher, cluster)
    assert cluster.killed == []
    assert {store.run(r).state for r in (run, other)} == {"done"}
    assert states(store, other) == {"smote/logistic": {"done"}}
    # Its cells were computed for the reference, and it is left out all the same.
    assert states(store, run)["threshold/logistic"] == {"done"}
    outcomes = results._outcomes(store, run)["arms"]
    assert [outcomes[a]["status"] for a in outcomes] == ["done", "skipped", "skipped"]


def test_an_engine_that_takes_over_leaves_it_out_too(store, cluster):
    run, _ = held(store, cluster, "none/logistic", "class_weight/logistic")
    assert store.stop_arm(run, "class_weight/logistic")
    cluster.running.clear()
    before = len(cluster.started)
    drive(Dispatcher(store, cluster, "v"), cluster)
    assert store.run(run).state == "done"
    again = [a for n in cluster.started[before:] for a, *_ in n.answers]
    assert set(again) == {"none/logistic"}


def test_every_arm_may_be_stopped(store, cluster):
    run, dispatcher = held(store, cluster, "none/logistic", "class_weight/logistic")
    for arm in ("none/logistic", "class_weight/logistic"):
        assert store.stop_arm(run, arm)
    for attempt in list(cluster.running):
        cluster.end(attempt, "cancelled")
    drive(dispatcher, cluster)
    assert store.run(run).state == "done"
    assert {s for of in states(store, run).values() for s in of} == {"skipped"}


@pytest.mark.parametrize("when", ["before", "failed", "done", "cancelled", "unknown"])
def test_what_does_not_run_cannot_be_stopped(store, when):
    cluster = Pretended(store.home.path, cpus=4)
    run = add(store, make_plan("none/logistic", "class_weight/logistic"))
    dispatcher = Dispatcher(store, cluster, "v")
    arm = "class_weight/logistic"
    if when in ("failed", "done"):

        def ends(node):
            mine = bool(node.answers) and node.answers[0][0] == arm
            return when if mine else None if node.kind == "cell" else "done"

        def ended():
            found = states(store, run).get(arm, set())
            return when in found if when == "failed" else found == {"done"}

        drive(dispatcher, cluster, ends, stop=ended)
    elif when != "before":
        dispatcher.turn(0)
    if when == "cancelled":
        store.cancel_run(run)
    assert not store.stop_arm(run, "nothing/logistic" if when == "unknown" else arm)
    assert store.stopped_arms(run) == set()
