"""Order, blame and reference counts, with a cluster that is only pretended."""

import itertools
import json
import os
import shutil

import numpy as np
import pytest

from rebal_core.experiment import dispatch
from rebal_core.experiment.client import (
    MOST_FAILURES,
    delete_dataset,
    delete_run,
    ensure_engine,
)
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.files import write_json
from rebal_core.experiment.node import Place
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.sweep import tidy
from rebal_core.store import Store
from rebal_core.store.ledger import Ledger
from rebal_core.types import Arm, Column, Protocol, Schema, UserError


def write_result(path):
    """Write something whole of the kind that the path tells."""
    if path.suffix == ".json":
        write_json(path, {})
    elif path.suffix == ".npz":
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, x=np.zeros(1))
    else:
        write_json(path / f"{path.name}.json", {})


class Pretended:
    """Workers that do what the test tells them."""

    def __init__(self, home, cpus=2, gpus=0):
        self.home = home
        names = [f"cpu-{i}" for i in range(cpus)] + [f"gpu-{i}" for i in range(gpus)]
        self.seats = {n: Place(n, n[:3], f"tls://{n}", f"nanny-{n}") for n in names}
        self.running = {}
        self.said = []
        self.told = []
        self.killed = []
        self.started = []

    def places(self):
        return dict(self.seats)

    def trouble(self):
        return None if self.seats else "No worker."

    def start(self, node, attempt, flag, place):
        assert place.name not in [p.name for _, p in self.running.values()]
        self.running[attempt] = (node, place)
        self.started.append(node)

    def ended(self, timeout):
        said, self.said = self.said, []
        return said

    def reports(self):
        told, self.told = self.told, []
        return told

    def kill(self, place):
        self.killed.append(place.name)
        for attempt, (_, where) in list(self.running.items()):
            if where == place:
                self.end(attempt, "died")

    def lose(self, attempt):
        self.end(attempt, "died")

    def end(self, attempt, outcome, **more):
        node, _ = self.running.pop(attempt)
        if outcome == "done":
            write_result(self.home / node.path)
        self.said.append((attempt, {"outcome": outcome, "seconds": 1.0, **more}))


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home")
    yield store
    store.close()


@pytest.fixture
def cluster(store):
    return Pretended(store.home.path)


def make_plan(*arms, folds=2, seed=0, dataset="d"):
    return Plan(
        dataset=dataset,
        fingerprint="0" * 64,
        schema=Schema((Column("y", "category", "target"), Column("x", "number"))),
        arms=tuple(Arm(*name.split("/")) for name in arms),
        protocol=Protocol("f1", "f1", folds=folds, seed=seed),
    )


def add(store, plan, version=""):
    return store.add_run("compare", plan.to_dict(), dataset=plan.dataset, version=version)


def drive(dispatcher, cluster, outcome=lambda node: "done", turns=200, stop=lambda: False):
    """Turn until nothing is left; each started task ends in the next turn."""
    for _ in range(turns):
        dispatcher.turn(0)
        if stop() or (dispatcher.idle and not cluster.running):
            return
        for attempt, (node, _) in list(cluster.running.items()):
            answer = outcome(node)
            if answer is not None:
                more = {"error": "No.", "incident": None} if answer == "failed" else {}
                cluster.end(attempt, answer, **more)
    raise AssertionError("it never ends")


