"""What is not ours in a home, or behind a link in it, is neither moved, removed nor waited for."""

from __future__ import annotations

import json
import os
import shutil
import socket

import pytest

from rebal_core import files
from rebal_core.cli import main
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.cleanup import clear_unfinished, tidy
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.store import Store
from rebal_core.store.home import Home
from rebal_core.store.ledger import Ledger
from rebal_core.store.trash import empty, look_into
from rebal_core.wording import UserError

KEY = "0123456789abcdef01234567"
UNFINISHED = f"{KEY}.npz.12.0a1b2c3d"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A home, and a folder of somebody else's beside it."""
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Store().close()
    for name in ("deep/f", UNFINISHED, f"{KEY}.lock", "plain"):
        path = tmp_path / "else" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("mine")
    return tmp_path


def age(folder):
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (1, 1), follow_symlinks=False)


def cleaned(home):
    """All that removes or moves anything, long after."""
    age(home)
    store = Store()
    clear_unfinished(store.home)
    tidy(store, Ledger(store))
    store.close()
    assert main(["runs"]) == 0


@pytest.mark.parametrize(
    "place", ["scratch", "uploads", "scratch/1-abcdefgh", "datasets/x", "runs/5", "results/mine"]
)
def test_nothing_behind_a_link_is_touched(place, lab):
    before = sorted(p.relative_to(lab) for p in (lab / "else").rglob("*"))
    link = lab / "home" / place
    if link.is_dir():
        shutil.rmtree(link)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(lab / "else")
    cleaned(lab / "home")
    assert sorted(p.relative_to(lab) for p in (lab / "else").rglob("*")) == before
    if link.is_symlink():
        files.remove(link)
    assert sorted(p.relative_to(lab) for p in (lab / "else").rglob("*")) == before


@pytest.mark.timeout(60)
@pytest.mark.parametrize("place", ["scratch", "uploads"])
def test_links_and_pipes_in_the_scratch_go_and_nobody_follows_or_waits(place, lab):
    before = sorted((lab / "else").rglob("*"))
    folder = lab / "home" / place
    folder.mkdir(exist_ok=True)
    (folder / "to_folder").symlink_to(lab / "else")
    (folder / "to_file").symlink_to(lab / "else" / "plain")
    (folder / "to_nothing").symlink_to(lab / "nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as line:
        os.chdir(folder)  # the name of a socket is short
        line.bind("socket")
    (folder / "of_the_dead").mkdir()
    assert main(["runs"]) == 0
    assert list(folder.iterdir()) == []
    assert sorted((lab / "else").rglob("*")) == before


def test_what_is_no_file_is_in_no_upload_s_way(lab):
    from app.routes import uploads

    folder = uploads(Home())
    (folder / "folder").mkdir()
    (folder / "to_nothing").symlink_to(lab / "nowhere")
    (folder / "old.csv").write_text("a")
    age(folder)
    assert uploads(Home()) == folder
    assert {path.name for path in folder.iterdir()} == {"folder"}


def test_a_dataset_behind_a_link_is_not_listed(lab, tiny_binary):
    from_frame(tiny_binary, lab / "else" / "dataset", target="label")
    (lab / "home" / "datasets" / "mine").symlink_to(lab / "else" / "dataset")
    store = Store()
    assert store.datasets() == []
    store.close()


@pytest.mark.parametrize(
    "name",
    ["datasets/poetry.lock", "datasets/x.lock/f", "datasets/back.2024.deadbeef/f", "runs/a.lock",
     "results/mine/run.1.0123abcd", "results/mine/x.lock"],
)  # fmt: skip
def test_what_has_a_name_like_ours_goes_to_the_trash(name, lab):
    path = lab / "home" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("precious")
    cleaned(lab / "home")
    assert not path.exists()
    assert (lab / "home" / "trash" / name).read_text() == "precious"


def test_what_a_killed_process_wrote_is_removed(lab):
    folder = lab / "home" / "results" / "cell"
    folder.mkdir()
    for name in (UNFINISHED, f"{KEY}.lock"):
        (folder / name).write_text("half")
    cleaned(lab / "home")
    assert list(folder.iterdir()) == []
    assert not (lab / "home" / "trash").exists()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("file", ["dataset.json", "table.parquet"])
def test_nobody_waits_at_a_pipe(file, lab, tiny_binary):
    folder = lab / "home" / "datasets" / "piped"
    from_frame(tiny_binary, folder, target="label")
    (folder / file).unlink()
    os.mkfifo(folder / file)
    assert main(["runs"]) == 0


@pytest.mark.parametrize("number", ["1234567890123456789012345", "9223372036854775807"])
def test_a_number_that_no_run_ever_had(number, lab, tiny_binary):
    (lab / "home" / "runs" / number).mkdir()
    assert main(["runs"]) == 0
    store = Store()
    _, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(tiny_binary, folder, target="label"))
    words = {"strategies": "random_under", "classifiers": "logistic", "folds": 2}
    run = run_here(store, make_plan(store.dataset(folder.name), **words))
    assert run.state == "done"
    assert report(store, run.run)["run"] == run.run
    store.close()


@pytest.mark.parametrize(
    "wrong", [{"name": ["x"]}, {"created": "abc"}, {"rows": 10**30}, {"rows": -1},
              {"fingerprint": 5}, {"created": float("inf")}],
)  # fmt: skip
def test_a_description_that_no_list_could_hold(wrong, lab, tiny_binary):
    for name in ("good", "bad"):
        from_frame(tiny_binary, lab / "home" / "datasets" / name, target="label")
    about = lab / "home" / "datasets" / "bad" / "dataset.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | wrong))
    store = Store()
    assert [row.id for row in store.datasets()] == ["good"]
    store.close()


def test_what_cannot_be_removed_is_not_said_to_be(lab, capfd):
    store = Store()
    (lab / "home" / "trash").symlink_to(lab / "else")
    (lab / "else" / "runs" / "7").mkdir(parents=True)
    assert look_into(store.home).things == 1
    with pytest.raises(UserError, match="cannot be removed"):
        empty(store.home)
    assert main(["trash", "--empty"]) == 2
    assert "Removed" not in capfd.readouterr().out
    assert (lab / "else" / "plain").exists()
    store.close()
