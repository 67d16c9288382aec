"""Splits are cut once a repeat, and everybody reads the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Protocol
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import splits as splits_module
from rebal_core.experiment.arm_result import open_arm
from rebal_core.experiment.graph import comparison
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.splits import cut_repeat, save_splits, splits_of, stored_splits


@pytest.fixture
def dataset(store):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=240),
            "who": rng.integers(0, 60, 240),
            "day": rng.permutation(240) // 3,
            "label": rng.choice(["no", "yes"], 240, p=[0.8, 0.2]),
        }
    )
    frame.loc[::20, "label"] = None
    _, folder = store.new_dataset_folder()
    dataset = from_frame(frame, folder, target="label")
    store.add_dataset(dataset)
    return dataset


PROTOCOLS = {
    "rows": Protocol("f1", "f1", folds=3, repeats=3),
    "groups": Protocol("f1", "f1", folds=3, repeats=3, split="group", group="who"),
    "time": Protocol("f1", "f1", folds=3, split="time", time="day"),
    "time without its groups": Protocol("f1", "f1", folds=3, split="time", time="day", group="who"),
}


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("rows", [None, 100])
def test_stored_splits_are_those_that_are_cut(dataset, tmp_path, name, rows, monkeypatch):
    protocol = PROTOCOLS[name]
    every = splits_of(dataset, protocol, rows)
    assert len(every) == protocol.folds * protocol.repeats
    for repeat in range(protocol.repeats):
        path = tmp_path / f"{repeat}.npz"
        cut = cut_repeat(dataset, protocol, rows, repeat)
        save_splits(path, cut, dataset.rows)
        monkeypatch.setattr(splits_module, "cut_repeat", None)  # to cut again would fail
        stored = stored_splits(path, dataset, protocol, rows, repeat)
        monkeypatch.undo()
        path.write_bytes(path.read_bytes()[:50])
        again = stored_splits(path, dataset, protocol, rows, repeat)
        mine = [s for s in every if s.repeat == repeat]
        for found in (cut, stored, again):
            assert [(s.repeat, s.fold) for s in found] == [(repeat, k) for k in range(3)]
            for one, other in zip(found, mine, strict=True):
                assert one.train.dtype == other.train.dtype
                assert np.array_equal(one.train, other.train)
                assert np.array_equal(one.test, other.test)


@pytest.mark.parametrize("damage", ["garbage", "without its bits", "numbers for bits"])
def test_damaged_splits_are_cut_again(dataset, tmp_path, damage):
    protocol, path = PROTOCOLS["rows"], tmp_path / "0.npz"
    cut = cut_repeat(dataset, protocol, None, 0)
    if damage == "garbage":
        path.write_bytes(b"PK\x03\x04" + bytes(range(256)))
    else:
        more = {"bits": np.linspace(0, 1, 6)} if damage == "numbers for bits" else {}
        np.savez(path, rows=np.array(dataset.rows), **more)
    again = stored_splits(path, dataset, protocol, None, 0)
    assert [s.train.tolist() for s in again] == [s.train.tolist() for s in cut]


def test_a_machine_without_room_is_not_taken_for_damage(dataset, tmp_path, monkeypatch):
    def refused(_path):
        raise MemoryError

    path = tmp_path / "0.npz"
    save_splits(path, cut_repeat(dataset, PROTOCOLS["rows"], None, 0), dataset.rows)
    monkeypatch.setattr(splits_module, "read_arrays", refused)
    with pytest.raises(MemoryError):
        stored_splits(path, dataset, PROTOCOLS["rows"], None, 0)


def test_a_run_cuts_each_repeat_once_and_more_repeats_keep_the_old(store, dataset, monkeypatch):
    cut = []

    def noted(y, protocol, repeat, **columns):
        cut.append(repeat)
        return real(y, protocol, repeat, **columns)

    real = splits_module.splits_of_repeat
    wishes = {"strategies": "threshold", "classifiers": "logistic", "folds": 2}
    plan = make_plan(dataset, split="stratified", **wishes)
    monkeypatch.setattr(splits_module, "splits_of_repeat", noted)
    run = run_here(store, plan)
    assert run.state == "done"
    assert cut == [0]
    assert run_here(store, plan.sharpened()).state == "done"
    assert cut == [0, 1]
    open_arm(store, run.run, "threshold/logistic")
    assert cut == [0, 1]
    for file in store.home.results.glob("split/*.npz"):
        file.unlink()
    open_arm(store, run.run, "threshold/logistic")
    assert cut == [0, 1, 0], "what is gone is cut again"


def test_what_does_not_split_does_not_cut_again(dataset):
    def keys(plan):
        return {n.key for n in comparison(plan, 1).nodes.values() if n.kind == "split"}

    plan = make_plan(dataset, split="stratified", strategies="smote", folds=3)
    (key,) = keys(plan)
    assert keys(plan.without("x")) == {key}
    assert keys(replace(plan, protocol=replace(plan.protocol, metric="roc_auc"))) == {key}
    assert len(keys(plan.sharpened()) - {key}) == 1
    for change in ({"folds": 2}, {"seed": 1}, {"split": "group", "group": "who"}):
        assert key not in keys(replace(plan, protocol=replace(plan.protocol, **change)))
    assert key not in keys(replace(plan, rows=100))
