"""A home with an engine of its own, whose processes are all gone when the test ends."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from rebal_core.arm import Arm, Protocol
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.client import engine_status, ensure_engine
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.planning import make_plan
from rebal_core.schema import Column, Schema
from rebal_core.store import Store
from rebal_core.store.database import attempts

HERE = str(Path(__file__).parent)
sys.path.append(str(Path(__file__).parents[1] / "app"))  # who speaks to the dashboard


class Lab:
    """One home, one store, and means to look at and harm its engine."""

    def __init__(self, home):
        self.home = home
        self.store = Store(home)

    def behave(self, **table):
        (self.home / "behave.json").write_text(json.dumps(table))

    def executions(self):
        """How often each task was begun."""
        counts = {}
        for line in self.log():
            if line.split()[1] == "begin":
                counts[line.split()[0]] = counts.get(line.split()[0], 0) + 1
        return counts

    def log(self):
        path = self.home / "executions.log"
        return path.read_text().splitlines() if path.exists() else []

    def began(self, name, times=1, patience=240):
        """Wait until that task has begun; return the worker's pid."""
        for _ in range(patience * 50):
            lines = [x for x in self.log() if x.startswith(f"{name} begin")]
            if len(lines) >= times:
                return int(lines[-1].split()[2])
            time.sleep(0.02)
        raise AssertionError(f"{name} has not begun; log: {self.log()}\n{self.engine_log()}")

    def ends(self, name, patience=240):
        """Wait until that task has come to its end."""
        for _ in range(patience * 50):
            if any(x.startswith(f"{name} end") for x in self.log()):
                return
            time.sleep(0.02)
        raise AssertionError(f"{name} has not ended; log: {self.log()}\n{self.engine_log()}")

    def done_attempts(self):
        """How often each task came to its end, as the store has it."""
        query = sa.select(attempts.c.key, sa.func.count()).where(attempts.c.outcome == "done")
        with self.store.database.read() as connection:
            rows = connection.execute(query.group_by(attempts.c.key))
            return dict(list(rows))

    def seats(self):
        """Where tasks came to their end."""
        query = sa.select(attempts.c.seat).where(attempts.c.outcome == "done")
        with self.store.database.read() as connection:
            return set(connection.execute(query).scalars())

    def engine_log(self):
        return self.store.home.log.read_text() if self.store.home.log.exists() else ""

    def engine_up(self, patience=240):
        """Start the engine if need be and wait until it serves; return its pid."""
        for _ in range(patience * 20):
            ensure_engine(self.store)
            status = engine_status(self.store)
            if status.started is not None:
                return status.pid
            time.sleep(0.05)
        raise AssertionError(f"no engine; log: {self.engine_log()}")

    def processes(self):
        """The engine of this home and all below it."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if "rebal_core.experiment.daemon" in command and str(self.home) in command:
                found += [process, *process.children(recursive=True)]
        return found

    def close(self):
        for process in self.processes():
            try:
                process.send_signal(signal.SIGKILL)
                process.wait(10)
            except psutil.NoSuchProcess:
                pass
        self.store.close()


@pytest.fixture
def make_lab(tmp_path, monkeypatch):
    """Make labs; their engines find their tasks in the module named."""
    monkeypatch.setenv("PYTHONPATH", HERE + os.pathsep + os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("REBAL_WORKERS", "2")
    monkeypatch.setenv("REBAL_IDLE_SECONDS", "60")
    monkeypatch.setenv("REBAL_PAUSE_SECONDS", "2")
    labs = []

    def make(tasks, name="home"):
        monkeypatch.setenv("REBAL_TASKS", tasks)
        labs.append(Lab(tmp_path / name))
        return labs[-1]

    yield make
    for one in labs:
        one.close()


@pytest.fixture
def lab(make_lab):
    """A lab whose tasks are the fakes of ``engine_fakes.py``."""
    return make_lab("engine_fakes")


@pytest.fixture
def plan():
    """A small plan on no data: none, threshold and smote with logistic, two folds."""

    def make(*arms, folds=2, repeats=1, seed=0):
        arms = arms or ("none/logistic", "threshold/logistic", "smote/logistic")
        return Plan(
            dataset="nothing",
            fingerprint="0" * 64,
            schema=Schema((Column("y", "category", "target"), Column("x", "number"))),
            arms=tuple(Arm(*name.split("/")) for name in arms),
            protocol=Protocol("f1", "f1", folds=folds, repeats=repeats, seed=seed),
        )

    return make


@pytest.fixture
def real_plan(tiny_binary):
    """Put the tiny table into a lab's home and plan a comparison of it."""

    def make(lab, classifiers="logistic,random_forest"):
        _, folder = lab.store.new_dataset_folder()
        lab.store.add_dataset(from_frame(tiny_binary, folder, target="label"))
        return make_plan(
            lab.store.dataset(folder.name),
            strategies="random_over,random_under",
            classifiers=classifiers,
            folds=2,
        )

    return make
