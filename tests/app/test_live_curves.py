"""How networks learn, on the Run page: while they do, afterwards, and what may be missing."""

import base64
import json
import re
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from page_reading import shown, widget

from app import run_cache
from app.components import legend
from rebal_core.experiment.live_run import take_up
from rebal_core.experiment.machine import worker_count
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import load_cells
from rebal_core.figures.training import by_class
from rebal_core.store.ledger import Ledger

PANEL = (
    "run_losses",
    "run_recall",
    "run_confusion",
    "run_rates",
    "run_mix",
    "run_robust_recall",
    "run_weights",
    "run_believed",
    "run_soft",
)


def told(key, epoch, loss, **more):
    values = {
        "loss": loss,
        "training_loss": 2 * loss,
        "learning_rate": 1e-3,
        "mix": [0.9, 0.1],
        "recall": [0.99, 0.4],
        "confusion": [[50 + epoch, 1], [3, 2]],
        "kept": epoch <= 2,
        "device": "cpu",
        "memory": 512,
    }
    return {"key": key, "epoch": epoch, "at": 0.0, "fraction": None, "values": values | more}


@pytest.fixture
def learning(finished):
    """A run of which two arms are networks; the first of these is at work on its second fold."""
    store = finished.store
    seed = 100 + len(store.runs(None))
    plan = make_plan(
        store.dataset(finished.dataset), strategies=["none", "focal"], classifiers="mlp", folds=2
    )
    plan = replace(plan, protocol=replace(plan.protocol, seed=seed))
    run = store.add_run("compare", plan.to_dict(), dataset=finished.dataset, version="x")
    ledger = Ledger(store)
    assert take_up(store, ledger, run, gpus=False) is not None
    cells = store.cells(run).set_index(["arm", "fold"])
    for fold in (0, 1):
        key = cells.loc[("none/mlp", fold), "key"]
        ledger.write_events([told(key, e, 0.5 / e + fold) for e in (1, 2, 3)])
    ledger.set_task([run], cells.loc[("none/mlp", 1), "key"], state="running")
    yield run, cells
    store.cancel_run(run)


def charts(app):
    found = {}
    for chart in app.get("plotly_chart"):
        name = next((n for n in PANEL if n in chart.proto.id), None)
        if name:
            found[name] = json.loads(chart.proto.spec)
    return found


def numbers(values):
    """Return what stands on an axis, written out or packed."""
    if not isinstance(values, dict):
        return tuple(values)
    return tuple(np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).tolist())


