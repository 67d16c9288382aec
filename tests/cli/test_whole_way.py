"""compare, runs, export, predict through the engine, as a stranger would type them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from recorder.sitecustomize import names_asked, processes_heard, recording

from rebal_core.cli import main
from rebal_core.cli.output import moment
from rebal_core.codes import RUN_VERDICTS
from rebal_core.experiment import client
from rebal_core.store import Store


def rebal(home, *words, **options):
    environment = {**os.environ, "REBAL_HOME": str(home), "REBAL_WORKERS": "1"}
    environment |= recording(asked(home))
    return subprocess.run(
        [sys.executable, "-m", "rebal_core.cli", *map(str, words)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=400,
        **options,
    )


def asked(home):
    """Where the command, the engine and its worker note whom they ask for."""
    return home.parent / "asked.txt"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home") / "h"
    yield home
    rebal(home, "engine", "stop")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    half = pd.DataFrame({"x": range(200), "kind": ["a", "b"] * 100})
    half["label"] = ["rare" if i % 8 == 0 or i > 190 else "common" for i in range(200)]
    half.to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


@pytest.fixture(scope="module")
def compared(home, table):
    words = "--target label --strategies smote --classifiers logistic --folds 2 --json -"
    done = rebal(home, "compare", table, *words.split())
    assert done.returncode == 0, done.stderr
    assert done.stderr == "Not used: x. Looks like a row number: every value is different.\n"
    return json.loads(done.stdout)


def test_compare_has_the_promised_keys(compared):
    assert set(compared) == {
        "run", "unused", "dataset", "protocol", "arms", "controls", "verdict", "alarms", "seconds",
    }  # fmt: skip
    names = [arm["arm"] for arm in compared["arms"]]
    assert sorted(names) == [
        "class_weight/logistic", "dummy/prior", "none/logistic", "smote/logistic",
        "threshold/logistic",
    ]  # fmt: skip
    assert all(arm["params"] == {} for arm in compared["arms"])
    assert compared["controls"] == []
    assert set(compared["verdict"]) == {"code", "sentence", "best_arm"}


@pytest.fixture
def typed(home, compared, monkeypatch, capfd):
    """A command typed in this process, which spares the imports; it must succeed."""
    monkeypatch.setenv("REBAL_HOME", str(home))

    def run(*words):
        code = main([str(word) for word in words])
        told = capfd.readouterr()
        assert code == 0, told.err
        return told.out

    return run


def test_runs_export_predict(typed, table, compared, tmp_path):
    runs = json.loads(typed("runs", "--json", "-"))
    assert set(runs[0]) == {
        "run", "state", "dataset", "target", "started", "seconds", "verdict",
    }  # fmt: skip
    assert (runs[0]["run"], runs[0]["state"], runs[0]["dataset"]) == (compared["run"], "done", "t")
    assert runs[0]["verdict"] == compared["verdict"]["code"]
    told = typed("runs")
    assert RUN_VERDICTS[runs[0]["verdict"]].render() in told
    assert moment(runs[0]["started"]) in told
    assert runs[0]["verdict"] not in told
    assert runs[0]["started"] not in told
    out = tmp_path / "out"
    said = typed("export", compared["run"], "--to", out, "--arm", "smote/logistic")
    assert said.startswith(f"smote/logistic of run {compared['run']}:\nWrote ")
    assert {path.name for path in out.iterdir()} == {
        "train_balanced.parquet", "test_untouched.parquet", "model.rebal", "arms.csv",
        "manifest.json",
    }  # fmt: skip
    scored = tmp_path / "s.parquet"
    typed("predict", out / "model.rebal", table, "--out", scored)
    frame = pd.read_parquet(scored)
    assert [*frame] == ["x", "kind", "label", "prediction", "p_common", "p_rare"]
    assert frame["x"].tolist() == list(range(200))


def test_runs_reads_a_verdict_without_what_makes_one(typed, compared, monkeypatch):
    """Which takes seconds to import."""
    monkeypatch.setitem(sys.modules, "rebal_core.experiment.results", None)
    runs = json.loads(typed("runs", "--json", "-"))
    assert compared["verdict"]["code"] in [row["verdict"] for row in runs]


def test_settings_reach_the_arms_and_every_file(typed, table, tmp_path):
    both = "random_over+random_under"
    words = f"--target label --strategies smote,{both} --classifiers logistic --folds 2 --json -"
    words += f" --set {both}.random_over.ratio=0.5 --set logistic.C=0.1 --set"
    told = json.loads(typed("compare", table, *words.split(), 'smote.counts={"rare": 60}'))
    params = {arm["strategy"]: arm["params"] for arm in told["arms"]}
    assert params == {
        "dummy": {},
        **{name: {"C": 0.1} for name in ("none", "threshold", "class_weight")},
        "smote": {"counts": {"rare": 60}, "C": 0.1},
        both: {"random_over.ratio": 0.5, "C": 0.1},
    }
    assert {arm["classifier"] for arm in told["arms"]} == {"logistic", "prior"}
    names = {"smote": "smote(counts: rare 60)", both: f"{both}(random_over.ratio=0.5)"}
    for strategy, rows in (("smote", 60), (both, None)):
        arm = next(arm["arm"] for arm in told["arms"] if arm["strategy"] == strategy)
        out = tmp_path / strategy
        assert arm == f"{names[strategy]}/logistic(C=0.1)"
        said = typed("export", told["run"], "--to", out, "--arm", arm)
        assert said.startswith(f"{arm} of run ")
        manifest = json.loads((out / "manifest.json").read_text())
        assert manifest["params"] == params[strategy]
        listed = pd.read_csv(out / "arms.csv").set_index("arm")["params"]
        assert json.loads(listed[arm]) == params[strategy]
        balanced = pd.read_parquet(out / "train_balanced.parquet")["label"].value_counts()
        assert balanced["rare"] == (rows or balanced["common"])


def test_engine_tells_and_stops_and_has_asked_for_no_name(typed, home, compared):
    store = Store(home)
    wish = {"run": compared["run"], "arm": "none/logistic", "label": "rare"}
    task = client.submit_task(store, "explain", wish)
    assert client.wait(store, task, timeout=240).state == "done", store.run(task)
    store.close()
    assert "is running" in typed("engine", "status")
    assert "has stopped" in typed("engine", "stop")
    assert "No engine" in typed("engine", "status")
    assert processes_heard(asked(home)) >= 3  # the command, the engine and its worker
    assert names_asked(asked(home)) <= {"127.0.0.1", "::1", "localhost"}


@pytest.mark.slow
def test_ctrl_c_cancels_the_run(tmp_path, table):
    home = tmp_path / "h"
    environment = {**os.environ, "REBAL_HOME": str(home), "REBAL_WORKERS": "1"}
    words = ["--target", "label", "--strategies", "all", "--folds", "5", "--repeats", "20"]
    process = subprocess.Popen(
        [sys.executable, "-m", "rebal_core.cli", "compare", str(table), *words],
        env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for _ in range(600):
            listed = json.loads(rebal(home, "runs", "--json", "-").stdout)
            if listed:
                break
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert "was cancelled" in err
        assert json.loads(rebal(home, "runs", "--json", "-").stdout)[0]["state"] == "cancelled"
    finally:
        process.kill()
        rebal(home, "engine", "stop")
