"""What fails, dies or finds the disk full: who is blamed, and what goes on."""

import itertools

from pretended import add, drive, make_plan

from rebal_core.experiment import dispatch
from rebal_core.experiment.dispatch import Dispatcher


def test_failure_takes_its_arm_only(store, cluster):
    run = add(store, make_plan("none/logistic", "smote/logistic"))
    drive(
        Dispatcher(store, cluster, "v"),
        cluster,
        lambda n: "failed" if n.kind == "resample" else "done",
    )
    decide = cluster.started[-1]
    assert decide.kind == "decide"
    assert decide.params["arms"]["smote/logistic"] == {
        "status": "failed",
        "reason": "No.",
        "paths": [],
    }
    assert len(decide.params["arms"]["none/logistic"]["paths"]) == 2
    assert store.run(run).state == "done"


def test_run_without_any_arm_fails(store, cluster):
    run = add(store, make_plan("none/logistic"))
    drive(
        Dispatcher(store, cluster, "v"),
        cluster,
        lambda n: "done" if n.kind == "split" else "failed",
    )
    row = store.run(run)
    assert (row.state, row.error) == ("failed", "Every arm failed; the first: No.")
    # What cannot be split at all says so itself.
    run = add(store, make_plan("none/logistic", seed=1))
    drive(Dispatcher(store, cluster, "v"), cluster, lambda n: "failed")
    assert (store.run(run).state, store.run(run).error) == ("failed", "No.")


def test_second_death_is_the_last(store, cluster):
    run = add(store, make_plan("none/logistic", "smote/logistic"))
    poison = []

    def outcome(node):
        if node.kind == "cell" and node.answers[0] == ("smote/logistic", 0, 1):
            poison.append(node.key)
            return "died"
        return "done"

    drive(Dispatcher(store, cluster, "v"), cluster, outcome)
    assert len(poison) == 2
    cells = store.cells(run).set_index(["arm", "fold"])
    assert cells.loc[("smote/logistic", 1), "error"] == dispatch.GAVE_UP
    assert cells.loc[("smote/logistic", 1), "attempts"] == 2
    assert set(cells.loc["none/logistic", "state"]) == {"done"}


def test_a_dead_engine_s_tasks_run_alone_and_only_the_guilty_is_given_up(store, cluster):
    run = add(store, make_plan("none/logistic", "class_weight/logistic", folds=3))

    def guilty(node):
        return node.kind == "cell" and node.answers[0] == ("class_weight/logistic", 0, 0)

    def life():
        """One engine; tells whether the guilty cell took it down."""
        cluster.running.clear()
        cluster.said.clear()
        dispatcher = Dispatcher(store, cluster, "v")
        drive(
            dispatcher,
            cluster,
            # cells end late, so that there is always another one beside the guilty one
            lambda n: None if guilty(n) else "done",
            stop=lambda: any(guilty(n) for n, _ in cluster.running.values()),
        )
        return [n.key for n, _ in cluster.running.values()]

    beside = [life() for _ in range(2)]
    assert [len(b) for b in beside] == [2, 1]  # the second time it ran alone
    assert life() == []
    assert store.run(run).state == "done"
    cells = store.cells(run).set_index(["arm", "fold"])
    assert cells.loc[("class_weight/logistic", 0), "error"] == dispatch.GAVE_UP
    assert set(cells.loc["none/logistic", "state"]) == {"done"}


def test_full_disk_pauses_and_blames_nobody(store, cluster, monkeypatch):
    monkeypatch.setenv("REBAL_PAUSE_SECONDS", "0.01")
    run = add(store, make_plan("none/logistic"))
    times = itertools.count()
    seen = []

    def outcome(node):
        seen.append(store.run(run).detail)
        return "full" if next(times) < 4 else "done"

    drive(Dispatcher(store, cluster, "v"), cluster, outcome, turns=10_000)
    assert dispatch.DISK_FULL in seen
    assert store.run(run).state == "done"
    assert store.run(run).detail is None


def test_broken_plan_fails_its_run_only(store, cluster):
    bad = store.add_run("compare", {"dataset": "d"}, dataset=None, version="")
    good = add(store, make_plan("none/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    assert store.run(bad).state == "failed"
    assert store.run(bad).incident in store.run(bad).error
    assert store.run(good).state == "done"


def test_what_runs_alone_is_missed_too_when_its_worker_goes(store, cluster, monkeypatch):
    monkeypatch.setattr(dispatch, "LOST_SECONDS", -1.0)
    add(store, make_plan("none/logistic"))
    dispatcher = Dispatcher(store, cluster, "v")
    dispatcher.turn(0)
    (attempt,) = dispatcher.running.values()
    attempt.alone = True
    cluster.seats.clear()
    for _ in range(3):  # it is not there, it is given up, its end is written down
        dispatcher.turn(0)
    assert not dispatcher.running
