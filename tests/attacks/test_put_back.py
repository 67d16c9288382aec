"""An older database that is put back beside the log which a killed process left of the newer one.

SQLite plays back whatever log lies there: that would mix the two.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from test_lost_database import add, compared, home, lose  # noqa: F401  (a fixture)

from rebal_core.cli import main
from rebal_core.store import Store
from rebal_core.store.seal import Seal
from rebal_core.store.trash import look_into


def kept(home, to):  # noqa: F811
    """Copy the files of the database as they lie there: what a kill at this moment leaves."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    for file in home.glob("rebal.db*"):
        shutil.copy(file, to / file.name)
    return to


def put(home, *files):  # noqa: F811
    lose(home)
    for file in files:
        shutil.copy(file, home / file.name)


def whole(home):  # noqa: F811
    with closing(sqlite3.connect(home / "rebal.db")) as connection:
        runs, tasks = (
            connection.execute(f"SELECT DISTINCT run FROM {name} ORDER BY run").fetchall()
            for name in ("runs", "tasks")
        )
        assert runs == tasks
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("leaves", ["-wal", "-wal -shm"])
@pytest.mark.parametrize("moved_in", [False, True])
def test_an_older_copy_beside_the_log_of_the_newer(leaves, moved_in, home, tiny_binary, tmp_path):  # noqa: F811
    store = Store()
    one = add(store, tiny_binary, "one")
    first = compared(store, one)
    store.close()
    older = kept(home, tmp_path / "older") / "rebal.db"
    store = Store()
    two = add(store, tiny_binary, "two")
    later = [compared(store, two), compared(store, one)]
    if moved_in:
        with store.database.read() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(RESTART)").close()
        store.rename_dataset(one, "eins")
    killed = kept(home, tmp_path / "killed")
    assert (killed / "rebal.db-wal").stat().st_size > 0
    store.close()
    put(home, older, killed / "rebal.db-seal", *(killed / f"rebal.db{x}" for x in leaves.split()))
    store = Store()
    assert [row.run for row in store.runs()] == [first]
    assert store.lost_runs() == sorted(later)
    assert {row.id for row in store.datasets()} == {one, two}
    assert look_into(store.home).bytes >= (killed / "rebal.db-wal").stat().st_size
    assert look_into(store.home).things == 1
    again = compared(store, two)
    assert again > max(later)
    store.close()
    assert whole(home)


@pytest.mark.parametrize("at", range(7))
def test_a_log_of_its_own_is_played_back_whenever_one_was_killed(
    at, home, tiny_binary, tmp_path, monkeypatch  # noqa: F811
):  # fmt: skip
    store = Store()
    one = add(store, tiny_binary, "one")
    run = compared(store, one)
    moments = [kept(home, tmp_path / "0")]
    store.close()
    if at:  # killed once more while the first renewal after that is under way
        put(home, *moments[0].iterdir())
        write = Seal._write

        def writes(seal, numbers):
            moments.append(kept(home, tmp_path / str(len(moments))))
            write(seal, numbers)
            moments.append(kept(home, tmp_path / str(len(moments))))

        monkeypatch.setattr(Seal, "_write", writes)
        store = Store()
        moments.append(kept(home, tmp_path / str(len(moments))))
        store.rename_dataset(one, "eins")
        moments.append(kept(home, tmp_path / str(len(moments))))
        store.close()
        monkeypatch.undo()
        monkeypatch.setenv("REBAL_HOME", str(home))
        assert len(moments) == 7
    for _again in range(2):
        put(home, *moments[at].iterdir())
        for _ in range(2):
            store = Store()
            assert [row.run for row in store.runs()] == [run]
            assert [row.id for row in store.datasets()] == [one]
            assert at < 6 or store.datasets()[0].name == "eins"
            assert not store.home.trash.exists()
            store.close()
    assert whole(home)


def test_a_log_whose_database_is_gone_goes_to_the_trash(home, tiny_binary, tmp_path):  # noqa: F811
    store = Store()
    one = add(store, tiny_binary, "one")
    killed = kept(home, tmp_path / "killed")
    store.close()
    put(home, killed / "rebal.db-wal", killed / "rebal.db-seal")
    assert main(["runs"]) == 0
    store = Store()
    assert [row.id for row in store.datasets()] == [one]
    assert (store.home.trash / "rebal.db-wal").read_bytes()
    store.close()


def test_a_home_of_before_the_seal_keeps_its_log(home, tiny_binary, tmp_path):  # noqa: F811
    store = Store()
    add(store, tiny_binary, "one")
    run = store.add_run("compare", {}, dataset=None, version="")
    killed = kept(home, tmp_path / "killed")
    store.close()
    put(home, killed / "rebal.db", killed / "rebal.db-wal")
    store = Store()
    assert [row.run for row in store.runs()] == [run]
    store.close()


LOCKED = """
import fcntl, struct, sys
with open(sys.argv[1], "rb+") as file:
    asked = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)
    found = struct.unpack("hhqqi", fcntl.fcntl(file, fcntl.F_GETLK, asked))
print(found[0] != fcntl.F_UNLCK)
"""


def test_nothing_of_ours_lets_go_of_the_locks_of_sqlite(home):  # noqa: F811
    """To close any handle of a file lets go of all locks that the process has on it."""

    def locked():
        words = [sys.executable, "-c", LOCKED, home / "rebal.db"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout == "True\n"

    store = Store()
    assert locked()
    other = Store()
    assert locked()
    other.close()
    assert locked()
    store.close()
    assert not locked()
