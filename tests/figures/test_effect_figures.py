"""Rows in a plane, and the shares of the classes."""

import numpy as np
import pandas as pd
import pytest

from rebal_core.figures.effect import MARKS, Axis, Chosen, Words, class_shares, rows_in_plane
from rebal_core.figures.legible import legible
from rebal_core.figures.theme import DARK, LIGHT

AXES = (Axis("<b>x</b>"), Axis("y"))
CHINESE = Words(original="原始行", interpolated="插值", others="其他类别", flagged="已标记")


def marks(labels=("ok", "fraud"), **more):
    kinds = ["original", "original", "removed", "interpolated", "duplicate", "generated"]
    n = len(kinds)
    frame = pd.DataFrame(
        {
            "x": np.arange(n) / 2,
            "y": -np.arange(n) / 3,
            "kind": kinds,
            "label": [labels[j % len(labels)] for j in (0, 1, 0, 1, 1, 1)],
            "weight": 1.0,
            "flag": False,
            "times": [1, 1, 1, 1, 7, 1],
            "row": [0, 1, -4, 8, 9, 12],
        }
    )
    return frame.assign(**more)


def test_each_kind_has_its_mark_and_the_focus_is_amber():
    figure = rows_in_plane(marks(), AXES, focus="fraud")
    symbols = {trace.name: trace.marker.symbol for trace in figure.data}
    assert symbols == {
        "your rows: ok": "circle",
        "your rows: fraud": "circle",
        "removed: ok": "x-thin",
        "interpolated: fraud": "diamond-open",
        "repeated: fraud": "square-open",
        "generated: fraud": "triangle-up-open",
    }
    assert len({symbol for symbol, *_look in MARKS.values()}) == len(MARKS)
    colors = {trace.name: trace.marker.line.color or trace.marker.color for trace in figure.data}
    assert colors["interpolated: fraud"] == LIGHT.focus
    assert colors["removed: ok"] == LIGHT.others
    dark = rows_in_plane(marks(), AXES, focus="fraud", dark=True)
    assert dark.data[-1].marker.color == DARK.focus
    told = {row for trace in figure.data for row in trace.customdata}
    assert told == {0, 1, -4, 8, 9, 12}


def test_strangers_names_are_escaped_and_words_can_be_chinese():
    figure = rows_in_plane(marks(("<i>a</i>", "b", "c")), AXES, focus="b", words=CHINESE)
    names = [trace.name for trace in figure.data]
    assert "原始行: b" in names
    assert any("其他类别" in name for name in names) or "原始行: &lt;i&gt;a&lt;/i&gt;" in names
    assert figure.layout.xaxis.title.text == "&lt;b&gt;x&lt;/b&gt;"
    assert "× 7" in next(t for t in figure.data if "repeated" in t.name).hovertext[0]
    legible(figure)


def test_a_mark_is_as_large_as_its_row_weighs():
    even = rows_in_plane(marks(), AXES, focus="fraud")
    assert "weight" not in even.data[0].hovertext[0]
    weighed = rows_in_plane(marks(weight=[1.6, 0.4, 1.0, 0.4, 0.4, 0.4]), AXES, focus="fraud")
    sizes = {trace.name: trace.marker.size[0] for trace in weighed.data}
    assert sizes["your rows: ok"] / sizes["your rows: fraud"] == pytest.approx(2, rel=0.05)
    assert "weight 1.6" in weighed.data[0].hovertext[0]


def test_flagged_rows_are_ringed_and_a_chosen_row_is_joined_with_its_parents():
    flags = [True, False, False, False, False, False]
    chosen = Chosen((1.5, -1.0), ((0.0, 0.0), (0.5, -0.3)))
    figure = rows_in_plane(marks(flag=flags), AXES, focus="fraud", chosen=chosen)
    ring = next(trace for trace in figure.data if trace.name == "flagged")
    assert list(ring.x) == [0.0]
    lines = next(trace for trace in figure.data if trace.name == "parents")
    assert list(lines.x) == [1.5, 0.0, None, 1.5, 0.5, None]
    alone = rows_in_plane(marks(), AXES, focus="fraud", chosen=Chosen((1.5, -1.0)))
    assert not any(trace.name == "parents" for trace in alone.data)


def test_categories_and_dates_have_their_own_axes():
    axes = (Axis("city", values=("Lima", "<Paris>")), Axis("seen", dates=True))
    figure = rows_in_plane(marks(), axes, focus="fraud")
    assert list(figure.layout.xaxis.ticktext) == ["–", "Lima", "&lt;Paris&gt;"]
    assert figure.data[0].y[0].startswith("1970-01-01")


def test_shares_are_drawn_before_moved_and_kept():
    shares = pd.DataFrame(
        {"label": ["a", "b"], "before": [0.9, 0.1], "moved": [0.5, 0.5], "kept": [0.9, 0.1]}
    )
    figure = class_shares(shares, focus="b")
    assert [trace.name for trace in figure.data] == ["your rows", "shares moved", "shares kept"]
    assert list(figure.data[1].x) == [0.5, 0.5]
    assert list(figure.data[0].marker.color) == [LIGHT.others, LIGHT.focus]
    assert figure.layout.height - 2 * 34 >= 120, "three lines of a legend and an axis"
    many = pd.DataFrame({"label": [str(k) for k in range(40)], "before": 0.025, "moved": 0.025})
    assert len(class_shares(many).data[0].x) == 14


def test_an_axis_shows_the_same_span_whatever_is_drawn():
    span = np.linspace(-3, 3, 200)
    axes = (Axis("x", span=span), Axis("y"))
    one, other = marks(), marks(x=np.arange(6) + 20.0)
    ranges = [rows_in_plane(m, axes, focus="fraud").layout.xaxis.range for m in (one, other)]
    assert ranges[0] == ranges[1]
    assert ranges[0][0] < -3 < 3 < ranges[0][1]
