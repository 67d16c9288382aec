"""An answer that goes down with its worker holds up no other: real Dask, in this process."""

import time
from pathlib import Path

from distributed import Future, LocalCluster

from rebal_core.experiment import engine as engines
from rebal_core.experiment.engine import Engine
from rebal_core.experiment.task import Node


def wait_until(condition, patience=20):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_an_answer_lost_with_its_worker_ends_the_attempt(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_run", lambda *_: {"outcome": "done"})
    monkeypatch.setattr("rebal_core.experiment.worker.warm_up", lambda: None)
    node = Node("1" * 24, "cell", "cells/1", {})
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False,
        dashboard_address=None, protocol="tcp://", host="127.0.0.1",
    ) as cluster:  # fmt: skip
        monkeypatch.setenv("REBAL_SCHEDULER", cluster.scheduler_address)
        engine = Engine(tmp_path, 0, 0)
        wait_until(lambda: len(engine.places()) == 2)
        first, second = engine.places().values()

        (holder,) = (w for w in cluster.workers.values() if w.address == first.address)
        fetch = Future.result

        def too_late(future):
            if future.key.startswith(f"cell-{node.key}-1-"):
                cluster.sync(holder.close)
                wait_until(lambda: not future.done())
            return fetch(future)

        monkeypatch.setattr(Future, "result", too_late)
        engine.start(node, 1, Path(), first)
        wait_until(lambda: first.name not in engine.places())
        engine.start(node, 2, Path(), second)
        assert engine.ended(0.5) == []  # whether it comes back is for the dispatcher to say
        engine.lose(1)
        assert engine.ended(10) == [(1, {"outcome": "stopped"})]
        assert engine.ended(10) == [(2, {"outcome": "done"})]
        engine.close()
