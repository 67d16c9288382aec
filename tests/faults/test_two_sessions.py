"""Sessions that start runs at the same moment: one engine a home, no work done twice."""

import json
import subprocess
import sys
import threading

import pytest

from rebal_core.experiment import client
from rebal_core.experiment.client import submit, wait
from rebal_core.store import Store

pytestmark = pytest.mark.timeout(600)

#: A session of its own process: it comes to a home that need not be there, when it is told to.
SESSION = """
import json, sys
from pathlib import Path
from rebal_core.experiment.client import submit, wait
from rebal_core.experiment.plan import Plan
from rebal_core.store import Store
plan = Plan.from_dict(json.loads(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
store = Store(Path(sys.argv[1]))
run = submit(store, plan)
print(json.dumps([run, wait(store, run, timeout=240).state]), flush=True)
"""


@pytest.fixture
def session():
    """Start sessions in processes of their own."""
    begun = []

    def start(home, plan):
        words = [sys.executable, "-c", SESSION, str(home), json.dumps(plan.to_dict())]
        pipe = subprocess.PIPE
        begun.append(subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True))
        return begun[-1]

    yield start
    for one in begun:
        one.kill()
        one.communicate()


def daemons(lab):
    """The engines of a home, their workers aside."""
    return [p for p in lab.processes() if "rebal_core.experiment.daemon" in p.cmdline()]


def test_two_processes_begin_a_home_and_share_its_engine_and_cells(
    make_lab, plan, session, tmp_path, monkeypatch
):
    monkeypatch.setenv("REBAL_TASKS", "engine_fakes")
    home, wanted = tmp_path / "home", plan("none/logistic", "smote/logistic")
    sessions = [session(home, wanted) for _ in range(2)]
    for one in sessions:
        assert one.stdout.readline() == "ready\n"
    for one in sessions:  # now both at once
        one.stdin.write("\n")
        one.stdin.flush()
    ended = [json.loads(one.stdout.readline()) for one in sessions]
    lab = make_lab("engine_fakes")
    assert sorted(run for run, _state in ended) == [1, 2]
    assert {state for _run, state in ended} == {"done"}, lab.engine_log()
    assert len(daemons(lab)) == 1
    cells = {name: n for name, n in lab.executions().items() if ":" in name}
    assert cells == {f"{s}/logistic:0:{k}": 1 for s in ("none", "smote") for k in (0, 1)}
    assert lab.executions()["prepare"] == 2


@pytest.mark.slow
def test_threads_of_one_process_start_one_engine_for_each_home(make_lab, plan, monkeypatch):
    labs = [make_lab("engine_fakes", name) for name in ("one", "two")]
    started = []
    start = client._start
    monkeypatch.setattr(client, "_start", lambda *told: started.append(told) or start(*told))
    gate, states = threading.Barrier(4), []

    def come(home):
        store = Store(home)
        gate.wait()
        run = submit(store, plan("none/logistic"))
        states.append(wait(store, run, timeout=240).state)
        store.close()

    threads = [threading.Thread(target=come, args=(lab.home,)) for lab in labs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["done"] * 4, [lab.engine_log() for lab in labs]
    assert len(started) == 2
    for lab in labs:
        assert len(daemons(lab)) == 1
        assert lab.executions()["none/logistic:0:0"] == lab.executions()["none/logistic:0:1"] == 1
