"""Made rows beside real ones: what is drawn, and that a stranger's text is only text."""

from __future__ import annotations

import numpy as np
import pytest

from rebal_core.evaluation.synthetic.shapes import FLOOR, Shape
from rebal_core.figures.synthetic import (
    MOST_SCORES,
    MOST_VALUES,
    Words,
    category_overlay,
    number_overlay,
    score_bars,
)
from rebal_core.figures.theme import palette


@pytest.mark.parametrize("dark", [False, True])
def test_a_number_is_drawn_as_shares_of_all_rows(dark):
    rng = np.random.default_rng(0)
    real = np.where(rng.random(500) < 0.2, np.nan, rng.normal(size=500))
    made = rng.normal(size=2_000) + 5
    figure = number_overlay(real, made, column="收入<b>", dark=dark)
    area, line = figure.data
    assert sum(area.y[:-1]) == pytest.approx(np.isfinite(real).mean())
    assert sum(line.y[:-1]) == pytest.approx(1)
    assert np.array_equal(area.x, line.x)
    assert (area.name, line.name) == ("real rows", "made rows")
    assert area.line.shape == line.line.shape == "hv"
    assert figure.layout.xaxis.title.text == "收入&lt;b&gt;"


@pytest.mark.parametrize(
    ("real", "made"), [([np.nan], [np.nan]), ([1.0], []), ([], []), ([2.0, 2], [2.0])]
)
def test_numbers_without_values_or_of_one_value(real, made):
    figure = number_overlay(np.array(real, dtype=float), np.array(made, dtype=float))
    for part, trace in zip((real, made), figure.data, strict=True):
        known = np.isfinite(np.array(part, dtype=float)).sum()
        assert sum(trace.y[:-1]) == pytest.approx(known / max(1, len(part)))


def test_times_are_read_as_dates():
    days = np.array([19_783.0, 19_783.5, 19_813.0])  # 2024-03-01, at noon, and the last of March
    figure = number_overlay(days, days[:2], time=True)
    assert [str(moment)[:16] for moment in figure.data[0].x[[0, -1]]] == [
        "2024-03-01T00:00", "2024-03-31T00:00",
    ]  # fmt: skip
    assert all("%Y-%m-%d" in trace.hovertemplate for trace in figure.data)


def test_a_bar_knows_its_columns():
    shapes = [Shape(("age",), "number", 0.5, 0.9), Shape(("a", "<b>"), "correlation", 0.9, 0.9)]
    (bars,) = score_bars([Shape(("none",), "number", np.nan, 1.0), *shapes]).data
    assert [list(columns) for columns in bars.customdata] == [["age"], ["a", "<b>"]]


def test_a_category_in_the_order_of_the_real_rows():
    real, made = np.array([1, 1, 1, 0, 2, -1]), np.array([0, 0, 1, -1])
    figure = category_overlay(real, made, ("甲", "<i>b</i>", "c"))
    solid, hatched = figure.data
    assert list(figure.layout.yaxis.ticktext) == ["&lt;i&gt;b&lt;/i&gt;", "甲", "c", "missing"]
    assert list(solid.x) == pytest.approx([3 / 6, 1 / 6, 1 / 6, 1 / 6])
    assert list(hatched.x) == pytest.approx([1 / 4, 2 / 4, 0, 1 / 4])
    assert hatched.marker.pattern.shape == "."


def test_many_values_are_pooled():
    real = np.repeat(np.arange(20), np.arange(20, 0, -1))
    figure = category_overlay(real, real, [str(k) for k in range(20)])
    solid, hatched = figure.data
    assert len(solid.y) == MOST_VALUES + 1
    assert figure.layout.yaxis.ticktext[-1] == "all other values"
    assert sum(solid.x) == pytest.approx(1)
    assert list(solid.x) == list(hatched.x)


def test_values_that_are_written_alike_stay_two_bars():
    long = "a name that is far too long to be written {} and goes on"
    solid, _ = category_overlay(
        np.array([0, 1]), np.array([0, 1]), [long.format(k) for k in "bc"]
    ).data
    assert list(solid.y) == [0, 1]


def test_scores_have_the_worst_on_top_and_failures_in_red():
    shapes = [
        Shape(("a<b>", "城市"), "contingency", 0.3, 0.9),
        Shape(("c",), "missing", 0.7, 0.6),
        Shape(("d",), "number", 0.95, 0.9),
        Shape(("e", "f"), "correlation", np.nan, 1.0),
    ]
    figure = score_bars(shapes, words=Words(pair="{one}、{two}", missing="缺失"))
    (bars,) = figure.data
    assert list(bars.x) == [0.3, 0.7, 0.95]
    assert list(figure.layout.yaxis.ticktext) == ["a&lt;b&gt;、城市", "c: 缺失", "d"]
    colors = palette(False)
    assert list(bars.marker.color) == [colors.worse, colors.others, colors.others]
    assert figure.layout.shapes[0].x0 == FLOOR
    many = [Shape((str(k),), "number", k / 40, 0.0) for k in range(40)]
    assert len(score_bars(many).data[0].x) == MOST_SCORES
    assert len(score_bars([]).data[0].x) == 0
