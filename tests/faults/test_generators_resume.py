"""A generator that is killed goes on where it was, and one that shall stop does so in seconds."""

import os
import signal
import time

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import client
from rebal_core.experiment.files import load_history, load_recipe
from rebal_core.experiment.planning import make_plan
from rebal_core.store.database import attempts

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(600)]


def submitted(lab, steps):
    rng = np.random.default_rng(0)
    rare = np.repeat([1, 0], [300, 700])
    table = pd.DataFrame(
        {
            "amount": rng.normal(size=1000) + rare,
            "city": rng.choice(["a", "b", "c"], 1000),
            "label": np.where(rare == 1, "rare", "common"),
        }
    )
    _, folder = lab.store.new_dataset_folder()
    lab.store.add_dataset(from_frame(table, folder, target="label"))
    plan = make_plan(
        lab.store.dataset(folder.name),
        strategies="vae",
        classifiers="logistic",
        folds=2,
        params={"vae": {"steps": steps, "nodes": 16}},
    )
    return client.submit(lab.store, plan)


def epochs(lab):
    path = lab.home / "epochs.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [tuple(map(int, line.split())) for line in lines]


def worker_in(lab, epoch, patience=120):
    """Wait until the generator of the first fold has told that epoch; return its worker."""
    for _ in range(patience * 50):
        found = [pid for fold, told, pid in epochs(lab) if fold == 0 and told >= epoch]
        if found:
            return found[-1]
        time.sleep(0.02)
    raise AssertionError(f"no epoch {epoch}; {epochs(lab)}\n{lab.engine_log()}")


def learned(lab, run):
    """What each fold's generator told and made, but for the memory that its process took."""
    made = lab.store.resampled(run).sort_values("fold")["path"]
    found = []
    for path in (lab.home / p for p in made):
        told = [{k: v for k, v in e.items() if k != "memory"} for e in load_history(path)]
        found.append((told, load_recipe(path)[0].to_arrays()))
    return found


def test_a_killed_generator_makes_the_same_rows_in_the_end(make_lab):
    ended = []
    for name, kill in (("calm", False), ("struck", True)):
        lab = make_lab("saving_generators", name)
        run = submitted(lab, steps=1200)
        if kill:
            os.kill(worker_in(lab, 4), signal.SIGKILL)
        row = client.wait(lab.store, run, timeout=240)
        assert row.state == "done", (row, lab.engine_log())
        ended.append(learned(lab, run))
    for (calm, rows), (struck, same) in zip(*ended, strict=True):
        assert calm
        assert calm == struck, "what was told before the kill is told again"
        for part, array in rows.items():
            assert np.array_equal(array, same[part])
    first = [(told, pid) for fold, told, pid in epochs(lab) if fold == 0]
    assert len({pid for _told, pid in first}) == 2, "another worker went on"
    assert not list((lab.home / "results" / "checkpoint").glob("*")), "and nothing is left"


def test_an_arm_is_stopped_while_its_generator_learns(make_lab):
    lab = make_lab("saving_generators")
    run = submitted(lab, steps=10_000)
    worker_in(lab, 1)
    began = time.monotonic()
    assert lab.store.stop_arm(run, lab.store.resampled(run)["arm"].iloc[0])
    while outcome_of(lab, run) is None:
        assert time.monotonic() - began < 10
        time.sleep(0.05)
    assert client.wait(lab.store, run, timeout=240).state == "done"


def outcome_of(lab, run):
    """How the first attempt of the first fold's generator ended; None while it runs."""
    key = lab.store.resampled(run)["key"].iloc[0]
    query = sa.select(attempts.c.outcome).where(attempts.c.key == key)
    with lab.store.database.read() as connection:
        return connection.execute(query).scalars().first()
