"""How a generator learns, on the Run page: the arm's rows come from a task that is no cell."""

import re
from dataclasses import replace

import pytest
from page_reading import shown, widget

from app.components import run_generator, run_live, run_training
from rebal_core.experiment.live_run import take_up
from rebal_core.experiment.machine import worker_count
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.progress import seconds_left
from rebal_core.store.ledger import Ledger


def told(key, epoch, place=None, **more):
    values = {
        "loss": 1.0 + epoch,
        "critic_loss": 2.0,
        "use": 0.1 * epoch,
        "shape": 0.9,
        "kept": epoch <= 2,
        "device": "cpu",
        "memory": 512,
    }
    return {
        "key": key,
        "epoch": place or epoch,
        "at": 0.0,
        "fraction": None,
        "values": values | more,
    }


@pytest.fixture
def making(finished):
    """A run whose generator is at work on its second fold; key of each fold's task."""
    store = finished.store
    plan = make_plan(
        store.dataset(finished.dataset), strategies="smote", classifiers=["mlp"], folds=2
    )
    plan = replace(plan, protocol=replace(plan.protocol, seed=100 + len(store.runs(None))))
    run = store.add_run("compare", plan.to_dict(), dataset=finished.dataset, version="x")
    ledger = Ledger(store)
    assert take_up(store, ledger, run, gpus=False) is not None
    keys = store.resampled(run).set_index(["arm", "fold"])["key"].loc["smote/mlp"].to_dict()
    for key in keys.values():
        ledger.write_events([told(key, e) for e in (1, 2, 3)])
    ledger.set_task([run], keys[1], state="running")
    yield run, keys
    store.cancel_run(run)


@pytest.fixture
def drawn(monkeypatch):
    """The figures of the page, by name, as they were drawn last."""
    found = {}
    for module in (run_generator, run_training):
        monkeypatch.setattr(module, "draw", lambda figure, name, **_: found.update({name: figure}))
    return found


@pytest.mark.parametrize(
    ("language", "about"),
    [
        ("en", "fold 1.2 · epoch 3 · best so far 2 · CPU, up to 0.5 GB in its process"),
        ("zh", "第 1.2 折 · 第 3 轮 · 目前最佳第 2 轮 · CPU，其进程最多 0.5 GB"),
    ],
    ids=["en", "zh"],
)
def test_a_generator_is_seen_while_it_learns(run_page, making, drawn, language, about):
    app = run_page("run", language, run=str(making[0]))
    assert about in shown(app)
    assert set(drawn) >= {"run_worth", "run_generator_losses"}
    folds, use, shape, best = drawn["run_worth"].data
    assert list(folds.y)[:3] == list(use.y) == pytest.approx([0.1, 0.2, 0.3])
    assert list(shape.y) == [0.9] * 3
    assert (list(best.x), list(best.y)) == ([2], pytest.approx([0.2]))
    assert [list(line.y) for line in drawn["run_generator_losses"].data] == [[2, 3, 4], [2] * 3]
    if language == "en":
        assert "need not fall" in shown(app)
        widget(app.button, "run_stop_this")


@pytest.fixture
def squares(monkeypatch):
    """The cells of the grid that was drawn last, by arm and fold."""
    found = {}
    grid = run_live.cell_grid

    def seen(cells, **more):
        found["cells"] = cells.set_index(["name", "fold"])
        found["figure"] = grid(cells, **more)
        return found["figure"]

    monkeypatch.setattr(run_live, "cell_grid", seen)
    return found


@pytest.mark.parametrize("strategy", ["smote", "copula"])
def test_cells_whose_rows_are_being_changed_look_at_work(run_page, finished, squares, strategy):
    """Their own tasks still wait: for minutes no square would run, and the page look stalled."""
    store = finished.store
    plan = make_plan(
        store.dataset(finished.dataset),
        strategies=strategy,
        classifiers=["logistic", "decision_tree"],
        folds=3,
    )
    plan = replace(plan, protocol=replace(plan.protocol, seed=100 + len(store.runs(None))))
    run = store.add_run("compare", plan.to_dict(), dataset=finished.dataset, version="x")
    ledger = Ledger(store)
    assert take_up(store, ledger, run, gpus=False) is not None
    made = store.resampled(run).set_index(["arm", "fold"])["key"]
    arms = [f"{strategy}/logistic", f"{strategy}/decision_tree"]
    (key,) = {made[arm, 1] for arm in arms}
    ledger.set_task([run], key, state="running")
    ledger.set_run(run, state="running")
    text = shown(run_page("run", run=str(run)))
    cells = squares["cells"]
    assert sorted(cells.index[cells["state"] == "running"]) == sorted((arm, 1) for arm in arms)
    learns = strategy == "copula"
    why = "a generator learns" if learns else "its rows are being changed"
    assert set(cells.loc[cells["state"] == "running", "detail"]) == {why}
    assert ("A generator learns: " in text) == learns
    hover = [text for line in squares["figure"].data[0].hovertext for text in line]
    assert hover.count(f"running · {why}") == len(arms)
    assert hover.count("waiting") == len(hover) - len(arms)
    ledger.write_events([told(key, 1)])
    # The sentence and the curves are of one arm, the first of the plan.
    assert widget(run_page("run", run=str(run)).selectbox, "run_learner").value == arms[0]
    ledger.set_task([run], key, state="done")
    ledger.set_task([run], cells["key"][arms[0], 1], state="running")
    text = shown(run_page("run", run=str(run)))
    states = squares["cells"]["state"]
    assert states.index[states == "running"].tolist() == [(arms[0], 1)]
    assert "A generator learns" not in text
    store.cancel_run(run)


