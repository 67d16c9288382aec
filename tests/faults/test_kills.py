"""Real ``kill -9`` of whatever takes part; the run ends all the same and redoes nothing."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from rebal_core.experiment import client
from rebal_core.experiment.files import load_cell

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


def finish(lab, run, patience=240):
    row = client.wait(lab.store, run, timeout=patience)
    assert row.state == "done", (row, lab.engine_log())
    return row


def scores(lab, run):
    """What each cell of a run predicted."""
    tasks = lab.store.tasks(run)
    paths = [p for p in tasks["path"] if "results/cell" in p]
    return {p: load_cell(lab.home / p).proba for p in sorted(paths)}


def once_each(lab, *but):
    """No task that came to an end was begun twice."""
    ends = [line.split()[0] for line in lab.log() if line.split()[1] == "end" and ":" in line]
    assert len(ends) == len(set(ends)), ends
    again = {n: c for n, c in lab.executions().items() if ":" in n and c > 1}
    assert set(again) <= set(but), again


def test_worker_and_engine_are_killed(lab, plan):
    lab.behave(**{"*": ["sleep 0.4"]})
    run = client.submit(lab.store, plan(folds=3))
    os.kill(lab.began("none/logistic:0:0"), signal.SIGKILL)
    lab.began("none/logistic:0:1")
    os.kill(client.engine_status(lab.store).pid, signal.SIGKILL)
    row = finish(lab, run)
    assert row.progress[0] == row.progress[1]
    once_each(lab, "none/logistic:0:0", "none/logistic:0:1", "smote/logistic:0:0",
              "none/logistic:0:2", "smote/logistic:0:1")  # fmt: skip
    lab.behave()
    other = client.submit(lab.store, plan(folds=3, seed=1))  # an undisturbed run
    finish(lab, other)
    for mine, undisturbed in zip(
        scores(lab, run).values(), scores(lab, other).values(), strict=True
    ):
        assert mine.shape == undisturbed.shape
    assert sorted(float(p.sum()) for p in scores(lab, run).values()) == sorted(
        float(p.sum()) for p in scores(lab, other).values()
    )


def test_cancel_stops_what_does_not_listen(lab, plan):
    lab.behave(**{"none/logistic:0:0": ["hold"], "*": ["sleep 0.3"]})
    doomed = client.submit(lab.store, plan("none/logistic", "smote/logistic"))
    other = client.submit(lab.store, plan("smote/logistic", "random_over/logistic"))
    pid = lab.began("none/logistic:0:0")
    asked = time.monotonic()
    assert client.cancel(lab.store, doomed)
    assert lab.store.run(doomed).state == "cancelled"
    while os.path.exists(f"/proc/{pid}") and time.monotonic() - asked < 10:
        time.sleep(0.02)
    assert time.monotonic() - asked < 5
    finish(lab, other)
    once_each(lab)
    assert lab.store.run(doomed).state == "cancelled"
    assert not client.cancel(lab.store, doomed)


def test_stopping_one_arm_ends_its_cell_and_not_the_run(lab, plan):
    lab.behave(**{"smote/logistic:0:0": ["hold"], "*": ["sleep 0.3"]})
    run = client.submit(lab.store, plan("none/logistic", "smote/logistic", "random_over/logistic"))
    pid = lab.began("smote/logistic:0:0")
    asked = time.monotonic()
    assert client.stop_arm(lab.store, run, "smote/logistic")
    while os.path.exists(f"/proc/{pid}") and time.monotonic() - asked < 10:
        time.sleep(0.02)
    assert time.monotonic() - asked < 5
    finish(lab, run)
    once_each(lab)
    cells = lab.store.cells(run)
    assert set(cells.loc[cells["arm"] == "smote/logistic", "state"]) <= {"skipped", "done"}
    assert set(cells.loc[cells["arm"] != "smote/logistic", "state"]) == {"done"}
    told = json.loads((lab.store.home.run_folder(run) / "report.json").read_text())
    assert told["smote/logistic"]["status"] == "skipped"


@pytest.mark.slow
def test_poison_cell_fails_alone(lab, plan):
    lab.behave(**{"smote/logistic:0:1": ["die"]})
    run = client.submit(lab.store, plan("none/logistic", "smote/logistic", "random_over/logistic"))
    finish(lab, run)
    cells = lab.store.cells(run)
    assert set(cells.loc[cells["state"] == "failed", "arm"]) == {"smote/logistic"}
    assert "ended its process 2 times" in cells.loc[cells["state"] == "failed", "error"].item()
    assert lab.executions()["smote/logistic:0:1"] == 2
    once_each(lab, "smote/logistic:0:1")


@pytest.mark.slow
def test_cell_that_kills_the_engine_is_given_up(lab, plan):
    lab.behave(**{"smote/logistic:0:0": ["kill-engine"], "*": ["sleep 0.5"]})
    run = client.submit(lab.store, plan("none/logistic", "smote/logistic"))
    finish(lab, run)
    cells = lab.store.cells(run)
    assert set(cells.loc[cells["state"] == "failed", "arm"]) == {"smote/logistic"}
    assert set(cells.loc[cells["arm"] == "none/logistic", "state"]) == {"done"}
    assert lab.executions()["smote/logistic:0:0"] == 2


@pytest.mark.slow
def test_submitting_process_is_killed(lab, plan):
    lab.behave(**{"*": ["sleep 0.5"]})
    code = (
        "import json, sys, time; from pathlib import Path\n"
        "from rebal_core.store import Store; from rebal_core.experiment import client\n"
        "from rebal_core.experiment.plan import Plan\n"
        "store = Store(Path(sys.argv[1]))\n"
        "run = client.submit(store, Plan.from_dict(json.loads(sys.argv[2])))\n"
        "client.wait(store, run)"
    )
    text = json.dumps(plan().to_dict())
    process = subprocess.Popen([sys.executable, "-c", code, str(lab.home), text])
    lab.began("none/logistic:0:0")
    process.kill()
    process.wait()
    for _ in range(600):  # nobody waits, nobody asks for an engine
        if lab.store.runs()[0].state == "done":
            break
        time.sleep(0.1)
    assert lab.store.runs()[0].state == "done"
    once_each(lab)


@pytest.mark.slow
def test_two_runs_share_cells_and_one_is_cancelled(lab, plan):
    lab.behave(**{"*": ["sleep 1"]})
    one = client.submit(lab.store, plan("none/logistic", "smote/logistic"))
    two = client.submit(lab.store, plan("none/logistic", "smote/logistic"))
    lab.began("none/logistic:0:0")
    client.cancel(lab.store, one)
    finish(lab, two)
    once_each(lab)
    assert np.all(lab.store.cells(two)["state"] == "done")


@pytest.mark.slow
def test_delete_while_it_runs(lab, plan):
    lab.behave(**{"*": ["deaf 30"]})
    run = client.submit(lab.store, plan("none/logistic"))
    keep = client.submit(lab.store, plan("random_over/logistic"))
    lab.began("none/logistic:0:0")
    began = time.monotonic()
    client.delete_run(lab.store, run)
    assert time.monotonic() - began < 6
    assert [row.run for row in lab.store.runs()] == [keep]
    assert not lab.store.home.run_folder(run).exists()
    left = {p.name.split(".")[0] for p in (lab.store.home.results / "cell").glob("*")}
    assert left <= set(lab.store.tasks(keep)["key"])
    client.delete_run(lab.store, keep)
    assert not [p for p in lab.store.home.results.rglob("*") if p.is_file()]


@pytest.mark.slow
def test_disk_full_pauses(lab, plan):
    lab.behave(**{"none/logistic:0:0": ["once-full"]})
    run = client.submit(lab.store, plan("none/logistic"))
    seen = set()
    row = client.wait(lab.store, run, lambda r: seen.add(r.detail), timeout=240)
    assert row.state == "done"
    assert any(text and text.startswith("The disk is full") for text in seen)
    assert row.detail is None
