"""Order, sharing and what a run is told, with a cluster that is only pretended."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from pretended import Pretended, add, drive, make_plan

from rebal_core.experiment import dispatch, worker
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.worker import Context
from rebal_core.facts import TableFacts


def test_shared_cells_run_once_and_the_second_run_finds_them(store, cluster):
    one = add(store, make_plan("none/logistic", "threshold/logistic"))
    two = add(store, make_plan("none/logistic", "smote/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    keys = [n.key for n in cluster.started]
    assert len(keys) == len(set(keys))
    assert {store.run(r).state for r in (one, two)} == {"done"}
    # split + 2 prepare + alarms + 2 cells of none, 2 resample + 2 cells of smote, 2 decide
    assert len(keys) == 12
    before = len(keys)
    three = add(store, make_plan("none/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    assert [n.kind for n in cluster.started[before:]] == ["decide"]
    assert store.run(three).started is not None
    assert set(store.cells(three)["seconds"]) == {1.0}


def test_cancel_leaves_what_another_run_wants(store, cluster, monkeypatch):
    clock = itertools.count(step=0.6)
    monkeypatch.setattr(dispatch.time, "monotonic", lambda: next(clock))
    one = add(store, make_plan("none/logistic", "class_weight/logistic"))
    dispatcher = Dispatcher(store, cluster, "v")
    drive(dispatcher, cluster, lambda n: None if n.kind == "cell" else "done",
          stop=lambda: sum(n.kind == "cell" for n, _ in cluster.running.values()) == 2)  # fmt: skip
    two = add(store, make_plan("none/logistic"))
    dispatcher.turn(0)
    flags = list(store.home.flags.iterdir())
    assert flags == []
    store.cancel_run(one)
    for _ in range(8):
        dispatcher.turn(0)
    assert len(cluster.killed) == 1
    assert [n.answers[0][0] for n, _ in cluster.running.values()].count("none/logistic") >= 1
    drive(dispatcher, cluster)
    assert store.run(two).state == "done"
    assert store.run(one).state == "cancelled"
    assert list(store.home.flags.iterdir()) == []
    assert not store.cells(two)["error"].any()


def test_a_worker_that_uses_a_pause_is_taken_last(store, cluster):
    for name, place in cluster.seats.items():
        cluster.seats[name] = replace(place, occupied=name == "cpu-0")
    add(store, make_plan("none/logistic"))
    dispatcher = Dispatcher(store, cluster, "v")
    dispatcher.turn(0)
    assert [place.name for _, place in cluster.running.values()] == ["cpu-1"]
    drive(dispatcher, cluster)


def test_gpu_cells_wait_for_a_gpu(store, monkeypatch):
    # There is no table behind the plan.
    monkeypatch.setattr(store, "dataset", lambda _: None)
    facts = TableFacts(100, (60, 40), 1, 0, 0, 0)
    monkeypatch.setattr("rebal_core.experiment.graph.facts_of", lambda *_: facts)
    cluster = Pretended(store.home.path, cpus=2, gpus=1)
    run = add(store, make_plan("none/mlp", "class_weight/mlp", folds=2))
    dispatcher = Dispatcher(store, cluster, "v")
    drive(
        dispatcher,
        cluster,
        lambda n: None if n.seat == "gpu" else "done",
        stop=lambda: any(n.seat == "gpu" for n, _ in cluster.running.values()),
    )
    dispatcher.turn(0)
    details = store.cells(run)["detail"].tolist()
    assert details.count(dispatch.GPU_BUSY) >= 1
    drive(dispatcher, cluster)
    assert {n.seat for n in cluster.started if n.kind == "cell"} == {"gpu"}
    assert not store.cells(run)["detail"].any()


def test_without_a_gpu_nothing_waits_for_one(store, cluster):
    run = add(store, make_plan("none/mlp"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    assert store.run(run).state == "done"


def test_a_run_says_why_no_worker_takes_it(store, cluster):
    run = add(store, make_plan("none/logistic"))
    places, cluster.seats = cluster.seats, {}
    dispatcher = Dispatcher(store, cluster, "v")
    dispatcher.turn(0)
    assert (store.run(run).detail, store.run(run).state) == ("No worker.", "queued")
    # The next engine has workers.
    dispatcher = Dispatcher(store, cluster, "v")
    cluster.seats = places
    dispatcher.turn(0)
    assert store.run(run).detail is None
    drive(dispatcher, cluster)
    assert store.run(run).state == "done"


def test_no_worker_waits_for_the_search_of_another(store, cluster):
    add(store, make_plan("smote/logistic", "enn/logistic", "tomek/logistic"))

    def searching():
        return [n.params["fold"] for n, _ in cluster.running.values() if n.kind == "resample"]

    beside = []
    drive(Dispatcher(store, cluster, "v"), cluster, stop=lambda: beside.append(searching()))
    assert not any(len(folds) != len(set(folds)) for folds in beside[:-3])
    assert max(map(len, beside)) == 2
    # With nothing else to do, it waits.
    assert sum(map(len, beside)) == 6


def test_single_tasks_overtake_comparisons(store, cluster):
    add(store, make_plan("none/logistic", folds=4))
    dispatcher = Dispatcher(store, cluster, "v")
    dispatcher.turn(0)
    store.add_run("profile", {"x": 1}, dataset=None, version="")
    for attempt in list(cluster.running):
        cluster.end(attempt, "done")
    before = len(cluster.started)
    dispatcher.turn(0)
    assert cluster.started[before].kind == "profile"


def test_newer_code_waits_for_the_next_engine(store, cluster):
    old = add(store, make_plan("none/logistic"), version="1")
    dispatcher = Dispatcher(store, cluster, "1")
    dispatcher.turn(0)
    new = add(store, make_plan("none/logistic", seed=1), version="2")
    drive(dispatcher, cluster)
    assert dispatcher.outdated
    assert store.run(old).state == "done"
    assert store.run(new).state == "queued"
    drive(Dispatcher(store, cluster, "1"), cluster)  # nothing newer came: it must do
    assert store.run(new).state == "done"


def test_progress_is_written_once_an_epoch(store, cluster):
    run = add(store, make_plan("none/logistic"))
    dispatcher = Dispatcher(store, cluster, "v")
    dispatcher.turn(0)
    attempt, (node, _) = next(iter(cluster.running.items()))
    for epoch, loss in ((1, 0.9), (1, 0.8), (2, 0.5)):
        cluster.told.append(
            {"attempt": attempt, "key": node.key, "at": 1.0, "epoch": epoch,
             "fraction": epoch / 4, "values": {"loss": loss}}
        )  # fmt: skip
    dispatcher.turn(0)
    events = store.events(run)
    assert events[["epoch", "loss"]].to_numpy().tolist() == [[1, 0.8], [2, 0.5]]
    row = store.run(run)
    assert row.fraction == pytest.approx(0.5 / row.progress[1])


def test_progress_holds_named_values_and_begins_anew_with_each_attempt(store, cluster):
    run = add(store, make_plan("none/logistic"))
    dispatcher = Dispatcher(store, cluster, "v")

    def tell(epoch, **values):
        attempt, (node, _) = next(iter(cluster.running.items()))
        cluster.told.append(
            {"attempt": attempt, "key": node.key, "at": 1.0, "epoch": epoch, "fraction": None,
             "values": values}
        )  # fmt: skip

    dispatcher.turn(0)
    for epoch in range(3):
        tell(epoch, loss=1.0 / (epoch + 1), recall=0.5)
    dispatcher.turn(0)
    assert store.events(run)["loss"].tolist() == [1.0, 0.5, 1 / 3]
    # The engine dies; the next one's attempt comes less far, and one more value is measured.
    cluster.running.clear()
    dispatcher = Dispatcher(store, cluster, "v")
    dispatcher.turn(0)
    tell(0, loss=0.9, step=7.0)
    dispatcher.turn(0)
    assert store.events(run)[["epoch", "loss", "step"]].to_numpy().tolist() == [[0, 0.9, 7.0]]


def test_a_task_reports_what_is_finite(tmp_path):
    told = []
    context = Context(tmp_path, tmp_path / "r", tmp_path / "flag", told.append)
    context.progress(1, epoch=3, loss=float("nan"), recall=0.5)
    assert told == [{"epoch": 3, "fraction": 1, "values": {"recall": 0.5}}]


def test_a_task_reports_numbers_that_a_message_may_hold(tmp_path):
    told = []
    context = Context(tmp_path, tmp_path / "r", tmp_path / "flag", told.append)
    context.progress(np.float64(1), loss=np.float64(0.5), rows=np.int64(3))
    assert [type(v) for v in (told[0]["fraction"], *told[0]["values"].values())] == [
        float,
        float,
        int,
    ]


def test_a_task_tells_every_epoch_but_not_each_alone(tmp_path, monkeypatch):
    told, now = [], [100.0]
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: now[0]))
    context = Context(tmp_path, tmp_path / "r", tmp_path / "flag", told.append)
    for epoch in range(1, 5):
        context.progress(epoch=epoch, loss=1 / epoch, device="cpu", mix=[0.5])
    context.progress(epoch=4, loss=0.2)
    assert [report["epoch"] for report in told] == [1]
    now[0] += 1 / worker.REPORTS_PER_SECOND
    context.progress(epoch=5, loss=0.1)
    assert [report["epoch"] for report in told] == [1, 2, 3, 4, 5]
    assert told[1]["values"] == {"loss": 1 / 2, "device": "cpu", "mix": [0.5]}
    assert told[3]["values"] == {"loss": 0.2}, "the later report on an epoch counts"
    now[0] += 1
    context.progress(0.5)
    assert len(told) == 6, "nothing is told twice"
    context.progress(epoch=6, loss=0.1)
    assert len(told) == 6
    context.progress(epoch=6, loss=0.1, learned="yes", at_once=True)
    assert told[6:] == [
        {"epoch": 6, "fraction": None, "values": {"loss": 0.1, "learned": "yes"}}
    ], "the next report is far"
