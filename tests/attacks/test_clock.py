"""A clock that is set back again and again: nothing waits for it, nothing took less than 0 s."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from rebal_core.cli import main
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.certificate import own_security
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import report
from rebal_core.store import Store

NOW = 1_800_000_000.0


@pytest.fixture
def backwards(monkeypatch):
    """Each look at the clock finds it an hour before the last."""
    hours = itertools.count()
    monkeypatch.setattr("time.time", lambda: NOW - 3600 * next(hours))


def test_a_comparison_comes_to_its_end(backwards, tiny_binary, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    store = Store()
    _, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(tiny_binary, folder, target="label"))
    words = {"strategies": "random_under", "classifiers": "logistic", "folds": 2}
    runs = [run_here(store, make_plan(store.dataset(folder.name), **words)) for _ in range(2)]
    assert [run.state for run in runs] == ["done", "done"]
    for run in runs:
        assert run.finished < run.started  # the attack
        assert run.seconds == 0
        assert report(store, run.run)["seconds"] >= 0
    store.close()
    assert main(["runs", "--json", "-"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert [row["seconds"] for row in told] == [0, 0]
    assert [row["run"] for row in told] == [runs[1].run, runs[0].run]


def test_a_run_of_the_future_is_told_no_time_left_and_none_gone(backwards):
    from app.run_cache import seconds_left
    from rebal_core.store.rows import RunRow

    run = RunRow(
        1, "compare", "running", {}, None, "", NOW, NOW, None, None, None, None, (1, 2), 0.5
    )
    assert seconds_left(run) is None
    assert run.seconds is None


def test_workers_may_connect_whatever_the_clock_says():
    """Of a clock that is set back, and of an engine that serves for more than a year."""
    security = own_security()
    certificates = {getattr(security, f"tls_{r}_cert") for r in ("client", "worker", "scheduler")}
    assert certificates == {security.tls_ca_file}
    found = x509.load_pem_x509_certificate(security.tls_ca_file.encode())
    assert found.not_valid_before_utc < datetime.now(UTC) - timedelta(days=1000)
    assert found.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1000)
    assert own_security().tls_client_key != security.tls_client_key