def test_shared_cells_run_once_and_the_second_run_finds_them(store, cluster):
    one = add(store, make_plan("none/logistic", "threshold/logistic"))
    two = add(store, make_plan("none/logistic", "smote/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    keys = [n.key for n in cluster.started]
    assert len(keys) == len(set(keys))
    assert {store.run(r).state for r in (one, two)} == {"done"}
    # 2 prepare + alarms + 2 cells of none, 2 resample + 2 cells of smote, 2 decide
    assert len(keys) == 11
    before = len(keys)
    three = add(store, make_plan("none/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    assert [n.kind for n in cluster.started[before:]] == ["decide"]
    assert store.run(three).started is not None
    assert set(store.cells(three)["seconds"]) == {1.0}


def test_failure_takes_its_arm_only(store, cluster):
    run = add(store, make_plan("none/logistic", "smote/logistic"))
    drive(
        Dispatcher(store, cluster, "v"),
        cluster,
        lambda n: "failed" if n.kind == "resample" else "done",
    )
    decide = cluster.started[-1]
    assert decide.kind == "decide"
    assert decide.params["arms"]["smote/logistic"] == {"reason": "No.", "paths": []}
    assert len(decide.params["arms"]["none/logistic"]["paths"]) == 2
    assert store.run(run).state == "done"


def test_run_without_any_arm_fails(store, cluster):
    run = add(store, make_plan("none/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster, lambda n: "failed")
    row = store.run(run)
    assert (row.state, row.error) == ("failed", "Every arm failed; the first: No.")


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


def test_gpu_cells_wait_for_a_gpu(store):
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


def test_broken_plan_fails_its_run_only(store, cluster):
    bad = store.add_run("compare", {"dataset": "d"}, dataset=None, version="")
    good = add(store, make_plan("none/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    assert store.run(bad).state == "failed"
    assert store.run(bad).incident in store.run(bad).error
    assert store.run(good).state == "done"


def test_progress_is_written_once_an_epoch(store, cluster):
    run = add(store, make_plan("none/logistic"))
    dispatcher = Dispatcher(store, cluster, "v")
    dispatcher.turn(0)
    attempt, (node, _) = next(iter(cluster.running.items()))
    for epoch, loss in ((1, 0.9), (1, 0.8), (2, 0.5)):
        cluster.told.append(
            {"attempt": attempt, "key": node.key, "at": 1.0, "epoch": epoch,
             "fraction": epoch / 4, "loss": loss}
        )  # fmt: skip
    dispatcher.turn(0)
    events = store.events(run)
    assert events[["epoch", "loss"]].to_numpy().tolist() == [[1, 0.8], [2, 0.5]]
    row = store.run(run)
    assert row.fraction == pytest.approx(0.5 / row.progress[1])


def test_deleted_run_leaves_what_others_need(store, cluster):
    one = add(store, make_plan("none/logistic"))
    two = add(store, make_plan("none/logistic", "smote/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    delete_run(store, two)
    left = {json.dumps(p.name) for p in store.home.results.rglob("*") if p.is_file()}
    assert len(left) == 5  # prepare, alarms and cells of the other run
    assert set(store.cells(one)["state"]) == {"done"}
    assert Ledger(store).own_results(two) == []
    delete_dataset(store, "d")
    assert store.runs() == []
    assert not [p for p in store.home.results.rglob("*") if p.is_file()]
    assert not list(store.home.runs.iterdir())


def test_what_nobody_comes_back_for_goes_when_it_is_old(store, cluster):
    add(store, make_plan("none/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    wanted = set(store.home.results.glob("*/*"))
    _, abandoned = store.new_dataset_folder()
    _, young = store.new_dataset_folder()
    _, awaited = store.new_dataset_folder()
    store.add_run("ingest", {"into": f"datasets/{awaited.name}"}, dataset=None, version="")
    cells = store.home.results / "cell"
    half = cells / f"{next(cells.iterdir()).name}.77.0123abcd"
    left = [abandoned, cells / "0123.npz", half, store.home.run_folder(99)]
    for path in left[1:]:
        path.write_text("x")
    for path in (*left, *wanted, awaited):
        os.utime(path, (1, 1))
    tidy(store, Ledger(store))
    assert not [path for path in left if path.exists()]
    assert set(store.home.results.glob("*/*")) == wanted
    assert young.exists()
    assert awaited.exists()


def test_idle_engine_tidies_once(store, cluster, monkeypatch):
    calls = []
    monkeypatch.setattr(dispatch, "tidy", lambda *_: calls.append(1))
    dispatcher = Dispatcher(store, cluster, "v")
    add(store, make_plan("none/logistic"))
    drive(dispatcher, cluster)
    for _ in range(3):
        dispatcher.turn(0)
    assert calls == [1]


def test_full_disk_is_told_before_an_engine_starts(store, monkeypatch):
    full = shutil.disk_usage("/")._replace(free=0)
    monkeypatch.setattr("shutil.disk_usage", lambda _: full)
    monkeypatch.setattr("subprocess.Popen", None)
    with pytest.raises(UserError, match="free some space"):
        ensure_engine(store)


def test_engines_that_never_come_up_are_told(store, monkeypatch):
    class Dead:
        returncode = pid = 1
        poll = wait = staticmethod(lambda: 1)

    started = []
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: started.append(1) or Dead())
    for _ in range(MOST_FAILURES):
        ensure_engine(store)
    with pytest.raises(UserError, match=r"does not start; the end of .*engine\.log says why"):
        ensure_engine(store)
    assert len(started) == MOST_FAILURES
    monkeypatch.setattr(Dead, "returncode", -9)  # one that somebody killed is no sign of that
    for _ in range(9):
        ensure_engine(store)
    assert len(started) == MOST_FAILURES + 9
