"""What a command writes never takes the place of what it reads, of a device, or of a stranger."""

from __future__ import annotations

import os
import socket
import stat
import subprocess

import pytest

from rebal_core import outputs
from rebal_core.cli import main
from rebal_core.outputs import require_folder, require_output, written, written_folder
from rebal_core.scratch import held
from rebal_core.wording import UserError

COMMANDS = {
    "profile": ("profile t.csv --target label --json", ".json"),
    "compare": ("compare t.csv --target label --json", ".json"),
    "strategies": ("strategies --json", ".json"),
    "runs": ("runs --json", ".json"),
    "balance": ("balance t.csv --target label --strategy smote --out", ".csv"),
    "predict": ("predict m.rebal t.csv --out", ".csv"),
}


@pytest.fixture
def table(tmp_path, tiny_binary, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    tiny_binary.to_csv("t.csv", index=False)
    (tmp_path / "m.rebal").write_bytes(b"a model")
    return tmp_path


def link(path):
    path.symlink_to("t.csv")


def hard(path):
    os.link("t.csv", path)


def elsewhere(path):
    path.symlink_to("/dev/null")


def pipe(path):
    os.mkfifo(path)


def port(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def round_about(path):
    path.symlink_to(path.name)


def read_only(path):
    path.write_text("keep")
    path.chmod(0o444)


def a_folder(path):
    path.mkdir()


def to_read_only(path):
    read_only(path.with_suffix(".kept"))
    path.symlink_to(path.with_suffix(".kept").name)


BAD = (link, hard, elsewhere, pipe, port, round_about, read_only, a_folder, to_read_only)


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_output_is_refused_before_any_work(command, make, table, capfd, monkeypatch):
    words, suffix = COMMANDS[command]
    if make in (link, hard) and "t.csv" not in words:
        pytest.skip("reads no table")
    monkeypatch.setattr("rebal_core.data.reading.load.open_text", None)  # nothing is read
    out = table / f"out{suffix}"
    make(out)
    before, data = out.lstat(), (table / "t.csv").read_bytes()
    assert main([*words.split(), out.name]) == 2
    told = capfd.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    after = out.lstat()
    assert (after.st_ino, after.st_mode, after.st_size) == (
        before.st_ino, before.st_mode, before.st_size
    )  # fmt: skip
    assert (table / "t.csv").read_bytes() == data


@pytest.mark.parametrize(
    "words",
    [
        "profile t.csv --target label --json t.csv",
        "profile t.csv --target label --json ./sub/../t.csv",
        "compare t.csv --target label --json t.csv",
        "balance t.csv --target label --strategy smote --out t.csv",
        "predict m.rebal t.csv --out t.csv",
        "profile t.csv --target label --json /dev/null",
        "profile t.csv --target label --json /dev/stdout",
        "profile t.csv --target label --json home/rebal.db",
    ],
)
def test_no_input_device_or_file_of_ours_is_replaced(words, table, capfd):
    (table / "sub").mkdir()
    main(["runs"])
    capfd.readouterr()
    data, runs = (table / "t.csv").read_bytes(), (table / "home" / "rebal.db").stat().st_ino
    assert main(words.split()) == 2
    assert (table / "t.csv").read_bytes() == data
    # its bytes may change (SQLite moves its log in whenever a connection ends), the file may not
    assert (table / "home" / "rebal.db").stat().st_ino == runs
    assert (table / "home" / "rebal.db").read_bytes().startswith(b"SQLite format 3")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_split_that_would_replace_the_table_is_refused(table, capfd):
    os.rename("t.csv", "a_test_untouched.csv")
    words = "balance a_test_untouched.csv --target label --strategy smote --holdout .2 --out a.csv"
    assert main(words.split()) == 2
    assert "overwrite" in capfd.readouterr().err


def test_links_are_followed_and_permissions_kept(table, capfd):
    real = table / "real.json"
    real.write_text("old")
    real.chmod(0o640)
    (table / "p.json").symlink_to("real.json")
    assert main(["profile", "t.csv", "--target", "label", "--json", "p.json"]) == 0
    assert (table / "p.json").is_symlink()
    assert real.read_text().startswith("{")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert not [path for path in table.iterdir() if path.name.startswith(".")]


def _fail(writing, error):
    with writing as parts:
        first = parts[0] if isinstance(parts, tuple) else parts["x"]
        first.write_text("new")
        raise error


def test_several_files_come_all_or_not_at_all(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(UserError, match="The disk is full"):
        _fail(written(tmp_path / "a", tmp_path / "b"), OSError(28, "No space left on device"))
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "old"}
    with pytest.raises(ZeroDivisionError):
        _fail(written_folder(tmp_path / "c", ["x", "y"]), ZeroDivisionError())
    assert not (tmp_path / "c").exists()
    with written_folder(tmp_path / "c", ["x", "y"]) as named:
        for name, part in named.items():
            part.write_text(name)
    assert {p.name: p.read_text() for p in (tmp_path / "c").iterdir()} == {"x": "x", "y": "y"}


def test_what_a_killed_process_left_of_a_file_goes_when_it_is_written_next(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    gone = [
        f".lists.{dead.pid}.0123abcd.parquet",
        f"..lists.{dead.pid}.0123abcd.{dead.pid}.4567cdef.parquet",
    ]
    kept = [
        f".lists.{os.getpid()}.0123abcd.parquet",
        f".lists.{dead.pid}.89abcdef.parquet",  # somebody holds it, on another machine
        f".lists.{dead.pid}.0123abcd.csv",
        f".other.{dead.pid}.0123abcd.parquet",
        f"lists.{dead.pid}.0123abcd.parquet",
        f".lists.{dead.pid}.mine.parquet",
    ]
    for name in (*gone, *kept):
        (tmp_path / name).write_text("half")
    (tmp_path / f".lists.{dead.pid}.11111111.parquet").symlink_to(tmp_path / kept[0])
    with held(tmp_path / kept[1]), written(tmp_path / "lists.parquet") as (part,):
        part.write_text("whole")
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {*kept, "lists.parquet", f".lists.{dead.pid}.11111111.parquet"}


def test_a_file_that_is_being_written_is_left_to_who_writes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(outputs, "_lives", lambda process: False)  # as seen from elsewhere
    with written(tmp_path / "a.csv") as (one,):
        one.write_text("one")
        with written(tmp_path / "a.csv") as (other,):
            other.write_text("other")
        assert one.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "one"


def test_a_folder_where_a_file_of_the_export_goes_is_refused(tmp_path):
    (tmp_path / "arms.csv").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        require_folder(tmp_path, ["model.rebal", "arms.csv"], "--to")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="a file has that name"):
        require_folder(tmp_path / "file" / "deeper", ["x"], "--to")
    require_folder(tmp_path / "new" / "deeper", ["x"], "--to")
    require_output(tmp_path / "free", "--out")
