"""A database that is lost, older, damaged or newer: nothing is deleted, and datasets come back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat

import pytest

from rebal_core.cli import main
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.cleanup import tidy
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.store import Store
from rebal_core.store.database import HomeGone
from rebal_core.store.ledger import Ledger
from rebal_core.store.trash import look_into
from rebal_core.wording import UserError


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def add(store, frame, name):
    _, folder = store.new_dataset_folder()
    return store.add_dataset(from_frame(frame, folder, name=name, target="label"))


def compared(store, identifier):
    plan = make_plan(
        store.dataset(identifier), strategies=["random_under"], classifiers=["logistic"], folds=2
    )
    return run_here(store, plan).run


def lose(home):
    for file in home.glob("rebal.db*"):
        file.unlink()


def age(home):
    """Let everything in the home be long ago, so that the clean-up takes it for abandoned."""
    for path in home.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)


def files(home):
    kept = ("datasets", "runs", "results", "trash")
    return {
        path.relative_to(home / "trash" if "trash" in path.parts else home): path.read_bytes()
        for name in kept
        for path in (home / name).rglob("*")
        if path.is_file()
    }


def test_all_datasets_are_listed_again_and_nothing_is_deleted(home, tiny_binary, capfd):
    store = Store()
    one, two = add(store, tiny_binary, "one"), add(store, tiny_binary.iloc[:200], "two")
    store.rename_dataset(two, "zwei")
    store.dataset(one).trusting(["amount"])
    before, opened = store.datasets(), {i: store.dataset(i) for i in (one, two)}
    runs = [compared(store, one) for _ in range(2)]
    store.close()
    age(home)
    whole = files(home)
    lose(home)
    store = Store()
    assert store.datasets() == before
    assert {i: store.dataset(i) for i in (one, two)} == opened
    assert store.dataset(one).trusted == ("amount",)
    tidy(store, Ledger(store))
    assert files(home) == whole
    assert store.lost_runs() == runs
    assert main(["runs"]) == 0
    told = capfd.readouterr()
    assert told.err.count("\n") == 1
    assert "does not know these runs any more: 1, 2;" in told.err
    # No bookmark of a lost run shows another one, and what it left is not taken for the new one's.
    again = compared(store, one)
    assert again == max(runs) + 1
    assert report(store, again)["run"] == again
    assert main(["trash"]) == 0
    told = capfd.readouterr().out
    assert str(home / "trash") in told
    assert " MB" in told
    assert main(["trash", "--empty"]) == 0
    assert look_into(store.home).things == 0
    assert [row.id for row in store.datasets()] == [row.id for row in before]
    assert store.lost_runs() == []
    assert compared(store, one) == again + 1
    store.close()


def test_an_older_copy_lists_what_is_newer(home, tiny_binary):
    store = Store()
    one = add(store, tiny_binary, "one")
    first = compared(store, one)
    store.close()
    shutil.copy(home / "rebal.db", home.parent / "copy.db")
    store = Store()
    two = add(store, tiny_binary, "two")
    later = [compared(store, i) for i in (one, two)]
    store.close()
    age(home)
    whole = files(home)
    lose(home)
    shutil.copy(home.parent / "copy.db", home / "rebal.db")
    store = Store()
    assert {row.id: row.name for row in store.datasets()} == {one: "one", two: "two"}
    assert store.lost_runs() == later
    tidy(store, Ledger(store))
    assert files(home) == whole
    assert [row.run for row in store.runs()] == [first]
    assert report(store, first)["run"] == first
    assert compared(store, two) == max(later) + 1
    store.close()


def test_what_cannot_be_listed_goes_to_the_trash(home, tiny_binary):
    store = Store()
    one = add(store, tiny_binary, "one")
    for name in ("no table", "no manifest", "empty manifest"):
        folder = home / "datasets" / name
        shutil.copytree(home / "datasets" / one, folder)
    (home / "datasets" / "no table" / "table.parquet").unlink()
    (home / "datasets" / "no manifest" / "dataset.json").unlink()
    (home / "datasets" / "empty manifest" / "dataset.json").write_text("")
    store.close()
    age(home)
    whole = files(home)
    lose(home)
    store = Store()
    tidy(store, Ledger(store))
    assert [row.id for row in store.datasets()] == [one]
    assert {path.name for path in (home / "datasets").iterdir()} == {one}
    assert len(list((home / "trash" / "datasets").iterdir())) == 3
    assert files(home) == whole
    store.close()


@pytest.mark.parametrize("damage", ["garbage", "another", 1, 50, 511, 4000, 4096, 8192, 0.5, -1])
def test_a_damaged_database_says_what_to_do_and_that_helps(damage, home, tiny_binary, capfd):
    store = Store()
    one = add(store, tiny_binary, "one")
    store.close()
    file = home / "rebal.db"
    whole = file.read_bytes()
    if damage == "another":
        file.unlink()
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE theirs (x)")
            other.execute("PRAGMA user_version = 1")
        other.close()
    elif damage == "garbage":
        file.write_bytes(os.urandom(len(whole)))
    else:
        file.write_bytes(whole[: int(damage * len(whole)) if damage == 0.5 else damage])
    if main(["runs"]) == 0:  # a file of one byte is an empty one, and the last page may be unused
        assert damage in (1, -1)
        assert [row.id for row in Store().datasets()] == [one]
    else:
        told = capfd.readouterr().err
        assert told.count("\n") == 1
        assert "is damaged" in told
        assert "rebal.db" in told
    (home.parent / "aside").mkdir()
    for path in home.glob("rebal.db*"):
        path.rename(home.parent / "aside" / path.name)
    assert main(["runs"]) == 0
    store = Store()
    assert [row.id for row in store.datasets()] == [one]
    store.close()


def test_a_database_that_is_removed_or_replaced_in_use_is_told(home, tiny_binary):
    store = Store()
    one = add(store, tiny_binary, "one")
    copy = (home / "rebal.db").read_bytes()
    lose(home)
    with pytest.raises(HomeGone, match=r"rebal\.db was removed or replaced while it was in use"):
        store.datasets()
    (home / "rebal.db").write_bytes(copy)
    with pytest.raises(UserError, match="removed or replaced"):
        store.add_run("compare", {}, dataset=one, version="")
    store.close()


def test_the_database_is_for_its_owner_only(home):
    before = os.umask(0)
    try:
        store = Store()
        store.add_run("compare", {}, dataset=None, version="")
    finally:
        os.umask(before)
    for file in home.glob("rebal.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    store.close()