def test_the_network_takes_the_place_of_its_generator_and_both_can_be_chosen(
    run_page, finished, making, drawn
):
    run, keys = making
    ledger = Ledger(finished.store)
    cells = finished.store.cells(run).set_index(["arm", "fold"])["key"].loc["smote/mlp"]
    ledger.set_task([run], keys[1], state="done")
    ledger.set_task([run], cells[1], state="running")
    network = {"loss": 0.5, "recall": [0.9, 0.4], "kept": True}
    ledger.write_events([told(cells[1], 1) | {"values": network}])
    app = run_page("run", run=str(run))
    assert "run_losses" in drawn
    assert "run_worth" not in drawn
    widget(app.button_group, "run_view").set_value("generator").run()
    assert "run_worth" in drawn


def test_where_each_class_has_a_network_one_of_them_is_shown(run_page, finished, making, drawn):
    run, keys = making
    ledger = Ledger(finished.store)
    ledger.write_events([told(keys[1], e, label=0) for e in (1, 2, 3)])
    ledger.write_events([told(keys[1], e, 3 + e, label=1, own_epoch=e) for e in (1, 2)])
    app = run_page("run", run=str(run))
    assert list(drawn["run_worth"].data[0].x) == [1, 2]
    widget(app.selectbox, "run_made_class").set_value(0).run()
    assert list(drawn["run_worth"].data[0].x) == [1, 2, 3]


def test_a_generator_without_a_critic_or_a_probe_is_drawn(run_page, finished, making, drawn):
    run, keys = making
    rows = [told(keys[1], e) for e in (1, 2, 3)]
    for row in rows:
        for name in ("critic_loss", "use", "shape", "kept", "device", "memory"):
            del row["values"][name]
    Ledger(finished.store).write_events(rows)
    shown(run_page("run", run=str(run)))
    assert "run_worth" not in drawn
    assert len(drawn["run_generator_losses"].data) == 1


def test_no_time_is_foretold_before_a_generator_has_ended(finished):
    """The other cells take a tenth of a second; it takes minutes."""
    store = finished.store
    plan = make_plan(
        store.dataset(finished.dataset), strategies="smote", classifiers=["logistic"], folds=2
    )
    vae = replace(plan.arms[-1], strategy="vae", params=())
    seed = 100 + len(store.runs(None))
    plan = replace(plan, arms=(*plan.arms[:-1], vae), protocol=replace(plan.protocol, seed=seed))
    run = store.add_run("compare", plan.to_dict(), dataset=finished.dataset, version="x")
    ledger = Ledger(store)
    assert take_up(store, ledger, run, gpus=False) is not None
    made = store.resampled(run)["key"].tolist()
    assert len(made) == 2
    for key in set(store.tasks(run)["key"]) - set(made):
        ledger.set_task([run], key, state="done", seconds=0.1)
    assert seconds_left(store, run) is None
    ledger.set_task([run], made[0], state="done", seconds=60.0)
    assert seconds_left(store, run) == pytest.approx(60.0 / worker_count())
    store.cancel_run(run)


def test_of_a_single_task_nothing_is_foretold(finished):
    run = finished.store.add_run("profile", {}, dataset=finished.dataset, version="x")
    assert take_up(finished.store, Ledger(finished.store), run, gpus=False) is not None
    assert seconds_left(finished.store, run) is None
    finished.store.cancel_run(run)


def test_points_of_one_epoch_are_told_apart_above_the_figure(run_page, making, finished, drawn):
    run, keys = making
    ledger = Ledger(finished.store)
    for key in keys.values():
        ledger.clear_events(key)
    ledger.write_events([told(keys[1], 1)])
    text = shown(run_page("run", run=str(run)))
    looks = re.findall(r'<i style="(width:10px[^"]*)"></i><b title="(use|shape|best epoch)"', text)
    assert len(looks) == len({look for look, _name in looks}) == 3
