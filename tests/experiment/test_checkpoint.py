"""A task that was ended goes on where it was; nobody else sees how far that is."""

import numpy as np
from pretended import add, drive, make_plan

from rebal_core.experiment.checkpoint import Checkpoint
from rebal_core.experiment.client import delete_run
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.worker import execute

COUNTING = """
import numpy as np
TASKS = {"count": "counting:count"}
def count(params, context):
    state = context.checkpoint.load() or {"done": np.array(0)}
    for k in range(int(state["done"]), 5):
        context.checkpoint.save({"done": np.array(k + 1)})
        params["seen"].append(k)
        context.check()
    context.result.parent.mkdir(exist_ok=True)
    context.result.write_text("{}")
"""


def test_the_next_attempt_goes_on_and_the_last_one_leaves_nothing(store, tmp_path, monkeypatch):
    (tmp_path / "counting.py").write_text(COUNTING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("REBAL_TASKS", "counting")
    flag, seen = tmp_path / "flag", []

    class Stopping(list):
        def append(self, k):
            super().append(k)
            flag.touch() if k == 2 else None

    def attempt(params):
        node = {"kind": "count", "key": "k1", "path": "runs/r.json", "params": params}
        return execute(str(store.home.path), node, str(flag), lambda report: None)["outcome"]

    seen = Stopping()
    assert attempt({"seen": seen}) == "cancelled"
    flag.unlink()
    assert attempt({"seen": seen}) == "done"
    assert seen == [0, 1, 2, 3, 4]
    assert not list((store.home.results / "checkpoint").iterdir())


def test_a_damaged_one_is_none_and_a_new_one_takes_its_place(tmp_path):
    kept = Checkpoint.of(tmp_path, "k")
    kept.path.parent.mkdir(parents=True)
    assert kept.load() is None
    for content in (b"", b"PK", b"garbage"):
        kept.path.write_bytes(content)
        assert kept.load() is None
        kept.save({"w": np.arange(3.0), "epoch": np.array(7)})
        state = kept.load()
        assert (state["w"].tolist(), int(state["epoch"])) == ([0.0, 1.0, 2.0], 7)
    assert [p.name for p in kept.path.parent.iterdir()] == ["k.npz"]


def test_a_deleted_run_takes_its_checkpoints_with_it(store, cluster):
    run = add(store, make_plan("none/logistic"))
    drive(Dispatcher(store, cluster, "v"), cluster)
    kept = Checkpoint.of(store.home.path, store.cells(run)["key"].iloc[0])
    kept.save({"w": np.zeros(1)})
    delete_run(store, run)
    assert not kept.path.exists()
