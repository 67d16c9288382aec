"""A home of two datasets and a finished run, of which each test gets a copy to harm."""

from __future__ import annotations

import shutil

import pytest

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import results
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.store import Store


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny_tables):
    """A home with two datasets and a finished run of each; each test gets a copy."""
    home = tmp_path_factory.mktemp("made") / "home"
    store = Store(home)
    for name in ("one", "two"):
        _, folder = store.new_dataset_folder()
        opened = from_frame(tiny_tables["binary"], folder, name=name, target="label")
        store.add_dataset(opened)
        if name == "one":
            plan = make_plan(opened, strategies=["smote"], classifiers=["logistic"], folds=2)
            assert run_here(store, plan).state == "done"
    store.close()
    return home


@pytest.fixture
def store(made, tmp_path, monkeypatch):
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(results, "ensure_engine", lambda store: None)
    shutil.copytree(made, tmp_path / "home")
    opened = Store(tmp_path / "home")
    yield opened
    opened.close()
