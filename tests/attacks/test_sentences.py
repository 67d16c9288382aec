"""What the machine refuses is one sentence with the right exit code; nothing is half written."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.server import main as serve
from app.server import report_fault
from rebal_core.cli import main
from rebal_core.experiment import client, machine
from rebal_core.store import Store
from rebal_core.store.database import Busy
from rebal_core.trouble import sentence_of
from rebal_core.wording import UserError

ROOT = str(Path(__file__).parents[2])
PROFILE = ("profile", "t.csv", "--target", "label")


@pytest.fixture
def table(tmp_path, tiny_binary, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", ROOT)
    tiny_binary.to_csv("t.csv", index=False)
    return tmp_path


def rebal(*words, shell="", **options):
    """Run a command in a process of its own, with a piece of shell behind it."""
    command = ["bash", "-c", f'"$0" "$@" {shell}', sys.executable, "-P", "-m", "rebal_core.cli"]
    return subprocess.run([*command, *words], capture_output=True, timeout=100, **options)


def assert_refused(done, word=""):
    assert done.returncode == 2, done
    assert done.stderr.count(b"\n") == 1, done.stderr
    assert b"fault" not in done.stderr
    assert b"wrong on our side" not in done.stderr
    assert word.encode() in done.stderr


@pytest.mark.parametrize(
    ("shell", "word"),
    [(">&-", "Standard output is closed"), ("> /dev/full", "disk is full"), ("<&- >&-", "closed")],
)
def test_standard_output_that_takes_nothing(shell, word, table):
    for words in (("strategies",), (*PROFILE, "--json", "-")):
        assert_refused(rebal(*words, shell=shell), word)


def test_closed_standard_errors_and_readers_that_leave(table):
    assert rebal("runs", "--nonsense", shell="2>&-").returncode == 2
    assert rebal("runs", "--nonsense", shell="2> /dev/full").returncode == 2
    done = rebal("strategies", "--json", "-", shell="| head -c 1")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_file_that_may_not_grow_leaves_nothing_half_written(table):
    command = ("balance", "t.csv", "--target", "label", "--strategy", "smote", "--out", "b.csv")
    inside = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    inside += "from rebal_core.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-P", "-c", inside, *command], capture_output=True)
    assert_refused(done, "larger than this process may write")
    assert {path.name for path in table.iterdir()} == {"t.csv", "home"}
    assert list((table / "home" / "scratch").iterdir()) == []


LIMITED = """
import resource
from rebal_core.store import Store
from rebal_core.wording import UserError
{before}
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    store = {store}
    for run in range(2000):
        store.add_run("compare", {{"words": "x" * 5000}}, dataset=None, version="v")
except UserError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("before", "limit", "store"),
    [
        ("", 0, "Store()"),  # the home's first file
        ("", 4096, "Store()"),  # the database's first pages
        ("made = Store()", 400_000, "made"),  # one that grows
    ],
)
def test_a_limit_of_the_size_of_files_is_no_missing_right(before, limit, store, table):
    code = LIMITED.format(before=before, limit=limit, store=store)
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert "larger than this process may write" in done.stdout, done
    assert "permission" not in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_a_database_that_is_locked(table, capfd, monkeypatch):
    monkeypatch.setattr("rebal_core.store.database.BUSY_SECONDS", 0.2)
    store = Store()
    other = sqlite3.connect(store.home.database)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Busy, match="in use by another"):
        store.add_run("compare", {}, dataset=None, version="v")
    other.close()
    store.close()


def test_a_home_of_another_user(table):
    if os.getuid():
        pytest.skip("only root can become another user")
    assert rebal("runs").returncode == 0
    for path in (table, *table.parents[:3]):
        path.chmod(0o755)
    for path in (table / "home", *(table / "home").rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o600)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from rebal_core.cli import main, frame, look, output, runs\n"
        "from rebal_core.store.database import Database\n"
        "Database(Path('own.db')).close()\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: Database(Path('home/rebal.db'))\n"
        "except Exception as error: print(error)\n"
        "sys.exit(main(['runs']))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True)
    assert b"may not be read or written by this user" in done.stdout
    assert_refused(done)


def test_names_that_are_not_utf_8(table):
    for words in (
        (b"profile", b"\xff.csv", b"--target", b"label"),
        (b"profile", b"t.csv", b"--target", b"label", b"--json", b"\xff.json"),
        (
            b"balance",
            b"t.csv",
            b"--target",
            b"label",
            b"--strategy",
            b"smote",
            b"--out",
            b"\xfe.csv",
        ),
        (b"export", b"1", b"--to", b"\xfe"),
    ):
        assert_refused(rebal(*words), "UTF-8")
    assert_refused(rebal(b"profile", b"t.csv", b"--target", b"\xff"))
    os.mkdir(b"\xff")
    os.link(b"t.csv", b"\xff/t.csv")
    assert_refused(rebal(*PROFILE, cwd=b"\xff"), "UTF-8")


