"""What a killed process was working on is gone with the next start of anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from planted import MAIL, where_it_is

from rebal_core import scratch
from rebal_core.cli import main
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.store.home import Home

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A home, a temporary folder and a target folder of our own, and a table with addresses."""
    for name in ("temporary", "target", "data"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([ROOT, str(Path(__file__).parent)]))
    Home()  # a folder that holds what is not ours is refused
    lines = (f"{i},{i % 7},{MAIL.decode()},{'ab'[i % 5 == 0]}\n" for i in range(4000))
    (tmp_path / "data" / "t.csv").write_text("id,x,mail,label\n" + "".join(lines))
    return tmp_path


def begin(code, *words):
    """Start Python; return once it says that it has come to the place in question."""
    held = "import sys, time\ndef stay(*a, **k):\n    print('here', flush=True); time.sleep(60)\n"
    words = [sys.executable, "-P", "-c", held + code, *map(str, words)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    with process.stdout:
        assert process.stdout.readline() == "here\n"
    return process


READ = """
import rebal_core.data.reading.load as load
load._finish = stay
from pathlib import Path
from rebal_core.data.reading.options import ReadOptions
options = ReadOptions(mask={"mail": "tokenise"})
load.read_table(Path(sys.argv[1]), Path(sys.argv[2]), options)
"""
COMMAND = """
import {module} as module
module.{name} = stay
from rebal_core.cli import main
sys.exit(main(sys.argv[1:]))
"""


def left(lab):
    return where_it_is(lab / "home", lab / "temporary", lab / "target")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_unmasked_is_in_a_dataset_folder_and_the_next_start_clears(lab, how):
    into = lab / "home" / "datasets" / "abc"
    process = begin(READ, lab / "data" / "t.csv", into)
    assert not where_it_is(into)
    process.send_signal(how)
    process.wait()
    assert main(["runs"]) == 0
    assert left(lab) == []
    assert list(scratch.place().iterdir()) == []


PHASES = {
    "reading": ("profile", "rebal_core.data.reading.load", "_finish"),
    "looking": ("profile", "rebal_core.checks.report", "profile_report"),
    "planning": ("compare", "rebal_core.experiment.planning", "make_plan"),
    "balancing": ("balance", "rebal_core.export.balance", "balance_table"),
    "writing": ("balance", "rebal_core.outputs", "_take_after"),
}


SLOW = [
    pytest.param(phase, marks=() if phase in ("reading", "writing") else pytest.mark.slow)
    for phase in PHASES
]


@pytest.mark.parametrize("phase", SLOW)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_command_that_is_killed_leaves_nothing(phase, how, lab, monkeypatch):
    command, module, name = PHASES[phase]
    words = [command, lab / "data" / "t.csv", "--target", "label"]
    if command == "balance":
        words += ["--strategy", "random_over", "--out", lab / "target" / "out.csv"]
    process = begin(COMMAND.format(module=module, name=name), *words)
    process.send_signal(how)
    if how == signal.SIGTERM:
        time.sleep(0.02)
        process.send_signal(how)  # as `timeout` does, in the midst of clearing up
    code = process.wait()
    if how == signal.SIGTERM:
        assert code == 143
        assert left(lab) == []
        assert list(scratch.place().iterdir()) == []
    assert main(["runs"]) == 0
    assert left(lab) == []
    assert list((lab / "target").iterdir()) == []
    assert list((lab / "temporary").iterdir()) == []


def test_who_writes_a_file_next_clears_it_of_the_killed_in_any_home(lab, monkeypatch):
    words = ["balance", lab / "data" / "t.csv", "--target", "label", "--strategy", "random_over"]
    words = [*map(str, words), "--out", str(lab / "target" / "out.csv")]
    process = begin(COMMAND.format(module="rebal_core.outputs", name="_take_after"), *words)
    process.kill()
    process.wait()
    assert [path.name for path in (lab / "target").iterdir()] != []
    monkeypatch.setenv("REBAL_HOME", str(lab / "another"))
    assert main(words) == 0
    assert [path.name for path in (lab / "target").iterdir()] == ["out.csv"]


def test_the_scratch_of_the_living_is_left_alone(lab):
    code = "from rebal_core.scratch import Scratch\nwork = Scratch()\nstay()"
    process = begin(code)
    here = scratch.Scratch()
    scratch.sweep()
    assert len(list(scratch.place().iterdir())) == 2
    process.kill()
    process.wait()
    scratch.sweep()
    assert list(scratch.place().iterdir()) == [here.path]
    here.close()
    assert list(scratch.place().iterdir()) == []


def test_an_upload_goes_when_it_is_discarded_or_its_server_is_dead(lab):
    from app.routes import _kept, discard, uploads
    from rebal_core.store.home import Home

    folder = uploads(Home())
    for name in ("mine.csv", "of_the_dead.csv", "being_read.csv"):
        (folder / name).write_bytes(MAIL)
    _kept["mine.csv"] = scratch.hold(folder / "mine.csv")
    with scratch.held(folder / "being_read.csv"):
        scratch.sweep()
    assert {path.name for path in folder.iterdir()} == {"mine.csv", "being_read.csv"}
    scratch.sweep()
    discard(folder / "mine.csv")
    assert left(lab) == []


def test_what_could_not_be_masked_is_not_kept(lab):
    table = lab / "data" / "bad.csv"
    text = "id,mail,label\n" + "".join(f"{i},{MAIL.decode()},a\n" for i in range(50))
    table.write_text(text + f'7,"{MAIL.decode()}",b,too,many\n' + "8,x@example.org,b\n")
    into = lab / "home" / "datasets" / "abc"
    dataset = read_table(table, into, ReadOptions(mask={"mail": "drop"}))
    assert dataset.source["rejected_rows"] == 1
    assert where_it_is(into) == []


def test_the_engine_clears_what_a_killed_worker_left(lab, monkeypatch):
    from rebal_core.experiment import client
    from rebal_core.store import Store

    monkeypatch.setenv("REBAL_TASKS", "slow_reading")
    monkeypatch.setenv("REBAL_WORKERS", "1")
    store = Store()
    _, folder = store.new_dataset_folder()
    params = {
        "source": str(lab / "data" / "t.csv"),
        "into": str(folder.relative_to(store.home.path)),
        "mask": {"mail": "tokenise"},
    }
    run = client.submit_task(store, "ingest", params)
    try:
        end = time.monotonic() + 120
        while not (lab / "worker").exists():
            assert time.monotonic() < end, store.home.log.read_text()
            time.sleep(0.05)
        assert where_it_is(scratch.place())  # the attack found something
        os.kill(int((lab / "worker").read_text()), signal.SIGKILL)
        assert client.wait(store, run, timeout=120).state == "done"
        assert left(lab) == []
    finally:
        client.stop_engine(store)
        store.close()
