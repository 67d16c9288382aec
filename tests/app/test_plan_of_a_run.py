"""The Plan page of a chosen run shows how that run was planned; of none, the quick plan."""

import numpy as np
import pandas as pd
import pytest
from page_reading import shown, widget

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment import quick
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.planning import make_plan

CUSTOM = {
    "strategies": ["smote", "enn"],
    "classifiers": ["logistic", "knn"],
    "params": {"smote": {"k_neighbors": 3}, "knn": {"n_neighbors": 7}},
    "metric": "roc_auc",
    "rule": "recall>=0.7",
    "folds": 3,
    "repeats": 2,
    "margin": 0.02,
    "split": "group",
    "group": "city",
}


@pytest.fixture
def planned(finished):
    """A run that waits; its plan is what counts."""
    made = []

    def submit(**wishes):
        dataset = finished.store.dataset(finished.dataset)
        plan = make_plan(dataset, **wishes)
        made.append(
            finished.store.add_run("compare", plan.to_dict(), dataset=plan.dataset, version="1")
        )
        finished.store.cancel_run(made[-1])
        return made[-1], plan

    yield submit
    for run in made:
        finished.store.hide_run(run)


def ticked(app):
    return {b.key.removeprefix("plan_tick_") for b in app.checkbox if b.value}


def read(app):
    return shown(app).replace("\\", "")


def started(app, finished):
    widget(app.button, "plan_start").click().run()
    newest = finished.store.runs()[0]
    finished.store.cancel_run(newest.run)
    finished.store.hide_run(newest.run)
    return Plan.from_dict(newest.plan)


@pytest.mark.parametrize(
    ("language", "words", "back"),
    [
        ("en", "Begun with the settings of run {}.", "Start from the quick plan"),
        ("zh", "以运行 {} 的设置为起点。", "从快速方案开始"),
    ],
)
def test_a_run_is_planned_again_as_it_was(language, words, back, run_page, planned, finished):
    run, plan = planned(**CUSTOM)
    app = run_page("plan", language, run=str(run))
    assert words.format(run) in shown(app)
    assert ticked(app) == {"smote", "enn"}
    assert widget(app.button_group, "plan_models").value == ["logistic", "knn"]
    assert widget(app.selectbox, "plan_metric").value == "roc_auc"
    assert widget(app.selectbox, "plan_rule").value == "recall"
    assert widget(app.number_input, "plan_floor").value == 0.7
    assert widget(app.number_input, "plan_margin").value == 0.02
    assert widget(app.selectbox, "plan_split_group").value == "city"
    assert "3 × 2" in shown(app)
    assert widget(app.number_input, "plan_smote_k").value == 3
    assert app.button(key="plan_afresh").label == back
    again = started(app, finished)
    assert (again.arms, again.protocol) == (plan.arms, plan.protocol)


def test_what_a_run_compared_is_left_out_at_no_time(run_page, planned):
    run, _plan = planned(strategies=["focal", "mixup"], classifiers="mlp")
    assert "Left out so far" not in shown(run_page("plan", run=str(run)))


def test_a_cancelled_run_leads_to_its_plan(run_page, planned):
    run, _plan = planned(**CUSTOM)
    app = run_page("run", run=str(run))
    assert "run_compare" not in {button.key for button in app.button}
    again = widget(app.button, "run_again").click().run()
    assert f"Begun with the settings of run {run}." in shown(again)


def test_there_is_a_way_back_and_the_address_says_which_it_is(run_page, planned):
    run, _plan = planned(**CUSTOM)
    app = run_page("plan", run=str(run))
    assert app.query_params["run"] in (str(run), [str(run)])
    widget(app.number_input, "plan_smote_k").set_value(9).run()
    widget(app.button, "plan_afresh").click().run()
    assert "Begun with the settings of run" not in shown(app)
    assert "run" not in app.query_params
    assert ticked(app) == {"random_over", "random_under", "smote"}
    assert widget(app.number_input, "plan_margin").value == 0.01
    app.run()
    assert "Begun with the settings of run" not in shown(app)
    picker = widget(app.selectbox, "ctx_run")
    assert picker.value is None
    picker.set_value(run).run()
    assert widget(app.number_input, "plan_smote_k").value == 9, "what was set there is still there"


