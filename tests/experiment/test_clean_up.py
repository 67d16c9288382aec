"""What goes when a run or dataset is deleted, or when nobody comes back for it."""

import json
import os

from pretended import add, drive, make_plan

from rebal_core.experiment import dispatch
from rebal_core.experiment.cleanup import tidy
from rebal_core.experiment.client import delete_dataset, delete_run
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.store.ledger import Ledger


def test_deleted_run_leaves_what_others_need(store, cluster):
    one = add(store, make_plan("none/logistic"))
    two = add(store, make_plan("none/logistic", "smote/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    delete_run(store, two)
    left = {json.dumps(p.name) for p in store.home.results.rglob("*") if p.is_file()}
    assert len(left) == 7  # split, prepare, alarms, cells and a model of the other run
    assert set(store.cells(one)["state"]) == {"done"}
    assert Ledger(store).own_results(two) == []
    delete_dataset(store, "d")
    assert store.runs() == []
    assert not [p for p in store.home.results.rglob("*") if p.is_file()]
    assert not list(store.home.runs.iterdir())


def test_what_nobody_comes_back_for_goes_when_it_is_old(store, cluster):
    add(store, make_plan("none/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    wanted = set(store.home.results.glob("*/*"))
    _, abandoned = store.new_dataset_folder()
    _, young = store.new_dataset_folder()
    _, awaited = store.new_dataset_folder()
    store.add_run("ingest", {"into": f"datasets/{awaited.name}"}, dataset=None, version="")
    cells = store.home.results / "cell"
    half = cells / f"{next(cells.iterdir()).name}.77.0123abcd"
    left = [abandoned, cells / "0123.npz", half, store.home.run_folder(99)]
    for path in left[1:]:
        path.write_text("x")
    for path in (*left, *wanted, awaited):
        os.utime(path, (1, 1))
    tidy(store, Ledger(store))
    assert not [path for path in left if path.exists()]
    assert set(store.home.results.glob("*/*")) == wanted
    assert young.exists()
    assert awaited.exists()


def test_idle_engine_tidies_once(store, cluster, monkeypatch):
    calls = []
    monkeypatch.setattr(dispatch, "tidy", lambda *_: calls.append(1))
    dispatcher = Dispatcher(store, cluster, "v")
    add(store, make_plan("none/logistic"))
    drive(dispatcher, cluster)
    for _ in range(3):
        dispatcher.turn(0)
    assert calls == [1]