@pytest.mark.parametrize(
    "words",
    [
        f"export {10**30} --to out",
        f"export {'9' * 5000} --to out",
        f"compare t.csv --target label --seed {10**30}",
        f"compare t.csv --target label --tune {10**30}",
        f"balance t.csv --target label --strategy smote --count rare={10**30} --out b.csv",
        f"balance t.csv --target label --strategy smote --set k_neighbors={10**30} --out b.csv",
        "balance t.csv --target label --strategy smote --set ratio=1e999 --out b.csv",
        "balance t.csv --target label --strategy smote --set ratio=nan --out b.csv",
        f"app --port {10**30}",
    ],
    ids=range(9),
)
def test_enormous_numbers(words, table, capfd):
    assert main(words.split()) == 2
    assert capfd.readouterr().err.count("\n") == 1
    assert {path.name for path in table.iterdir()} <= {"t.csv", "home"}


@pytest.mark.parametrize("asked", ["rare=1000000000000", "rare=999999999999 --count common=1"])
def test_rows_that_no_memory_holds_are_refused_before_any_work(asked, table, capfd, monkeypatch):
    monkeypatch.setattr("rebal_core.cli.tables.opened", None)  # the table is not even read
    words = f"balance t.csv --target label --strategy random_over --count {asked} --out b.csv"
    assert main(words.split()) == 2
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert "memory" in told


def test_rows_of_a_wide_table_take_more_memory(table, tiny_binary, monkeypatch):
    import psutil

    from rebal_core import balance

    little = psutil.virtual_memory()._replace(total=100_000)
    monkeypatch.setattr("psutil.virtual_memory", lambda: little)
    with pytest.raises(UserError, match="memory"):
        balance(tiny_binary, "label", "random_over", counts={"rare": 900})


@pytest.mark.parametrize("number", [2**63, 10**30, 0, -1])
def test_a_run_of_an_impossible_number_is_none(number, table):
    with pytest.raises(UserError, match="There is no run"):
        Store().run(number)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REBAL_WORKERS", "999999999"), ("REBAL_WORKERS", "0"), ("REBAL_WORKERS", "9" * 5000),
        ("REBAL_GPUS", "-1"), ("REBAL_IDLE_SECONDS", "soon"), ("REBAL_IDLE_SECONDS", "nan"),
        ("REBAL_IDLE_SECONDS", "inf"), ("REBAL_PAUSE_SECONDS", "-1"), ("REBAL_SCHEDULER", "here"),
        ("REBAL_SCHEDULER", "tls://"), ("REBAL_PAUSE_SECONDS", "1e400"),
        ("REBAL_IMPORT_AHEAD", "yes"),
        ("REBAL_SCHEDULER", "tcp://127.0.0.1:8786"), ("REBAL_SCHEDULER", "tls://127.0.0.1:1"),
        ("REBAL_SCHEDULER", "tls://127.0.0.1:99999"),
        ("REBAL_SCHEDULER", "tls://" + "a" * 70 + ":1"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(name, value, table, capfd, monkeypatch):
    monkeypatch.setenv(name, value)
    monkeypatch.setattr("subprocess.Popen", None)
    assert main(["compare", "t.csv", "--target", "label"]) == 2
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert name in told
    with pytest.raises(UserError, match=name):
        client.ensure_engine(Store())
    monkeypatch.delenv(name)
    machine.require_settings()


def test_a_port_in_use_is_a_sentence_of_the_app(table, capfd):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        words = ("app", "--no-browser", "--port", str(taken.getsockname()[1]))
        assert_refused(rebal(*words))
    with pytest.raises(SystemExit, match="2"):
        serve(["--no-browser", "--host", "999.1.1.1"])
    (told,) = capfd.readouterr().err.splitlines()
    assert "999.1.1.1" in told


@pytest.mark.parametrize("milliseconds", [20, 60, 120, 200, 300, 450, 700])
def test_ctrl_c_in_the_first_moments(milliseconds, table):
    # From `main` on; what comes before is Python's own start.
    code = "import sys; from rebal_core.cli import main; print(flush=True)\n"
    code += "sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-P", "-c", code, *PROFILE, "--json", "out.json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    if process.returncode:
        assert (process.returncode, told) == (130, "Interrupted.\n")


def test_what_is_told_and_what_stays_a_fault():
    assert sentence_of(UserError("Say it.")).render() == "Say it."
    assert "disk is full" in sentence_of(OSError(28, "No space left on device")).render()
    assert "larger than" in sentence_of(OSError(27, "File too large", "x")).render()
    assert "“x”" in sentence_of(PermissionError(13, "Permission denied", "x")).render()
    assert "A file may not" in sentence_of(PermissionError(13, "Permission denied")).render()
    assert "memory" in sentence_of(MemoryError()).render()
    assert sentence_of(ValueError("x")) is None
    assert sentence_of(FileNotFoundError(2, "No such file", "x")) is None


def test_the_fault_page_keeps_the_sentence_of_a_user_error(monkeypatch):
    shown = []
    monkeypatch.setattr("app.components.states.show_problem", shown.append)
    monkeypatch.setattr("app.components.states.show_fault", lambda incident: shown.append(None))
    report_fault(UserError("There is no run 77; it may have been deleted."))
    report_fault(OSError(28, "No space left on device"))
    report_fault(RuntimeError("ours"))
    assert shown[0].render().startswith("There is no run 77")
    assert "disk is full" in shown[1].render()
    assert shown[2] is None
