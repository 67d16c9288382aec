"""Unmasked data, and kill -9 of whatever works on it, in each phase: it stays where it was put.

What the user put in place is the table itself, the dataset that was made of it, and finished
exports; after the next start of any command the planted address stands nowhere else.
"""

import gzip
import json
import os
import signal
import socket
import sqlite3
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from planted import MAIL, where_it_is
from test_scratch import COMMAND, begin, lab  # noqa: F401  (a fixture)

from rebal_core.cli import main
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import client
from rebal_core.experiment.planning import make_plan
from rebal_core.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.timeout(600)]

#: Kind of the task, and where it stops.
PHASES = {
    "reading": ("ingest", "rebal_core.data.reading.load:_finish"),
    "checking": ("profile", "rebal_core.files:sync"),
    "preparing": ("prepare", "rebal_core.files:sync"),
    "running": ("cell", "rebal_core.files:sync"),
    "judging": ("decide", "rebal_core.files:sync"),
    "exporting": ("export", "rebal_core.outputs:_take_after"),
}
COMMANDS = {
    "reading": ("profile", "rebal_core.data.reading.load", "_finish"),
    "checking": ("profile", "rebal_core.checks.report", "profile_report"),
    "planning": ("compare", "rebal_core.experiment.planning", "make_plan"),
    "running": ("compare", "rebal_core.experiment.client", "wait"),
    "balancing": ("balance", "rebal_core.export.balance", "balance_table"),
    "writing": ("balance", "rebal_core.outputs", "_take_after"),
}


def stray(lab, store):  # noqa: F811
    """Return where the address stands although nobody put it there."""
    put = [store.home.datasets / row.id for row in store.datasets()]
    found = where_it_is(lab / "home", lab / "temporary", lab / "target")
    return [file for file in found if not any(folder in file.parents for folder in put)]


def in_the_end(lab, store):  # noqa: F811
    """Start a command until the processes that were killed are gone; return what is left."""
    end = time.monotonic() + 10
    while True:
        assert main(["runs"]) == 0
        left = stray(lab, store)
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.2)


def submitted(store, kind, lab):  # noqa: F811
    """Hand in what comes to that kind of task."""
    _, folder = store.new_dataset_folder()
    into = str(folder.relative_to(store.home.path))
    if kind == "ingest":
        params = {"source": str(lab / "data" / "t.csv"), "into": into}
        return client.submit_task(store, "ingest", params)
    store.add_dataset(from_frame(pd.read_csv(lab / "data" / "t.csv"), folder, target="label"))
    if kind == "profile":
        return client.submit_task(store, "profile", {"dataset": folder.name})
    plan = make_plan(
        store.dataset(folder.name), strategies="random_over", classifiers="logistic", folds=2
    )
    run = client.submit(store, plan)
    if kind != "export":
        return run
    assert client.wait(store, run, timeout=240).state == "done"
    return client.submit_task(store, "export", {"run": run, "to": str(lab / "target" / "out")})


@pytest.mark.parametrize("victim", ["worker", "engine"])
@pytest.mark.parametrize("phase", PHASES)
def test_worker_and_engine(phase, victim, lab, monkeypatch):  # noqa: F811
    kind, at = PHASES[phase]
    monkeypatch.setenv("REBAL_TASKS", "held_tasks")
    monkeypatch.setenv("REBAL_WORKERS", "1")
    (lab / "hold.json").write_text(json.dumps({"kind": kind, "at": at}))
    store = Store()
    try:
        run = submitted(store, kind, lab)
        end = time.monotonic() + 240
        while not (lab / "held").exists():
            assert time.monotonic() < end, store.home.log.read_text()
            assert store.run(run).live, store.run(run)
            time.sleep(0.05)
        # The attack has something to find where rows are under way.
        assert stray(lab, store) or phase not in ("reading", "exporting")
        if victim == "worker":
            os.kill(int((lab / "held").read_text()), signal.SIGKILL)
            assert client.wait(store, run, timeout=240).state == "done"
        else:
            os.kill(client.engine_status(store).pid, signal.SIGKILL)
        left = in_the_end(lab, store)
        out = lab / "target" / "out"
        assert [file for file in left if victim == "engine" or out not in file.parents] == []
    finally:
        client.stop_engine(store)
        store.close()


@pytest.mark.parametrize("phase", COMMANDS)
def test_command_line(phase, lab):  # noqa: F811
    command, module, name = COMMANDS[phase]
    words = [command, lab / "data" / "t.csv", "--target", "label"]
    if command == "balance":
        words += ["--strategy", "random_over", "--out", lab / "target" / "out.csv"]
    process = begin(COMMAND.format(module=module, name=name), *words)
    process.kill()
    process.wait()
    store = Store()
    try:
        assert in_the_end(lab, store) == []
    finally:
        client.stop_engine(store)
        store.close()


PUT = (
    "PUT /api/upload?name=t.csv HTTP/1.1\r\nHost: %s\r\n"
    "X-Rebal-Token: %s\r\nContent-Length: 9999\r\n\r\n"
)


@pytest.mark.parametrize("phase", ["uploading", "uploaded", "checking"])
def test_dashboard(phase, lab):  # noqa: F811
    sys.path.append(str(Path(__file__).parents[1] / "app"))
    from served import dashboard, drawn, opened, token_in, upload

    store = Store()
    home = {"REBAL_HOME": str(lab / "home")}
    table = (lab / "data" / "t.csv").read_bytes()
    try:
        with dashboard(home, lab / "printed.txt") as (reader, process), opened(reader) as page:
            if phase == "checking":
                _, folder = store.new_dataset_folder()
                frame = pd.read_csv(lab / "data" / "t.csv")
                store.add_dataset(from_frame(frame, folder, target="label"))
                assert "label" in drawn(page, f"dataset={folder.name}", "skew")
            elif phase == "uploaded":
                assert upload(reader, drawn(page), "t.csv", table).status_code == 200
            else:
                head = PUT % (f"127.0.0.1:{reader.port}", token_in(drawn(page)))
                line = socket.create_connection(("127.0.0.1", reader.port))
                line.sendall(head.encode() + table[:9000])
            end = time.monotonic() + 20
            while phase != "checking" and not stray(lab, store):
                assert time.monotonic() < end
                time.sleep(0.1)
            process.kill()
            process.wait()
            if phase == "uploading":
                line.close()
        assert in_the_end(lab, store) == []
    finally:
        client.stop_engine(store)
        store.close()


def test_the_search_finds_what_is_packed(tmp_path):
    text = MAIL.decode()
    pd.DataFrame({"a": ["x" * 50, text] * 500}).to_parquet(tmp_path / "1", compression="zstd")
    (tmp_path / "2").write_bytes(gzip.compress(MAIL * 9))
    with zipfile.ZipFile(tmp_path / "3", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(tmp_path / "1", "table.parquet")
    with sqlite3.connect(tmp_path / "4") as base:
        base.execute("CREATE TABLE t (a)")
        base.execute("INSERT INTO t VALUES (?)", ("y" * 3990 + text + "z" * 9000,))
    base.close()
    (tmp_path / "5").write_bytes(b"PAR1 half a table")
    (tmp_path / "6").write_text("x" + text)
    raw = [MAIL in file.read_bytes() for file in sorted(tmp_path.iterdir())]
    assert raw[1] is raw[2] is False
    assert {file.name for file in where_it_is(tmp_path)} == {"1", "2", "3", "4", "6"}