def test_a_run_that_nobody_chose_is_not_planned_again(run_page, planned):
    run, _plan = planned(**CUSTOM)
    app = run_page("plan")
    assert "Begun with the settings of run" not in shown(app)
    app.switch_page("views/compare.py").run()
    app.switch_page("views/plan.py").run()
    assert f"Begun with the settings of run {run}." in shown(app), "it was looked at"


@pytest.mark.parametrize(
    ("wishes", "mode"),
    [({}, "quick"), ({"folds": 3}, "quick"), ({"strategies": "all"}, "all")],
)
def test_the_preset_is_known_again(wishes, mode, run_page, planned, finished):
    run, plan = planned(**wishes)
    app = run_page("plan", run=str(run))
    shown(app)
    assert widget(app.button_group, "plan_mode").value == mode
    assert started(app, finished).arms == plan.arms


def test_a_combination_without_a_name_is_told(run_page, planned):
    run, _plan = planned(strategies=["tomek+smote", "enn"], classifiers="logistic")
    app = run_page("plan", run=str(run))
    assert "Not saved under a name, and so not ticked: Tomek links + SMOTE." in read(app)
    assert ticked(app) == {"enn"}


def test_the_table_of_class_sizes_and_the_picture_count_the_same(run_page, finished):
    """Classes whose sizes no number of folds divides."""
    app = run_page("plan")
    widget(app.selectbox, "plan_settings_").set_value("random_over").run()
    rows = widget(app.dataframe, "plan_random_over_rows").value
    chart = next(e for e in app.get("plotly_chart") if "plan_classes" in e.proto.id)
    assert str(rows["now"].iloc[1]) in chart.proto.spec


def test_the_ratio_of_the_quick_plan_stands_in_the_settings(run_page, finished, monkeypatch):
    """Of many classes the quick plan grows the small ones less; the settings say so."""
    monkeypatch.setattr(quick, "LONG_SECONDS", 0.0)
    _, folder = finished.store.new_dataset_folder()
    label = ["a"] * 400 + ["b"] * 150 + ["c"] * 50
    table = pd.DataFrame({"x": np.arange(600) % 89, "label": label})
    dataset = from_frame(table, folder, name="three", target="label")
    finished.store.add_dataset(dataset)
    try:
        app = run_page("plan", ds=folder.name)
        key = "plan_random_over"
        widget(app.selectbox, "plan_settings_").set_value("random_over").run()
        assert "The quick plan grows small classes to 0.1" in read(app)
        assert widget(app.number_input, f"{key}_ratio").value == 0.1
        assert list(widget(app.dataframe, f"{key}_rows").value["after"]) == [320, 120, 40]
        assert "Back to the defaults" not in shown(app), "nothing is set by hand"
        widget(app.toggle, f"{key}_keep").set_value(True).run()
        arms = {a.strategy: dict(a.params) for a in started(app, finished).arms}
        assert arms["random_over"] == {"keep_prevalence": True, "ratio": 0.1}, "as it was shown"
        assert arms["smote"] == {"ratio": 0.1}
        app = run_page("plan", ds=folder.name)
        widget(app.checkbox, "plan_tick_enn").check().run()
        widget(app.selectbox, "plan_settings_").set_value("random_over").run()
        assert widget(app.number_input, f"{key}_ratio").value == 1.0
        arms = {a.strategy: dict(a.params) for a in started(app, finished).arms}
        assert arms["random_over"] == arms["smote"] == {}
    finally:
        finished.store.hide_dataset(folder.name)
