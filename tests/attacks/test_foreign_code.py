"""Files that lie beside the data are never run, by no Python of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rebal_core.experiment import client
from rebal_core.experiment.child import environment
from rebal_core.store import Store

FAKES = Path(__file__).parents[1] / "faults"
THEIRS = ("app", "rebal_core", "numpy", "dask", "distributed", "tornado", "sitecustomize")


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """Return a folder in which every module there may be tells that it was run."""
    told = tmp_path / "told"
    told.mkdir()
    folder = tmp_path / "beside"
    folder.mkdir()
    for name in {*sys.stdlib_module_names, *THEIRS}:
        text = f"open({str(told / name)!r}, 'w').close()\nraise SystemExit(77)\n"
        (folder / f"{name}.py").write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", str(FAKES)]))
    monkeypatch.setenv("REBAL_HOME", os.path.relpath(tmp_path / "home"))
    monkeypatch.setenv("REBAL_TASKS", "engine_fakes")
    monkeypatch.setenv("REBAL_WORKERS", "1")
    yield told
    store = Store()
    client.stop_engine(store)
    store.close()


def test_the_engine_and_its_workers_run_nothing_of_theirs(trap):
    store = Store()
    run = client.submit_task(store, "profile", {})
    assert client.wait(store, run, timeout=200).state == "done"
    store.close()
    assert not list(trap.iterdir())


@pytest.mark.parametrize("words", [("runs",), ("app", "--port", "1", "--help")], ids=" ".join)
def test_the_commands_run_nothing_of_theirs(trap, words):
    known = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    code = "import sys; from rebal_core.cli import main; sys.exit(main(sys.argv[1:]))"
    for how in (["-P", "-c", code], ["-P", "-m", "rebal_core.cli"]):
        done = subprocess.run([sys.executable, *how, *words], env=known, capture_output=True)
        assert done.returncode == 0, done.stderr
    assert not list(trap.iterdir())


def test_the_command_as_a_module_runs_nothing_of_theirs(tmp_path, monkeypatch):
    told = tmp_path / "told"
    for name in ("queue", "random", "csv", "argparse", "pandas"):
        (tmp_path / f"{name}.py").write_text(f"open({str(told)!r}, 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    known = {**os.environ, "REBAL_HOME": "home", "PYTHONPATH": str(Path(__file__).parents[2])}
    words = [sys.executable, "-m", "rebal_core.cli", "runs"]
    done = subprocess.run(words, env=known, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert not told.exists()


def test_the_app_becomes_a_process_that_runs_nothing_of_theirs(trap, monkeypatch):
    from rebal_core.cli import main

    asked = {}
    monkeypatch.setattr("os.execve", lambda *words: asked.update(words=words))
    monkeypatch.setattr("os.chdir", lambda folder: asked.update(folder=folder))
    main(["app", "--no-browser"])
    _program, words, known = asked["words"]
    code = [*words[: words.index("-m")], "-c", "import app, queue, random, streamlit"]
    done = subprocess.run(code, env=known, capture_output=True)  # even from the same folder
    assert done.returncode == 0, done.stderr
    assert asked["folder"].is_absolute()
    assert not list(trap.iterdir())


def test_a_child_is_told_what_it_needs_and_no_more(tmp_path):
    known = {
        **{"PATH": "/bin::./mine:/usr/bin", "LD_LIBRARY_PATH": ":lib", "PYTHONPATH": ":.:/abs"},
        **{"AWS_SECRET_ACCESS_KEY": "x", "PYTHONSTARTUP": "evil.py", "PYTHONWARNINGS": "a::evil.W"},
        **{"LD_PRELOAD": "evil.so", "REBAL_WORKERS": "1", "REBAL_HOME": "relative", "LANG": "C"},
    }
    kept = environment(tmp_path, known)
    assert kept.pop("PYTHONPATH").split(os.pathsep)[-1] == "/abs"
    assert kept == {
        **{"PATH": "/bin:/usr/bin", "REBAL_WORKERS": "1", "LANG": "C"},
        **{"REBAL_HOME": str(tmp_path), "PYTHONSAFEPATH": "1"},
    }