@pytest.mark.parametrize(
    ("language", "about", "lines"),
    [
        (
            "en",
            "fold 1.2 · epoch 3 · best so far 2 · CPU, up to 0.5 GB in its process",
            ["other folds", "loss on rows set aside", "loss in training", "best epoch"],
        ),
        (
            "zh",
            "第 1.2 折 · 第 3 轮 · 目前最佳第 2 轮 · CPU，其进程最多 0.5 GB",
            ["其他折", "预留行上的损失", "训练损失", "最佳轮次"],
        ),
    ],
    ids=["en", "zh"],
)
def test_the_arm_at_work_is_seen(run_page, learning, language, about, lines):
    app = run_page("run", language, run=str(learning[0]))
    assert about in shown(app)
    drawn = charts(app)
    assert set(drawn) == {"run_losses", "run_recall"}
    assert [trace["name"] for trace in drawn["run_losses"]["data"]] == lines
    pale, held, training, best = (numbers(t["x"]) for t in drawn["run_losses"]["data"])
    assert pale[:3] == training == held == (1, 2, 3)
    assert best == (2,)
    assert [trace["name"] for trace in drawn["run_recall"]["data"]] == ["rare", "common"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_network_that_has_learned_says_what_it_still_does(run_page, finished, learning, language):
    run, cells = learning
    words = {"en": "it has learned, and is measured", "zh": "已学完"}[language]
    assert words not in shown(run_page("run", language, run=str(run)))
    key = cells.loc[("none/mlp", 1), "key"]
    Ledger(finished.store).write_events([told(key, 3, 0.2, learned="yes")])
    assert words in shown(run_page("run", language, run=str(run)))


def test_losses_stand_on_one_axis_where_they_are_one_measure(run_page, finished, learning):
    run, cells = learning
    key = cells.loc[("focal/mlp", 0), "key"]
    Ledger(finished.store).write_events([told(key, e, 0.5 / e) for e in (1, 2, 3)])
    app = run_page("run", run=str(run))
    for arm, axis, one in (("none/mlp", "y", True), ("focal/mlp", "y2", False)):
        widget(app.selectbox, "run_learner").set_value(arm).run()
        lines = {trace["name"]: trace for trace in charts(app)["run_losses"]["data"]}
        assert lines["loss in training"].get("yaxis", "y") == axis
        assert ("learned by heart" in shown(app)) == one


def test_each_view_shows_its_part_and_the_slider_its_epoch(run_page, learning):
    app = run_page("run", run=str(learning[0]))
    view = widget(app.button_group, "run_view")
    view.set_value("batches").run()
    assert set(charts(app)) == {"run_rates", "run_mix"}
    widget(app.button_group, "run_view").set_value("confusion").run()
    assert charts(app)["run_confusion"]["data"][0]["text"][0][0].startswith("52<br>"), "the best"
    slider = widget(app.select_slider, "run_epoch")
    slider.set_value(3).run()
    assert charts(app)["run_confusion"]["data"][0]["text"][0][0].startswith("53<br>")


def test_who_has_not_chosen_follows_the_work_and_the_best_epoch(run_page, finished, learning):
    run, cells = learning
    ledger = Ledger(finished.store)
    app = run_page("run", run=str(run))
    widget(app.button_group, "run_view").set_value("confusion").run()
    key = cells.loc[("none/mlp", 1), "key"]
    ledger.write_events([told(key, 4, 0.1, kept=True)])
    app.run()
    assert charts(app)["run_confusion"]["data"][0]["text"][0][0].startswith("54<br>")
    widget(app.select_slider, "run_epoch").set_value(1).run()
    other = cells.loc[("focal/mlp", 0), "key"]
    ledger.write_events([told(key, 5, 0.05, kept=True), told(other, 1, 1.0, kept=True)])
    app.run()
    assert charts(app)["run_confusion"]["data"][0]["text"][0][0].startswith("51<br>"), "as set"
    ledger.set_task([run], key, state="failed")
    ledger.set_task([run], other, state="running")
    app.run()
    assert widget(app.selectbox, "run_learner").value == "focal/mlp"
    widget(app.selectbox, "run_learner").set_value("none/mlp").run()
    app.run()
    assert widget(app.selectbox, "run_learner").value == "none/mlp"


def test_the_arm_that_is_looked_at_is_stopped(run_page, finished, learning):
    app = run_page("run", run=str(learning[0]))
    widget(app.button, "run_stop_this").click().run()
    assert finished.store.stopped_arms(learning[0]) == {"none/mlp"}
    assert not [b for b in app.button if str(b.key).startswith("run_stop_this")]


def test_what_stops_an_arm_is_closed_when_another_takes_its_place(run_page, finished, learning):
    """An open popover keeps its place on the page: one for all would stop the next arm."""
    run, cells = learning
    other = cells.loc[("focal/mlp", 0), "key"]
    Ledger(finished.store).write_events([told(other, 1, 1.0)])
    seen = []
    app = run_page("run", run=str(run))
    for arm in ("none/mlp", "focal/mlp"):
        widget(app.selectbox, "run_learner").set_value(arm).run()
        seen.append({p.proto.id for p in app.get("popover") if "looked_at" in p.proto.id})
    assert all(seen)
    assert seen[0] != seen[1]


def test_the_time_left_is_what_such_arms_took_and_not_what_this_run_did(
    finished, learning, monkeypatch
):
    """Finished cells of an earlier run are there at once, and make nothing else faster."""
    run, cells = learning
    monkeypatch.setattr(run_cache, "store", lambda: finished.store)
    ledger = Ledger(finished.store)

    def left(fraction):
        row = finished.store.run(run)
        return run_cache.seconds_left(replace(row, started=time.time() - 1, fraction=fraction))

    networks = [arm for arm, _ in cells.index if arm.endswith("/mlp")]
    for (arm, _fold), cell in cells.iterrows():
        if arm not in networks:
            ledger.set_task([run], cell["key"], state="done", seconds=0.1)
    assert left(0.4) is None, "no network has ended yet"
    ledger.set_task([run], cells.loc[("none/mlp", 0), "key"], state="done", seconds=20.0)
    waiting = cells[cells.index.get_level_values("arm").isin(networks)]["key"].nunique() - 1
    assert left(0.5) == pytest.approx(20.0 * waiting / worker_count(), rel=0.1)


def test_nothing_is_drawn_before_an_epoch_is_told_nor_of_arms_without_epochs(run_page, finished):
    app = run_page("run")
    assert not charts(app)
    assert "How networks learn" not in shown(app)


@pytest.mark.parametrize("gone", ["recall", "confusion", "mix", "learning_rate", "training_loss"])
def test_what_is_not_told_is_not_drawn_and_no_fault(run_page, finished, learning, gone):
    run, cells = learning
    for fold in (0, 1):
        key = cells.loc[("none/mlp", fold), "key"]
        rows = [told(key, e, 0.5) for e in (1, 2, 3)]
        for row in rows:
            del row["values"][gone]
            del row["values"]["device"], row["values"]["memory"]
            row["values"]["kept"] = False
        Ledger(finished.store).write_events(rows)
    app = run_page("run", run=str(run))
    for view in ("batches", "confusion", "curves"):
        widget(app.button_group, "run_view").set_value(view).run()
        shown(app)
    assert "run_losses" in charts(app)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("more", "about"),
    [
        ({"robust_recall": [0.9, 0.2], "reach": 0.1}, "always by the full reach"),
        ({"weights": [1.0, 3.0]}, "What a row of each class counts for"),
        ({"believed": [90, 0]}, "Rows without a label"),
        ({"soft": 0.1}, "belongs, on average, to other classes"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_a_way_of_training_tells_is_drawn_and_explained(
    run_page, finished, learning, more, about, language
):
    run, cells = learning
    key = cells.loc[("none/mlp", 1), "key"]
    Ledger(finished.store).write_events([told(key, e, 0.5, **more) for e in (1, 2, 3)])
    app = run_page("run", language, run=str(run))
    assert set(charts(app)) == {"run_losses", "run_recall", f"run_{next(iter(more))}"}
    assert (about in shown(app)) == (language == "en")


def test_the_lines_of_many_classes_are_named_above_their_chart(monkeypatch):
    said = []
    monkeypatch.setattr(legend.st, "html", said.append)
    k = 30
    labels = {c: f"<i>{c}</i>" for c in range(k)}
    epochs = pd.DataFrame([{"epoch": e, "recall": [c / k for c in range(k)]} for e in (1, 2)])
    figure = by_class(epochs, "recall", labels, list(range(k)))
    legend.lines_of(figure)
    assert not figure.layout.showlegend, "it would take the room of the plot"
    stroke = r'<span><i style="([^"]+)"></i><b title="([^"]+)">([^<]+)</b></span>'
    strokes = re.findall(stroke, said[0])
    assert [name for _, _, name in strokes] == [
        *(f"&lt;i&gt;{c}&lt;/i&gt;" for c in range(8)),
        "mean of the other classes",
    ]
    assert len({style for style, _, _ in strokes}) == 9, "each can be told from the others"
    assert strokes[0][1] == "&lt;i&gt;0&lt;/i&gt;", "a stranger's text stays text"


def test_the_curves_stay_with_the_run(run_page, finished):
    plan = make_plan(
        finished.store.dataset(finished.dataset), strategies="none", classifiers="mlp", folds=2
    )
    run = finished.store.add_run("compare", plan.to_dict(), dataset=finished.dataset, version="x")
    finished.work()
    assert finished.store.run(run).state == "done"
    app = run_page("run", run=str(run))
    arm = widget(app.selectbox, "run_learner").value
    cells = next(c for c in load_cells(finished.store, run) if c.arm.name == arm).cells
    cell = max(cells, key=lambda c: c.fold)
    _pale, _held, training, _best = charts(app)["run_losses"]["data"]
    assert numbers(training["y"]) == tuple(e["training_loss"] for e in cell.history)
    best = next(e["epoch"] for e in reversed(cell.history) if e["kept"])
    assert f"fold 1.2 · epoch {len(cell.history)} · best {best} · " in shown(app)
    assert "Stop this arm" not in shown(app)
