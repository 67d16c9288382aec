"""A damaged file says so in its own row; every other row stands."""

import json

import pytest
from test_pages import LANGUAGES, button, words

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.planning import make_plan
from rebal_core.store.ledger import Ledger


@pytest.fixture
def two(store, dataset, tiny_binary):
    """A second dataset, and a run that says it is done and has nothing to show for it."""
    _, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(tiny_binary, folder, name="another", target="label"))
    plan = make_plan(store.dataset(dataset), folds=2).to_dict()
    for content in ("", "{}", "[1]"):
        run = store.add_run("compare", plan, dataset=dataset, version="")
        Ledger(store).set_run(run, state="done")
        store.home.run_folder(run).mkdir()
        (store.home.run_folder(run) / "report.json").write_text(content)
    return store


DAMAGES = {
    "cut": lambda d: (d / "table.parquet").write_bytes((d / "table.parquet").read_bytes()[:99]),
    "inside": lambda d: (d / "table.parquet").write_bytes(
        b"PAR1" + bytes(len((d / "table.parquet").read_bytes()) - 8) + b"PAR1"
    ),
    "gone": lambda d: d.rename(d.parent.parent / "elsewhere"),
    "manifest": lambda d: (d / "dataset.json").write_text(""),
    "another": lambda d: (d / "dataset.json").write_text(json.dumps({"schema": 3})),
}


@pytest.mark.parametrize(
    ("damage", "language"), [(damage, LANGUAGES[damage == "cut"]) for damage in DAMAGES]
)
def test_lists_stay_whole(page, two, dataset, damage, language):
    DAMAGES[damage](two.home.datasets / dataset)
    app = page("data", language)
    table = next(d for d in app.dataframe if d.key == "data_table").value
    assert len(table) == 2
    assert table.astype(str).to_csv().count("⚠") >= 1
    assert "another" in table.astype(str).to_csv()
    if damage == "manifest":
        button(app, "data_open_card_fraud").click().run()
        assert not app.exception
    runs = page("runs", language)
    assert len(next(d for d in runs.dataframe if d.key == "runs_table").value) == 3


def test_the_row_of_a_damaged_dataset_is_deleted(page, two, dataset):
    DAMAGES["manifest"](two.home.datasets / dataset)
    app = page("data")
    app.session_state["data_table"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    assert "is damaged" in words(app).replace("\\", "")
    button(app, "data_delete").click().run()
    assert [row.name for row in two.datasets()] == ["another"]
