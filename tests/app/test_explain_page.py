"""The Explain page and its figures."""

import json

import numpy as np
import pandas as pd
import pytest
from page_reading import shown, widget

from app.components.explain_pick import tied
from rebal_core.explain.explanation import Explanation
from rebal_core.figures.explain import beeswarm, dependence, importance_bars, row_path, written
from rebal_core.schema import Column, Schema

FAMILIES = {"a/logistic": "reference", "b/logistic": "over"}


def long_frame(n=40, columns=("x", "city")):
    rng = np.random.default_rng(1)
    rows = np.repeat(np.arange(n), len(columns))
    player = np.tile(columns, n)
    values = np.where(player == "x", rng.normal(size=len(rows)), 0.01)
    feature = [v if p == "x" else "<b>Lima</b>" for p, v in zip(player, values, strict=True)]
    return pd.DataFrame(
        {"row": rows, "player": player, "value": values, "feature_value": feature,
         "ordered": player == "x"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("first", "One row")), ("zh", ("最看重", "单行"))]
)
def test_two_arms_stand_side_by_side(run_page, finished, language, words):
    app = run_page("explain", language)
    shown(app)
    finished.work()
    app.run()
    text = shown(app)
    assert all(word in text for word in words)
    assert len(app.get("plotly_chart")) == 5
    before = len(finished.store.runs("explain"))
    run_page("explain", language)
    assert len(finished.store.runs("explain")) == before


def test_a_column_and_a_row_can_be_chosen(run_page, finished):
    run_page("explain")
    finished.work()
    app = run_page("explain")
    row = widget(app.selectbox, "explain_row")
    other = int(row.options[3].split(" · ")[0].replace(",", ""))
    row.set_value(other).run()
    shown(app)
    assert widget(app.selectbox, "explain_row").value == other
    widget(app.button_group, "explain_view").set_value("column").run()
    for column, has_right in (("age", True), ("city", False)):
        widget(app.selectbox, "explain_column").set_value(column).run()
        assert ("right is a higher value" in shown(app)) == has_right
    assert len(app.get("plotly_chart")) == 3


def test_each_failed_explanation_has_a_button_of_its_own(run_page, finished):
    app = run_page("explain")
    label = widget(app.selectbox, "explain_class")
    other = next(code for code in (0, 1) if code != label.value)
    label.set_value(other).run()
    for run in finished.store.runs("explain"):
        finished.store.cancel_run(run.run)
    app.run()
    again = [b.label for b in app.button if str(b.key).endswith("_again")]
    assert len(again) == len(set(again)) == 2
    assert all(label.startswith("Explain ") for label in again)
    finished.work()


def test_a_beeswarm_is_bounded_and_markup_is_text():
    figure = beeswarm(long_frame(6_000), ["x", "city"])
    assert sum(len(t.x) for t in figure.data) <= 5_000
    assert "<b>" not in figure.data[1].hovertext[0]
    assert figure.layout.xaxis.range[1] == pytest.approx(-figure.layout.xaxis.range[0])
    shades = np.array(figure.data[0].marker.color)
    order = np.argsort([float(h) for h in figure.data[0].hovertext])
    assert (np.diff(shades[order]) >= 0).all()


def test_a_path_ends_at_the_models_output():
    steps = pd.DataFrame(
        {"player": [f"c{k}" for k in range(11)], "feature_value": range(11),
         "value": [0.1, -0.05, *[0.01] * 9]}
    )  # fmt: skip
    figure = row_path(steps, 0.02)
    bars = figure.data[0]
    assert len(bars.x) == 9
    assert bars.y[-1] == "3 other columns"
    assert bars.base[-1] + bars.x[-1] == pytest.approx(0.02 + steps["value"].sum())


def test_importances_share_an_axis_and_wear_their_families():
    table = pd.DataFrame({"a/logistic": [0.3, 0.1], "b/logistic": [0.2, 0.4]}, index=["x", "y"])
    figure = importance_bars(table, FAMILIES, labels={"a/logistic": "None"})
    marks = [t for t in figure.data if t.mode == "markers"]
    assert [t.name for t in marks] == ["None", "b/logistic"]
    assert list(marks[1].x) == [0.2, 0.4]
    assert marks[0].marker.symbol != marks[1].marker.symbol


