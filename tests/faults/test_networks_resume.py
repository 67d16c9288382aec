"""A network whose worker is killed goes on from its last checkpoint, to the same end."""

import os
import signal
import time

import numpy as np
import pytest

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import client
from rebal_core.experiment.files import load_cell
from rebal_core.experiment.planning import make_plan

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(600)]


def epochs(lab):
    """Fold, epoch and worker of every epoch that was gone through."""
    path = lab.home / "epochs.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [tuple(map(int, line.split())) for line in lines]


def killed_in(lab, epoch, patience=120):
    """Kill the worker that has gone through so many epochs of the first fold."""
    for _ in range(patience * 50):
        found = [pid for fold, done, pid in epochs(lab) if fold == 0 and done >= epoch]
        if found:
            os.kill(found[-1], signal.SIGKILL)
            return
        time.sleep(0.02)
    raise AssertionError(f"no epoch {epoch}; {epochs(lab)}\n{lab.engine_log()}")


def cells(lab, run):
    """Every cell that a run has fitted, by arm and fold."""
    paths = [p for p in lab.store.tasks(run)["path"] if "results/cell" in p]
    found = sorted((load_cell(lab.home / p) for p in paths), key=lambda c: c.fold)
    return [c for c in found if len(c.history)]


def learned(cell):
    """What was told of each epoch, but for the memory that its process took."""
    return [{k: v for k, v in told.items() if k != "memory"} for told in cell.history]


def test_a_worker_killed_in_epoch_37_changes_nothing(make_lab, tiny_binary):
    ended = []
    for name, kill in (("calm", False), ("struck", True)):
        lab = make_lab("saving_tasks", name)
        _, folder = lab.store.new_dataset_folder()
        lab.store.add_dataset(from_frame(tiny_binary, folder, target="label"))
        plan = make_plan(
            lab.store.dataset(folder.name),
            strategies="none",
            classifiers="mlp",
            folds=2,
            params={"mlp": {"epochs": 45, "patience": 45}},
        )
        run = client.submit(lab.store, plan)
        if kill:
            killed_in(lab, 37)
        row = client.wait(lab.store, run, timeout=240)
        assert row.state == "done", (row, lab.engine_log())
        ended.append(cells(lab, run))
    for calm, struck in zip(*ended, strict=True):
        assert np.array_equal(calm.proba, struck.proba)
        assert learned(calm) == learned(struck)
    first = [(done, pid) for fold, done, pid in epochs(lab) if fold == 0]
    assert len({pid for _done, pid in first}) == 2, "another worker went on"
    assert len(first) <= 45 + 1, "where the first was"
    assert not list((lab.home / "results" / "checkpoint").glob("*")), "and nothing is left"
