"""The engine from start to end, with tasks that learn nothing."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import psutil
import pytest

from rebal_core.experiment import client
from rebal_core.experiment.lock import is_held
from rebal_core.experiment.progress import seconds_left
from rebal_core.experiment.results import plan_of
from rebal_core.experiment.version import same_code
from rebal_core.experiment.worker import introduce

pytestmark = pytest.mark.timeout(600)


def test_run_ends_and_work_is_shared(lab, plan, monkeypatch):
    monkeypatch.setattr(client, "POLL_SECONDS", 0.02)  # the second run is short
    lab.behave(
        **{
            "smote/logistic:0:0": ["after resample 2", "user No row suits."],
            "smote/logistic:0:1": ["sleep 9"],
        }
    )
    run = client.submit(lab.store, plan())
    seen = []
    row = client.wait(lab.store, run, seen.append, timeout=240)
    assert row.state == "done", (row, lab.engine_log())
    executions = lab.executions()
    executions.pop("smote/logistic:0:1", None)  # stopped, or never begun
    # one preparation and one resampling a fold; none and threshold share their cells
    assert executions == {
        "split": 1,
        "prepare": 2,
        "resample": 2,
        "alarms": 1,
        "decide": 1,
        "none/logistic:0:0": 1,
        "none/logistic:0:1": 1,
        "smote/logistic:0:0": 1,
    }
    cells = lab.store.cells(run).set_index(["arm", "fold"])
    assert cells.loc[("smote/logistic", 0), "error"] == "No row suits."
    assert cells.loc[("smote/logistic", 1), "state"] == "skipped"
    assert set(cells.loc["threshold/logistic", "state"]) == {"done"}
    told = json.loads((lab.store.home.run_folder(run) / "report.json").read_text())
    assert told["smote/logistic"] == {
        "status": "failed",
        "reason": "No row suits.",
        "paths": [],
    }
    assert seen[0].state in ("queued", "running")
    assert seconds_left(lab.store, run) == 0

    # One more repeat computes the new cells only; a second engine is refused.
    lab.behave(**{"none/logistic:1:0": ["sleep 1"], "none/logistic:1:1": ["bug"]})
    more = client.submit(lab.store, plan_of(lab.store, run).sharpened())
    seen.clear()
    row = client.wait(lab.store, more, seen.append, timeout=240)
    assert lab.executions()["none/logistic:0:0"] == 1
    assert any(0 < r.fraction < 1 for r in seen)
    assert "incident" in lab.store.cells(more)["error"].dropna().str.cat()
    # Memory as in any other process: with Dask's own setting arrays cost twice the time.
    worker = psutil.Process(int(lab.log()[-1].split()[2])).environ()
    assert not [name for name in worker if name.startswith("MALLOC_")]
    refused = subprocess.run(
        [sys.executable, "-m", "rebal_core.experiment.daemon", str(lab.home)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 3
    assert "another engine" in refused.stderr


@pytest.mark.slow
def test_nobody_else_can_connect(lab):
    lab.engine_up()
    ports = {
        c.laddr.port
        for process in lab.processes()
        for c in process.net_connections("tcp")
        if c.status == psutil.CONN_LISTEN
    }
    assert len(ports) >= 5  # scheduler, two workers, two nannies
    assert 8787 not in ports
    addresses = {
        c.laddr.ip
        for process in lab.processes()
        for c in process.net_connections("tcp")
        if c.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}
    paths = ("/", "/status", "/health", "/metrics", "/info/main/workers.html", "/json")
    answers = {_http(port, path) for port in ports for path in paths}
    # None: speaks TLS with certificates on both sides, not HTTP.
    assert answers == {404, None}
    code = (
        "import sys; from distributed import Client\n"
        "from distributed.security import Security\n"
        "foreign = Security.temporary()\n"
        "for port in sys.argv[1:]:\n"
        "    for scheme, security in (('tls', foreign), ('tcp', None)):\n"
        "        try: Client(f'{scheme}://127.0.0.1:{port}', security=security, timeout=2)\n"
        "        except Exception: continue\n"
        "        sys.exit(f'{scheme} {port} answered')\n"
    )
    tried = subprocess.run(
        [sys.executable, "-c", code, *map(str, ports)], capture_output=True, text=True, timeout=150
    )
    assert tried.returncode == 0, tried.stderr[-500:]
    for port in ports:
        with pytest.raises((ssl.SSLError, OSError)):
            _call_without_certificate(port)


def _http(port, path):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def _call_without_certificate(port):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=3) as plain,
        context.wrap_socket(plain) as secret,
    ):
        secret.sendall(b"x" * 64)
        if secret.recv(1) == b"":
            raise OSError("closed")
        secret.recv(1)


@pytest.mark.slow
def test_ends_when_idle_and_when_its_home_is_gone(lab, monkeypatch):
    monkeypatch.setenv("REBAL_IDLE_SECONDS", "1")
    lab.engine_up()
    _gone(lab, 20)
    assert "idle" in lab.engine_log()
    monkeypatch.setenv("REBAL_IDLE_SECONDS", "60")
    lab.engine_up()
    (lab.home / "engine.lock").rename(lab.home.parent / "moved")
    lab.home.rename(lab.home.parent / "elsewhere")
    processes = lab.processes()
    for process in processes:
        process.wait(20)


@pytest.mark.slow
def test_stop_lets_runs_go_on_later(lab, plan):
    lab.behave(**{"*": ["sleep 1"]})
    run = client.submit(lab.store, plan())
    lab.began("none/logistic:0:0")
    assert client.stop_engine(lab.store)
    assert not client.engine_status(lab.store).up
    assert lab.store.run(run).live
    assert client.wait(lab.store, run, timeout=240).state == "done"
    assert not client.stop_engine(lab.store) or not client.engine_status(lab.store).up


@pytest.mark.slow
def test_pretended_gpus(lab, plan, monkeypatch):
    monkeypatch.setenv("REBAL_GPUS", "2")
    lab.behave(**{"*": ["sleep 1.5"]})
    run = client.submit(lab.store, plan("none/mlp", "class_weight/mlp", "random_under/mlp"))
    details = []
    row = client.wait(
        lab.store, run, lambda r: details.extend(lab.store.cells(run)["detail"]), timeout=240
    )
    assert row.state == "done", lab.engine_log()
    assert "waiting for a GPU" in details
    spans = {}
    for line in lab.log():
        name, what, _, at, gpu = line.split(" ")
        if ":" in name:
            spans.setdefault(name, {})[what] = float(at)
            assert gpu in ("gpu=0", "gpu=1")
            spans[name]["gpu"] = gpu
    assert {s["gpu"] for s in spans.values()} == {"gpu=0", "gpu=1"}
    for one in spans.values():
        together = [
            s for s in spans.values() if s["begin"] < one["end"] and one["begin"] < s["end"]
        ]
        assert len([s for s in together if s["gpu"] == one["gpu"]]) == 1


@pytest.mark.slow
def test_single_tasks_go_first_and_engine_replaces_itself(lab, plan, monkeypatch):
    lab.behave(**{"*": ["sleep 0.5"]})
    run = client.submit(lab.store, plan(folds=6))
    lab.began("none/logistic:0:0")
    task = client.submit_task(lab.store, "profile", {"dataset": "x"})
    assert client.wait(lab.store, task, timeout=60).state == "done"
    assert client.result(lab.store, task)["got"] == {"dataset": "x"}
    assert lab.store.run(run).live
    client.wait(lab.store, run, timeout=240)
    pid = client.engine_status(lab.store).pid
    lab.store.add_run("profile", {}, dataset=None, version="9" * 12 + "-newer")
    for _ in range(200):
        if client.engine_status(lab.store).pid != pid:
            break
        time.sleep(0.1)
    assert client.engine_status(lab.store).pid != pid


def _gone(lab, patience):
    end = time.monotonic() + patience
    while is_held(lab.store.home.lock):
        assert time.monotonic() < end, lab.engine_log()
        time.sleep(0.05)


def test_stale_lock_file_means_nothing(lab):
    lab.store.home.lock.write_text(json.dumps({"pid": os.getpid()}))
    assert not client.engine_status(lab.store).up
    assert not client.stop_engine(lab.store)


def test_a_worker_that_may_be_elsewhere_tells_its_code_and_what_it_sees(tmp_path):
    mark = tmp_path / "mark"
    assert introduce(str(mark), same_code()) == (same_code(), False)
    mark.touch()
    assert introduce(str(mark), "other") == (same_code(), True)


def test_an_engine_that_is_starting_is_stopped(lab):
    for pause in (0.0, 0.3, 1.0):
        client.ensure_engine(lab.store)
        status = client.engine_status(lab.store)
        assert status.up
        # A process that was just begun has no command line yet: the kernel writes it last.
        end = time.monotonic() + 5
        while status.pid not in {process.pid for process in lab.processes()}:
            assert time.monotonic() < end, "no engine has the number that is told"
            time.sleep(0.01)
        time.sleep(pause)
        assert client.stop_engine(lab.store)
        assert not client.engine_status(lab.store).up
        end = time.monotonic() + 20
        while lab.processes() or any(_is_dead(child) for child in psutil.Process().children()):
            assert time.monotonic() < end, "a process is left, or was not reaped"
            time.sleep(0.05)
    assert "Traceback" not in lab.engine_log()


def _is_dead(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