def test_dependence_of_words_and_of_numbers():
    frames = dict.fromkeys(FAMILIES, long_frame())
    assert dependence(frames, FAMILIES, "x").data[0].x[0] == pytest.approx(
        frames["a/logistic"]["feature_value"].iloc[0]
    )
    city = dependence(frames, FAMILIES, "city")
    assert city.data[0].x[0] == "&lt;b&gt;Lima&lt;/b&gt;"
    assert city.layout.yaxis.tickformat == "+.2~%"  # steps of 0.5 % must not read +1%, +1%


def test_a_code_is_a_name_however_it_looks():
    frame = long_frame(4, columns=("code",))
    frame["feature_value"] = ["00028", "7", "00028", None]
    figure = dependence(dict.fromkeys(FAMILIES, frame), FAMILIES, "code")
    assert list(figure.data[0].x) == ["00028", "7", "00028", "missing"]
    assert figure.layout.xaxis.type == "category"
    swarm = beeswarm(frame, ["code"]).data[0]
    assert set(swarm.marker.color) == {0.5}
    assert swarm.hovertext[3] == "missing"


def test_times_are_amounts():
    frame = long_frame(3, columns=("x",))
    frame["feature_value"] = pd.Series(
        pd.to_datetime(["2026-03-01", "2026-01-01", None]), dtype=object
    )
    figure = dependence(dict.fromkeys(FAMILIES, frame), FAMILIES, "x")
    assert figure.layout.xaxis.type is None
    assert pd.Timestamp(figure.data[0].x[1]) == pd.Timestamp("2026-01-01")
    assert list(beeswarm(frame, ["x"]).data[0].marker.color) == [1.0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("value", "text"),
    [(23.0, "23"), (0.5, "0.5"), ("23.0", "23.0"), (float("nan"), "missing"), (None, "missing"),
     (pd.NA, "missing"), (pd.NaT, "missing"), (np.array([1.0, 2.0]), "[1. 2.]")],
)  # fmt: skip
def test_values_read_as_people_write_them(value, text):
    assert written(value) == text
    feature = pd.Series([value], dtype=object)
    steps = pd.DataFrame({"player": ["c"], "feature_value": feature, "value": [0.1]})
    assert row_path(steps, 0.02).data[0].y[0] == f"c = {text}"


def test_a_tie_is_told_as_one():
    table = pd.DataFrame(
        {"a/logistic": [0.0157, 0.0156, 0.001], "b/logistic": [0.0156, 0.0157, 0.001]},
        index=["x", "y", "z"],
    )
    assert tied(table, "x", "y")
    table.loc["y", "b/logistic"] = 0.02
    assert not tied(table, "x", "y")
    assert tied(pd.DataFrame({"a": [0.0, 0.0]}, index=["x", "y"]), "x", "y")


def test_whole_numbers_beside_missing_ones_are_drawn():
    table = pd.DataFrame({"n": pd.array([3, None, 12, 5], dtype="Int64")})
    found = Explanation(
        "a", "yes", ("n",), np.arange(4), np.ones((4, 1)), 0.1, np.ones(4), np.ones(4), "exact", 0.0
    )
    frame = found.frame(table, Schema((Column("n", "number"),)))
    assert list(beeswarm(frame, ["n"]).data[0].marker.color) == pytest.approx(
        [1 / 3, 0.5, 1, 2 / 3]
    )
    drawn = dependence(dict.fromkeys(FAMILIES, frame), FAMILIES, "n")
    assert json.loads(drawn.to_json())["data"]


def test_ticks_of_rare_probabilities_differ():
    """A class of one row in two hundred moves by parts of a tenth of a percent."""
    small = pd.DataFrame({"a": [0.0018, 0.0004], "b": [0.0012, 0.0003]}, index=["x", "y"])
    figure = importance_bars(small, {"a": "reference", "b": "reference"})
    places = int(figure.layout.xaxis.tickformat.removeprefix(".").removesuffix("~%"))
    ticks = [0.0005 * k for k in range(5)]
    assert len({f"{tick:.{places}%}" for tick in ticks}) == len(ticks)
