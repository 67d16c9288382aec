"""A home of any older version opens, with everything that was in it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

import pytest
import sqlalchemy as sa

from rebal_core.store import Store
from rebal_core.store.database import Busy, Database, metadata
from rebal_core.store.migrations import MIGRATIONS, SCHEMA_VERSION

#: The tables as the first version made them.
FIRST = """
CREATE TABLE datasets (id TEXT NOT NULL, name TEXT NOT NULL, fingerprint TEXT NOT NULL,
    rows INTEGER NOT NULL, created FLOAT NOT NULL, deleted BOOLEAN NOT NULL, PRIMARY KEY (id));
CREATE TABLE runs (run INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
    state TEXT NOT NULL, "plan" JSON NOT NULL, dataset TEXT, version TEXT NOT NULL,
    created FLOAT NOT NULL, started FLOAT, finished FLOAT, detail TEXT, error TEXT, incident TEXT,
    deleted BOOLEAN NOT NULL);
CREATE TABLE tasks (run INTEGER NOT NULL, "key" TEXT NOT NULL, kind TEXT NOT NULL,
    path TEXT NOT NULL, state TEXT NOT NULL, detail TEXT, seconds FLOAT, error TEXT,
    incident TEXT, PRIMARY KEY (run, "key"));
CREATE INDEX tasks_by_key ON tasks ("key");
CREATE TABLE cells (run INTEGER NOT NULL, arm TEXT NOT NULL, repeat INTEGER NOT NULL,
    fold INTEGER NOT NULL, "key" TEXT NOT NULL, PRIMARY KEY (run, arm, repeat, fold));
CREATE TABLE attempts (id INTEGER NOT NULL, run INTEGER NOT NULL, "key" TEXT NOT NULL,
    seat TEXT NOT NULL, started FLOAT NOT NULL, ended FLOAT, outcome TEXT, PRIMARY KEY (id));
CREATE INDEX attempts_by_key ON attempts ("key");
CREATE TABLE events ("key" TEXT NOT NULL, epoch INTEGER NOT NULL, at FLOAT NOT NULL,
    fraction FLOAT, loss FLOAT, PRIMARY KEY ("key", epoch));
INSERT INTO datasets VALUES ('d1', '表', 'ab', 300, 1.0, 0);
INSERT INTO runs VALUES (1, 'compare', 'done', '{"x": 1}', 'd1', 'v', 1.0, 2.0, 3.0, NULL, NULL,
    NULL, 0);
INSERT INTO runs VALUES (7, 'ingest', 'queued', '{}', NULL, 'v', 4.0, NULL, NULL, NULL, NULL,
    NULL, 0);
INSERT INTO tasks VALUES (1, 'k', 'cell', 'results/cell/k.npz', 'done', NULL, 0.5, NULL, NULL);
INSERT INTO cells VALUES (1, 'none/mlp', 0, 0, 'k');
INSERT INTO attempts VALUES (1, 1, 'k', 'cpu-0', 1.0, 2.0, 'done');
INSERT INTO events VALUES ('k', 0, 1.0, 0.5, NULL), ('k', 1, 1.5, NULL, 0.25);
PRAGMA user_version = 1;
"""


@pytest.fixture
def older(tmp_path):
    """A home whose database the first version wrote."""
    home = tmp_path / "home"
    Store(home).close()
    for file in home.glob("rebal.db*"):
        file.unlink()
    with sqlite3.connect(home / "rebal.db") as made:
        made.executescript(FIRST)
    made.close()
    return home


def shape(connection):
    """The tables with their columns, and the indexes."""
    found = sa.inspect(connection)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted(i["name"] for i in found.get_indexes(table)),
        )
        for table in found.get_table_names()
    }


def test_the_tables_of_the_first_version_become_those_of_a_new_home(older, tmp_path):
    databases = [Database(older / "rebal.db"), Database(tmp_path / "new.db")]
    shapes = []
    for database in databases:
        with database.read() as connection:
            shapes.append(shape(connection))
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            assert version == SCHEMA_VERSION == 1 + len(MIGRATIONS)
        database.close()
    assert shapes[0] == shapes[1]
    assert set(shapes[0]) == set(metadata.tables)


def test_everything_of_an_older_home_is_there(older):
    for _again in range(2):
        store = Store(older)
        assert [(d.id, d.name, d.rows) for d in store.datasets()] == [("d1", "表", 300)]
        assert [r.run for r in store.runs(None)] == [7, 1]
        run = store.run(1)
        assert (run.state, run.plan, run.seconds, run.progress) == ("done", {"x": 1}, 1.0, (1, 1))
        assert store.cells(1)[["arm", "attempts", "seconds"]].iloc[0].tolist() == [
            "none/mlp",
            1,
            0.5,
        ]
        events = store.events(1)
        assert events["fraction"].tolist()[0] == 0.5
        assert events["loss"].isna().tolist() == [True, False]
        assert events["loss"].iloc[1] == 0.25
        store.close()
    store = Store(older)
    assert store.add_run("compare", {}, dataset=None, version="") == 8
    store.close()


def test_of_two_that_come_at_once_one_changes_the_tables(older):
    faults = []

    def come():
        try:
            Database(older / "rebal.db").close()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


@pytest.mark.parametrize("lock", ["DEFERRED", "IMMEDIATE", "EXCLUSIVE"])
def test_whoever_comes_while_another_writes_waits(older, lock):
    held = sqlite3.connect(older / "rebal.db", isolation_level=None, check_same_thread=False)
    held.execute(f"BEGIN {lock}")
    held.execute("SELECT * FROM runs").fetchall()
    later = threading.Timer(0.3, held.execute, ["COMMIT"])
    later.start()
    Database(older / "rebal.db").close()
    later.join()
    held.close()


def test_whoever_comes_while_another_never_ends_is_told(older, monkeypatch):
    monkeypatch.setattr("rebal_core.store.database.BUSY_SECONDS", 0.2)
    with contextlib.closing(sqlite3.connect(older / "rebal.db", isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="in use by another program"):
            Database(older / "rebal.db")


def test_a_change_that_breaks_off_leaves_the_older_version(older, monkeypatch):
    from rebal_core.store import migrations

    broken = ((MIGRATIONS[0][0], "ALTER TABLE elsewhere ADD COLUMN x"),)
    monkeypatch.setattr(migrations, "MIGRATIONS", broken)
    with pytest.raises(Exception, match="damaged"):
        Database(older / "rebal.db")
    monkeypatch.undo()
    store = Store(older)
    assert store.events(1)["loss"].iloc[1] == 0.25
    store.close()
