"""Costs where a column holds amounts at risk: on the Plan page and on the Compare page."""

import json

import numpy as np
import pandas as pd
import pytest
from page_reading import shown, widget

from app.components.arms_table import WIDTHS, _heads, _moved, _written
from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.experiment.results import evaluation
from rebal_core.figures.compare import forest

COST = "cost_per_1000"


@pytest.fixture(scope="module")
def priced(finished):
    """A finished run, judged by costs, of a table whose column ``sum`` is at risk."""
    rng = np.random.default_rng(0)
    y = rng.random(500) < 0.12
    table = pd.DataFrame(
        {
            "x": rng.normal(size=500) + 1.5 * y,
            "sum": rng.exponential(4_000, 500).round(2),
            "label": np.where(y, "fraud", "ok"),
        }
    )
    _, folder = finished.store.new_dataset_folder()
    opened = from_frame(table, folder, name="payments", target="label")
    opened = opened.with_schema(opened.schema.with_role("value", "sum"))
    finished.store.add_dataset(opened)
    plan = make_plan(
        opened, strategies=["random_under"], classifiers=["logistic"], folds=3, metric=COST,
        false_alarm=250.0,
    )  # fmt: skip
    return run_here(finished.store, plan).run


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("A missed row of “fraud” costs its “sum”, a false alarm 1;", "Cost of a false")),
        ("zh", ("漏掉一行“fraud”损失其“sum”，误报一个的成本按 1 计", "误报一个的成本")),
    ],
)
def test_costs_are_planned_with_their_prices(run_page, finished, priced, language, words):
    app = run_page("plan", language, ds=finished.store.run(priced).dataset)
    metric = widget(app.selectbox, "plan_metric")
    assert words[0] not in shown(app)
    metric.set_value(COST).run()
    assert widget(app.selectbox, "plan_rule").value == COST
    assert words[0] in shown(app)
    alarm = widget(app.number_input, "plan_alarm")
    assert alarm.label.startswith(words[1])
    alarm.set_value(40.0).run()
    widget(app.button, "plan_start").click().run()
    newest = finished.store.runs()[0]
    finished.store.cancel_run(newest.run)
    protocol = newest.plan["protocol"]
    assert (protocol["metric"], protocol["rule"]) == (COST, COST)
    assert (protocol["value"], protocol["false_alarm"]) == ("sum", 40.0)


def test_without_amounts_no_cost_is_offered(run_page):
    app = run_page("plan")
    assert "Cost per 1,000 rows" not in widget(app.selectbox, "plan_metric").options
    assert "Lowest cost" not in widget(app.selectbox, "plan_rule").options
    assert not [n for n in app.number_input if str(n.key).startswith("plan_alarm")]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("costs its “sum”, a false alarm 250", "1.0% of the reference's cost")),
        ("zh", ("误报一个的成本为 250", "小于参照成本的 1.0%")),
    ],
)
def test_costs_are_compared_as_money(run_page, finished, priced, language, words):
    app = run_page("compare", language, run=str(priced))
    text = shown(app)
    assert all(word in text for word in words)
    table = widget(app.dataframe, "compare_arms")
    heads = json.loads(table.proto.columns)
    assert heads["metric"]["label"] == {"en": "Cost per 1,000 rows", "zh": "每千行成本"}[language]
    assert (table.value["metric"] > 1_000).all()
    assert (_written(1_234.5678, "cost"), _moved(-9.5, "cost")) == ("1,234.57", "−9.50")


def test_costs_are_exported_as_money(run_page, priced):
    text = shown(run_page("export", run=str(priced)))
    assert "Cost per 1,000 rows on held-out rows" in text


def test_money_has_room_in_table_and_chart(finished, priced):
    told = evaluation(finished.store, priced)
    widths = {name: head["width"] for name, head in _heads(told, told.focus).items()}
    assert widths["metric"] > WIDTHS["metric"]
    assert sum(widths.values()) == sum(WIDTHS.values())
    frame = told.differences()
    figure = forest(frame, dict.fromkeys(frame["arm"], "under"), margin=40.0, digits=2)
    assert figure.layout.xaxis.tickformat == "+,.3~r"
    small = forest(
        frame.assign(gain=0.01, low=-0.01, high=0.03),
        dict.fromkeys(frame["arm"], "under"),
        margin=0.01,
    )
    assert small.layout.xaxis.tickformat == "+.2~g"
