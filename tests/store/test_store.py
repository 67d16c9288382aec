"""The store: what is written is there, for everybody, and nothing is half done."""

import shutil
import stat
import threading

import pytest
import sqlalchemy as sa

from rebal_core.data.dataset import Dataset
from rebal_core.experiment.client import wait
from rebal_core.schema import Column, Schema
from rebal_core.store import Store
from rebal_core.store.database import Database, HomeGone, runs
from rebal_core.store.ledger import Ledger
from rebal_core.store.migrations import SCHEMA_VERSION
from rebal_core.wording import UserError


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home")
    yield store
    store.close()


def listed(store, name="clicks"):
    identifier, folder = store.new_dataset_folder()
    schema = Schema((Column("y", "category", "target"),))
    dataset = Dataset(folder, name, schema, 3, "f" * 64)
    dataset.save()
    dataset.table.write_bytes(b"PAR1 as good as a table PAR1")
    assert store.add_dataset(dataset) == identifier
    return identifier


def test_home_is_private_and_named_by_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "mine"))
    store = Store()
    assert store.home.path == tmp_path / "mine"
    assert stat.S_IMODE(store.home.path.stat().st_mode) == 0o700
    store.close()


@pytest.mark.parametrize("content", [b"no database at all" * 400, None])
def test_a_damaged_database_is_one_sentence(tmp_path, content):
    store = Store(tmp_path / "home")
    listed(store)
    store.close()
    file = store.home.database
    whole = file.read_bytes()
    file.write_bytes(content or whole[:4096] + b"\x55" * (len(whole) - 4096))
    with pytest.raises(UserError, match="is damaged"):
        Store(tmp_path / "home").datasets()


def test_a_home_that_is_gone_is_told_and_not_made_anew(store):
    run = store.add_run("compare", {}, dataset=None, version="1")
    shutil.rmtree(store.home.path)
    with pytest.raises(HomeGone, match="was deleted while it was in use"):
        wait(store, run)
    with pytest.raises(HomeGone), store.database.told():
        store.new_dataset_folder()
    assert not store.home.path.exists()


def test_home_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="REBAL_HOME"):
        Store(tmp_path / "file" / "home")


def test_datasets_come_and_go(store):
    one, two = listed(store, "a"), listed(store, "b")
    store.add_dataset(store.dataset(one))  # listing twice is no fault
    assert [d.id for d in store.datasets()] == [two, one]
    store.rename_dataset(one, "c")
    assert [d.name for d in store.datasets()] == ["b", "c"]
    run = store.add_run("compare", {}, dataset=one, version="")
    store.hide_dataset(one)
    assert [d.id for d in store.datasets()] == [two]
    with pytest.raises(UserError, match="may have been deleted"):
        store.dataset(one)
    with pytest.raises(UserError, match="may have been deleted"):
        store.run(run)


def test_dataset_of_another_home_is_refused(store, tmp_path):
    with pytest.raises(ValueError, match="no dataset folder of this home"):
        store.add_dataset(Dataset(tmp_path, "x", Schema(()), 0, ""))


def test_cancelled_run_stays_cancelled(store):
    run = store.add_run("compare", {"名": "值"}, dataset=None, version="v")
    ledger = Ledger(store)
    ledger.set_run(run, state="running", started=1.0)
    assert store.cancel_run(run)
    ledger.set_run(run, state="done")
    row = store.run(run)
    assert (row.state, row.plan, row.live) == ("cancelled", {"名": "值"}, False)
    assert not store.cancel_run(run)


def test_run_numbers_are_never_given_again(store):
    first = store.add_run("compare", {}, dataset=None, version="")
    Ledger(store).forget_run(first, [])
    assert store.add_run("compare", {}, dataset=None, version="") > first


def test_many_writers_wait_for_each_other(store):
    """Read, then write in one transaction: a deferred one would fail at once when busy."""
    run = store.add_run("compare", {}, dataset=None, version="0")
    faults = []

    def count(own):
        try:
            for _ in range(40):
                with own.database.write() as connection:
                    version = connection.execute(sa.select(runs.c.version)).scalar_one()
                    connection.execute(sa.update(runs).values(version=str(int(version) + 1)))
        except Exception as error:
            faults.append(error)

    others = [Store(store.home.path) for _ in range(4)]
    threads = [threading.Thread(target=count, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    assert faults == []
    assert store.run(run).version == "160"


def test_newer_home_is_refused(tmp_path):
    database = Database(tmp_path / "x.db")
    with database.write() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(UserError, match="newer Rebal"):
        Database(tmp_path / "x.db")


def test_orphans_are_buried_once(store):
    ledger = Ledger(store)
    ledger.begin_attempt(1, "k", "cpu-0")
    ledger.end_attempt(ledger.begin_attempt(1, "fine", "cpu-0"), "done")
    assert ledger.bury_orphans() == {"k"}
    assert ledger.bury_orphans() == set()
    assert ledger.deaths("k", [1]) == 1
    assert ledger.deaths("k", [2]) == 0
    ledger.end_attempt(ledger.begin_attempt(1, "k", "cpu-0"), "died")
    assert ledger.deaths("k", [1]) == 1  # one worker, one engine: nobody's fault yet
    ledger.end_attempt(ledger.begin_attempt(1, "k", "cpu-0"), "died")
    assert ledger.deaths("k", [1]) == 2


def test_an_orderly_stop_is_no_death(store):
    ledger = Ledger(store)
    attempt = ledger.begin_attempt(1, "k", "cpu-0")
    ledger.bury_orphans()
    ledger.end_attempt(attempt, "stopped")
    assert ledger.deaths("k", [1]) == 0


def test_one_run_is_told_as_in_the_list(store):
    ledger = Ledger(store)
    for states in (("done", "running", "queued"), ("done", "done"), ()):
        run = store.add_run("compare", {}, dataset=None, version="1")
        rows = [
            {"key": f"{run}-{k}", "kind": "cell", "path": "p", "state": state, "seconds": None}
            for k, state in enumerate(states)
        ]
        ledger.add_tasks(run, rows, [])
    ledger.write_events([{"key": "1-1", "epoch": 0, "at": 1.0, "fraction": 0.5, "values": {}}])
    listed = store.runs()
    assert [r.progress for r in listed] == [(0, 0), (2, 2), (1, 3)]
    assert [store.run(r.run) for r in listed] == listed
    assert store.run(1).fraction == pytest.approx(0.5)


def test_a_run_that_broke_off_got_as_far_as_what_was_done_of_it(store):
    ledger = Ledger(store)
    run = store.add_run("compare", {}, dataset=None, version="1")
    states = ("done", "failed", "running", "queued")
    rows = [
        {"key": str(k), "kind": "cell", "path": "p", "state": state, "seconds": None}
        for k, state in enumerate(states)
    ]
    ledger.add_tasks(run, rows, [])
    store.cancel_run(run)
    ledger.skip_rest(run)
    assert store.run(run).fraction == pytest.approx(0.5)
    assert store.runs()[0].fraction == pytest.approx(0.5)
