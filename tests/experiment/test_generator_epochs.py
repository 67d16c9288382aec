"""A generator learns in the task that changes rows: its epochs are told, kept, and can be ended."""

import itertools
from dataclasses import asdict

import pytest
from pretended import add, drive, make_plan

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import dispatch, planning
from rebal_core.experiment.dispatch import Dispatcher
from rebal_core.experiment.epochs import epochs_of
from rebal_core.experiment.files import load_recipe
from rebal_core.experiment.graph import comparison
from rebal_core.experiment.live_run import take_up
from rebal_core.experiment.tasks import learning
from rebal_core.experiment.worker import execute
from rebal_core.store.ledger import Ledger

#: What is told by two networks, one after the other.
TOLD = [
    {"epoch": epoch, "loss": 1.0 / epoch, "use": 0.1 * epoch, "kept": True, "label": label}
    for label in (0, 1)
    for epoch in (1, 2, 3)
]


def perform(store, node, report=lambda told: None):
    return execute(str(store.home.path), asdict(node), str(store.home.flags / "x"), report)


@pytest.fixture
def begun(store, tiny_binary, monkeypatch):
    """A run whose fold is prepared, its number, and the task in which a generator learns."""
    usual = learning.resample

    def taught(*args, aids, **more):
        for epoch in TOLD:
            aids.progress(**epoch)
        return usual(*args, aids=aids, **more)

    monkeypatch.setattr(learning, "resample", taught)
    _, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(tiny_binary, folder, target="label"))
    plan = planning.make_plan(
        store.dataset(folder.name), strategies="smote", classifiers="logistic", folds=2
    )
    run = add(store, plan)
    assert take_up(store, Ledger(store), run, gpus=False) is not None
    nodes = comparison(plan, run).nodes
    made = store.resampled(run).iloc[0]
    for need in nodes[made["key"]].needs:
        for key in (*nodes[need].needs, need):
            assert perform(store, nodes[key])["outcome"] == "done"
    return run, nodes[made["key"]], made


def test_each_arm_and_split_names_the_task_that_changes_its_rows(store, begun):
    run, node, _ = begun
    made = store.resampled(run)
    assert set(made["arm"]) == {"smote/logistic"}, "others are taught the rows as they are"
    assert made[["repeat", "fold"]].to_numpy().tolist() == [[0, 0], [0, 1]]
    assert made["path"].iloc[0] == node.path
    assert set(made["state"]) == {"queued"}


def test_the_epochs_are_told_each_at_its_place_and_stay_with_the_rows(store, begun):
    run, node, made = begun
    reports = []
    assert perform(store, node, reports.append)["outcome"] == "done"
    Ledger(store).write_events([{"key": node.key, "at": 0.0, **told} for told in reports])
    assert store.heard(run) == {node.key}
    for done in (False, True):
        shown = epochs_of(store, run, made["key"], made["path"], done=done)
        assert shown[list(TOLD[0])].to_dict("records") == TOLD, "none took another's place"
    assert len(load_recipe(store.home.path / node.path)[0]) > 0


def test_it_ends_at_the_next_epoch_once_it_shall(store, begun):
    _, node, _ = begun
    heard = []

    def stopping(told):
        heard.append(told)
        (store.home.flags / "x").touch()

    assert perform(store, node, stopping)["outcome"] == "cancelled"
    assert [told["epoch"] for told in heard] == [1]
    assert not (store.home.path / node.path).exists()


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
def test_a_stopped_arm_ends_its_generator_unless_another_wants_it(
    store, cluster, monkeypatch, shared
):
    clock = itertools.count(step=0.6)
    monkeypatch.setattr(dispatch.time, "monotonic", lambda: next(clock))
    others = ["smote/naive_bayes"] if shared else []
    run = add(store, make_plan("smote/logistic", "none/logistic", *others))
    dispatcher = Dispatcher(store, cluster, "v")

    def at_work():
        return [node for node, _ in cluster.running.values() if node.kind == "resample"]

    drive(
        dispatcher,
        cluster,
        lambda node: None if node.kind == "resample" else "done",
        stop=lambda: bool(at_work()),
    )
    assert store.stop_arm(run, "smote/logistic")
    for _ in range(8):
        dispatcher.turn(0)
    assert bool(cluster.killed) != shared
    assert bool(at_work()) == shared
    drive(dispatcher, cluster)
    assert store.run(run).state == "done"
