"""Real learning through real deaths: the numbers are those of an undisturbed run."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from threadpoolctl import threadpool_limits

from rebal_core.experiment import client, results
from rebal_core.experiment.in_process import run_here

# `test_kills` kills in the default suite.
pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(600)]


def judged(lab, run):
    """The report of a run without what may differ: its number and all seconds."""
    told = results.report(lab.store, run)
    assert {arm["status"] for arm in told["arms"]} == {"done"}
    return _timeless(told)


def _timeless(value):
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in ("run", "seconds")}
    return [_timeless(v) for v in value] if isinstance(value, list) else value


def finished(lab, run):
    row = client.wait(lab.store, run, timeout=240)
    assert row.state == "done", (row, lab.engine_log())
    return row


def test_deaths_change_no_number_and_redo_no_finished_cell(make_lab, real_plan):
    calm, struck = make_lab("slowed_tasks", "calm"), make_lab("slowed_tasks", "struck")
    with threadpool_limits(1):  # as in a worker
        undisturbed = run_here(calm.store, real_plan(calm)).run

    struck.behave(**{"*": ["sleep 0.3"]})
    run = client.submit(struck.store, real_plan(struck))
    os.kill(struck.began("none/logistic:0:0"), signal.SIGKILL)
    struck.ends("none/logistic:0:0")  # a second death would be its last
    struck.began("class_weight/random_forest:0:0")
    os.kill(client.engine_status(struck.store).pid, signal.SIGKILL)
    struck.behave()
    finished(struck, run)

    assert judged(struck, run) == judged(calm, undisturbed)
    done, keys = struck.done_attempts(), set(struck.store.tasks(run)["key"])
    assert set(done.values()) == {1}
    # What had left its result when the engine died is found, not done once more.
    assert len(keys - set(done)) <= 2
    ends = [line.split()[0] for line in struck.log() if line.split()[1] == "end"]
    assert len(ends) == len(set(ends))
    again = {name for name, count in struck.executions().items() if count > 1}
    assert "none/logistic:0:0" in again
    assert len(again) <= 3  # the one on the killed worker, and two on those of the dead engine


@pytest.mark.slow
def test_command_that_submitted_is_killed(make_lab, tiny_binary, tmp_path):
    lab = make_lab("slowed_tasks")
    lab.behave(**{"*": ["sleep 0.5"]})
    table = tmp_path / "table.csv"
    tiny_binary.to_csv(table, index=False)
    command = [sys.executable, "-m", "rebal_core.cli", "compare", str(table), "--target", "label",
               "--strategies", "random_over", "--classifiers", "logistic", "--folds=2"]  # fmt: skip
    asking = subprocess.Popen(
        command,
        env={**os.environ, "REBAL_HOME": str(lab.home)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    lab.began("none/logistic:0:0")
    os.killpg(asking.pid, signal.SIGKILL)
    asking.wait()
    end = time.monotonic() + 120
    while (row := lab.store.runs()[0]).live and time.monotonic() < end:  # nobody waits or asks
        time.sleep(0.1)
    assert row.state == "done", (row, lab.engine_log())
    assert set(lab.executions().values()) == {1}
    assert json.dumps(judged(lab, row.run))
