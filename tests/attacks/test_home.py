"""The home: nobody's folder is taken over, and one that is gone is told and not made anew."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rebal_core.cli import main
from rebal_core.place import MARK
from rebal_core.scratch import Scratch
from rebal_core.store import Store
from rebal_core.store.home import Home
from rebal_core.wording import UserError

ROOT = str(Path(__file__).parents[2])
PROFILE = ["profile", "t.csv", "--target", "label"]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path, tiny_binary, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny_binary.to_csv("t.csv", index=False)
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("command", [["runs"], PROFILE])
def test_what_we_make_is_for_its_owner_only(command, home, capfd):
    before = os.umask(0)
    try:
        assert main(command) == 0
    finally:
        os.umask(before)
    assert mode(home) == 0o700
    assert capfd.readouterr().err.count("lets other users") == 0


@pytest.mark.parametrize("command", [["runs"], PROFILE])
@pytest.mark.parametrize("open_to", [0o755, 0o750, 0o777])
def test_a_folder_that_was_there_keeps_its_mode_and_is_told_of(command, open_to, home, capfd):
    home.mkdir()
    home.chmod(open_to)
    for _again in range(2):
        assert main(command) == 0
        assert mode(home) == open_to
    assert capfd.readouterr().err.count(f"mode {open_to:o}") == 1  # once, not at every command
    # Nothing of ours in it is open to others.
    for path in home.iterdir():
        assert not mode(path) & 0o077 or path.name == MARK, path
    home.chmod(0o700)
    assert main(command) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["datasets", "runs", "results", "scratch", "uploads", "trash"])
def test_a_folder_of_somebody_else_is_not_taken_over(name, home, capfd):
    """The clean-up and the sweep would have taken what lies there for ours."""
    theirs = home / name / "1234" / "precious.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    for path in (theirs, theirs.parent, home / name):
        os.utime(path, (1, 1))
    for command in (["runs"], PROFILE, ["compare", *PROFILE[1:]], ["trash", "--empty"]):
        assert main(command) == 2
        told = capfd.readouterr().err
        assert told.count("\n") == 1
        assert f"“{name}” of something else" in told
    assert theirs.read_text() == "mine"
    assert {path.name for path in home.iterdir()} == {name}


def test_a_home_of_before_the_mark_is_ours(home):
    store = Store()
    store.close()
    (home / MARK).unlink()
    (home / "runs" / "3").mkdir()
    assert Home().path == home
    (home / MARK).unlink()
    (home / "rebal.db").unlink()
    assert Store().lost_runs() == [3]


def test_a_home_that_is_deleted_in_use_is_not_made_anew(home, monkeypatch):
    from rebal_core.experiment import client

    monkeypatch.setattr("subprocess.Popen", None)
    store = Store()
    run = store.add_run("profile", {}, dataset=None, version="")
    shutil.rmtree(home)
    asked = {
        "list": store.datasets,
        "folder": store.new_dataset_folder,
        "run": lambda: store.add_run("profile", {}, dataset=None, version=""),
        "wait": lambda: client.wait(store, run),
        "home": Home,
        "scratch": Scratch,
        "again": Store,
    }
    for name, ask in asked.items():
        with pytest.raises(UserError, match="was deleted while it was in use"):
            ask()
        assert not home.exists(), name


def test_a_worker_does_not_make_a_home_anew(tmp_path):
    from rebal_core.files import write_json

    with pytest.raises(FileNotFoundError):
        write_json(tmp_path / "gone" / "results" / "cell" / "x.json", {})
    assert not (tmp_path / "gone").exists()


def as_nobody(code, *words):
    """Run Python as a user who owns nothing."""
    before = f"import os, sys; sys.path.insert(0, {ROOT!r})\n"
    before += "from rebal_core.cli import main, frame, look, output, runs, tables\n"
    before += "import rebal_core.checks.report\nfrom pathlib import Path\n"
    before += "from rebal_core.store.database import Database; Database(Path('own.db')).close()\n"
    before += "os.setgid(65534); os.setuid(65534)\n"
    command = [sys.executable, "-P", "-c", before + code, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("whole", [False, True])
def test_a_home_that_may_not_be_written(whole, home):
    if os.getuid():
        pytest.skip("only root can become another user")
    if whole:
        Store().close()
    home.mkdir(exist_ok=True)
    for path in (*home.parents[:4], home, *home.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    code = f"print(*(main(words) for words in (['runs'], {PROFILE})))"
    done = as_nobody(code)
    assert done.stdout == "2 2\n", done
    told = [line for line in done.stderr.splitlines() if "lets other users" not in line]
    assert len(told) == 2
    assert all("home" in line for line in told)
    for path in home.parents[:4]:
        path.chmod(0o700)


READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'


def test_a_home_on_a_disk_that_can_only_be_read(home):
    Store().close()
    (home / "app.log").touch()
    asked = f"(['runs'], {PROFILE}, ['engine', 'stop'], ['app', '--no-browser', '--port=9'])"
    code = f"from rebal_core.cli import main\nfor words in {asked}: print(main(words), flush=True)"
    words = ["unshare", "-m", "sh", "-c", READ_ONLY, "-", home, sys.executable, "-c", code]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=100)
    except FileNotFoundError:
        pytest.skip("there is no unshare on this computer")
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip("this user may not mount")
    assert (done.stdout, done.returncode) == ("2\n2\n2\n", 2), done  # the last became the app
    assert done.stderr.count("\n") == 4
    assert all(str(home) in line and "REBAL_HOME" in line for line in done.stderr.splitlines())


@pytest.mark.parametrize("kind", ["file", "below a file", "dangling", "device"])
def test_a_home_that_is_no_folder(kind, home, monkeypatch, capfd):
    if kind == "file":
        home.write_text("mine")
    elif kind == "below a file":
        monkeypatch.setenv("REBAL_HOME", str(home.parent / "t.csv" / "home"))
    elif kind == "dangling":
        home.symlink_to(home.parent / "nowhere")
    else:
        monkeypatch.setenv("REBAL_HOME", "/dev/null")
    for command in (["runs"], PROFILE):
        assert main(command) == 2
        told = capfd.readouterr().err
        assert told.count("\n") == 1
        assert "set REBAL_HOME" in told
    assert kind != "file" or home.read_text() == "mine"


STRANGE = "a b'c\"d?e#f%20g;h[i]*{j}=k\\l\té漢😀 .."


@pytest.mark.parametrize("name", [STRANGE, "age=33", "x" * 240])
def test_a_home_of_any_name(name, home, monkeypatch, tiny_binary):
    from rebal_core.data.reading.load import from_frame
    from rebal_core.experiment.in_process import run_here
    from rebal_core.experiment.planning import make_plan
    from rebal_core.experiment.results import report

    monkeypatch.setenv("REBAL_HOME", str(home / name))
    assert main(PROFILE) == 0
    store = Store()
    _, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(tiny_binary, folder, name="t", target="label"))
    plan = make_plan(
        store.datasets() and store.dataset(folder.name),
        strategies=["random_under"], classifiers=["logistic"], folds=2,
    )  # fmt: skip
    run = run_here(store, plan)
    assert run.state == "done"
    assert report(store, run.run)["run"] == run.run
    store.close()
    assert main(["runs"]) == 0
    assert [path.name for path in home.iterdir()] == [name]


@pytest.mark.parametrize("value", ["~nobody_of_that_name/x", b"/tmp/\xff\xfe", "y" * 300])
def test_a_setting_that_is_no_path(value, home, monkeypatch, capfd):
    monkeypatch.setenv("REBAL_HOME", os.fsdecode(value))
    for command in (["runs"], PROFILE):
        assert main(command) == 2
        told = capfd.readouterr().err
        assert told.count("\n") == 1
        assert "set REBAL_HOME" in told
