"""An outside scheduler, set up with the very commands of the README, on one computer."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_real_learning import finished, judged

from rebal_core.experiment import client

pytestmark = [
    pytest.mark.slow,
    pytest.mark.fault,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]
README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Start what the README says, as processes of their own; gone at the end."""
    text = README.read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line.split("  #")[0] for block in blocks for line in block.splitlines()]
    certificate, scheduler, worker = (
        next(line for line in lines if word in line)
        for word in ("openssl req", "dask scheduler", "dask worker")
    )
    subprocess.run(shlex.split(certificate), cwd=tmp_path, check=True, capture_output=True)
    (settings := tmp_path / "dask").mkdir()
    yaml = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1]
    (settings / "rebal.yaml").write_text(yaml.replace("/etc/rebal", str(tmp_path)))
    monkeypatch.setenv("DASK_CONFIG", str(settings))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tls://127.0.0.1:{free.getsockname()[1]}"
    processes = []

    def start(line, *more):
        words = line.replace("tls://host:8786", address).replace("8786", address.rsplit(":")[-1])
        words = [w for w in shlex.split(words) if not w.startswith("CUDA_VISIBLE")]
        assert words[0] == "dask"
        environment = {
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "",
            "XDG_DATA_HOME": str(tmp_path / "x"),
        }
        del environment["REBAL_HOME"]
        with (tmp_path / "dask.log").open("ab") as log:
            command = [sys.executable, "-m", "dask", *words[1:], "--host", "127.0.0.1", *more]
            processes.append(
                subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log,
                                 start_new_session=True)
            )  # fmt: skip

    start(scheduler)
    yield address, lambda *more: start(worker.replace("--nworkers 4", "--nworkers 1"), *more)
    for process in processes:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_two_workers_one_killed_another_refused(make_lab, real_plan, outside, monkeypatch):
    address, add_worker = outside
    calm, far = make_lab("slowed_tasks", "calm"), make_lab("slowed_tasks", "far")
    undisturbed = client.submit(calm.store, real_plan(calm))
    finished(calm, undisturbed)
    assert client.stop_engine(calm.store)

    monkeypatch.setenv("REBAL_SCHEDULER", address)
    plan = real_plan(far)
    _answers(address)
    far.behave(**{"*": ["sleep 0.5"]})
    run = client.submit(far.store, plan)
    _says(far, run, "No worker is connected")
    add_worker("--preload", "older_code", "--name", "old")
    _says(far, run, "The worker old runs another version of Rebal (0000000000000000, not ")
    assert not far.log()
    add_worker("--name", "a")
    add_worker("--name", "b")
    os.kill(far.began("none/logistic:0:0"), signal.SIGKILL)
    far.ends("none/logistic:0:0")
    finished(far, run)

    assert judged(far, run) == judged(calm, undisturbed)
    assert set(far.done_attempts().values()) == {1}
    assert far.seats() == {"a", "b"}
    ours = {p.pid for p in far.processes()}
    workers = {int(line.split()[2]) for line in far.log()}
    assert len(workers) >= 3  # the killed one came back
    assert not ours & workers
    assert client.stop_engine(far.store)
    monkeypatch.delenv("REBAL_SCHEDULER")


def _says(lab, run, words):
    end = time.monotonic() + 120
    while words not in ((row := lab.store.run(run)).detail or ""):
        assert time.monotonic() < end, (row, lab.engine_log())
        client.ensure_engine(lab.store)
        time.sleep(0.05)


def _answers(address):
    from rebal_core.experiment.machine import require_settings
    from rebal_core.wording import UserError

    end = time.monotonic() + 60
    while True:
        try:
            return require_settings()
        except UserError:
            assert time.monotonic() < end
            time.sleep(0.1)
