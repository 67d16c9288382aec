"""Figures of behaviour: what is drawn of each frame, readable with many values and with none."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from rebal_core.figures.behaviour import (
    FEWEST,
    Words,
    band_shares,
    density_map,
    newcomer_bars,
    rate_map,
)
from rebal_core.figures.skew import popularity_curve, rank_curve
from rebal_core.figures.theme import DARK, LIGHT

CHINESE = Words(values="取值", rows="行", users="用户", items="商品", head="头部", tail="尾部")


def bands(hits=(5, 3, 2)):
    frame = pd.DataFrame({"band": ["head", "mid", "tail"], "values": [1, 2, 7]})
    frame["rows"], frame["hits"] = [50, 30, 20], list(hits)
    rate = frame["hits"] / frame["rows"]
    return frame.assign(rate=rate, low=rate / 2, high=rate * 2)


def pair_rates(rows):
    frame = pd.DataFrame(rows, columns=["down", "across", "rows", "hits"], dtype=object)
    rate = frame["hits"].astype(float) / frame["rows"].astype(float)
    return frame.assign(rate=rate, low=rate / 2, high=rate * 2)


def densities(pairs):
    frame = pd.DataFrame(product(["head", "mid", "tail"], repeat=2), columns=["users", "items"])
    frame["pairs"], frame["possible"] = pairs, 100
    return frame.assign(density=frame["pairs"] / frame["possible"])


def parts(starts, rates):
    rates = np.array(rates, dtype=float)
    return pd.DataFrame(
        {"start": starts, "rows": 100, "rate": rates, "low": rates / 2, "high": rates * 2}
    )


def test_bands_tell_values_rows_and_hits_side_by_side():
    figure = band_shares(bands(), words=CHINESE)
    assert [trace.name for trace in figure.data] == ["取值", "行", "rows of the class"]
    assert list(figure.data[0].x) == [0.1, 0.2, 0.7]
    assert list(figure.data[1].text) == ["50.0% · 50", "30.0% · 30", "20.0% · 20"]
    assert figure.data[2].marker.color == LIGHT.focus
    assert list(figure.layout.yaxis.ticktext) == ["头部<br>10.0%", "mid<br>10.0%", "尾部<br>10.0%"]


def test_bands_without_a_class_draw_no_hits_and_tell_no_rate():
    figure = band_shares(bands((0, 0, 0)))
    assert [trace.name for trace in figure.data] == ["values", "rows"]
    assert list(figure.layout.yaxis.ticktext) == ["head", "mid", "tail"]


def test_density_is_shaded_by_its_logarithm():
    figure = density_map(densities([90, 9, 1, 9, 1, 0, 1, 0, 0]), words=CHINESE, dark=True)
    (heat,) = figure.data
    assert heat.text[0].tolist() == ["90.0%", "9.0%", "1.0%"]
    assert heat.z[0][0] - heat.z[0][1] == pytest.approx(1)
    assert heat.z[2][2] == heat.zmin < heat.z[2][0]
    assert heat.hovertext[0][1] == "9 / 100"
    assert list(heat.x) == ["头部", "mid", "尾部"]
    assert figure.layout.xaxis.title.text == "商品"
    assert heat.colorscale[0][1] == DARK.panel


def test_bands_that_nobody_is_in_are_blank():
    frame = densities([5] + [0] * 8)
    frame.loc[1:, "density"] = np.nan
    (heat,) = density_map(frame).data
    assert np.isnan(heat.z).sum() == 8
    assert density_map(densities([0] * 9)).to_json()


def test_cells_of_few_rows_are_grey_and_tell_their_count():
    rows = [("a", "x", 100, 10), ("a", None, FEWEST - 1, 1), ("<b>", "x", FEWEST, 1)]
    figure = rate_map(pair_rates(rows), down="<i>", across="d", words=CHINESE)
    rates, small = figure.data
    assert rates.z[0][0] == 0.1
    assert np.isnan(rates.z[0][1])
    assert small.z[0][1] == 0
    assert np.isnan(small.z[1][1])
    assert np.isnan(rates.z[1][1])
    assert small.text[0][1] == "n = 19"
    assert rates.text[1][0] == "5.0%"
    assert list(figure.layout.yaxis.ticktext) == ["a", "&lt;b&gt;"]
    assert list(figure.layout.xaxis.ticktext) == ["x", "all other values"]
    assert figure.layout.yaxis.title.text == "&lt;i&gt;"
    assert "19 行" in small.hovertext[0][1]


def test_moments_stand_across_with_what_is_told_of_each():
    starts = pd.date_range("2026-01-01", periods=2, freq="7D")
    rows = [("a", starts[0], 100, 10), ("a", starts[1], 100, 30), (None, starts[0], 100, 90)]
    heads = ["", "+3 −1"]
    figure = rate_map(pair_rates(rows), heads=heads, of_class=False, words=CHINESE)
    told = ["01-01<br>2026<br>", "01-08<br>2026<br>+3 −1"]
    assert list(figure.layout.xaxis.ticktext) == told
    assert list(figure.layout.yaxis.ticktext) == ["a", "all other values"]
    of_class = rate_map(pair_rates(rows), heads=heads, words=CHINESE)
    assert figure.data[0].colorscale != of_class.data[0].colorscale
    with pytest.raises(ValueError, match="shorter"):
        rate_map(pair_rates(rows), heads=heads[:1])


def test_newcomers_are_two_bars_a_part():
    starts = list(pd.date_range("2026-01-01", periods=4, freq="7D"))
    shares = {"users": parts(starts, [0.4, 0.3, 0.2, 0.1]), "items": parts(starts, [0.1] * 4)}
    figure = newcomer_bars(shares, words=CHINESE)
    assert [trace.name for trace in figure.data] == ["用户", "商品"]
    assert list(figure.data[0].x)[:2] == ["01-01<br>2026", "01-08<br>2026"]
    assert list(figure.data[0].error_y.array) == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert [t.name for t in newcomer_bars({"items": shares["items"]}).data] == ["items"]


@pytest.mark.parametrize(
    ("starts", "told"),
    [
        (pd.to_datetime(["2026-01-01 08:00", "2026-01-01 09:30"]), "01-01<br>09:30"),
        (pd.to_datetime(["2026-01-01 08:00:00", "2026-01-01 08:00:05"]), "08:00:05<br>2026-01-01"),
        ([10.0, 250_000.0], "250,000"),
    ],
)
def test_parts_of_any_length_have_names_of_their_own(starts, told):
    (bars,) = newcomer_bars({"users": parts(list(starts), [0.2, 0.1])}).data
    assert len(set(bars.x)) == 2
    assert bars.x[1] == told


def test_a_value_is_pointed_at_on_the_curve():
    points = pd.DataFrame({"rank": [1, 2, 3], "count": [9, 4, 1], "band": [0, 1, 2]})
    points["label"] = ["a", "b", "c"]
    marked = {"rank": 2, "label": "<b>", "count": 4}
    figure = popularity_curve(points, marked=marked)
    assert len(figure.data) == 4
    assert (figure.data[-1].x, figure.data[-1].y) == ((2,), (4,))
    assert figure.data[-1].text == ("&lt;b&gt; · 4",)
    classes = points[["label", "count"]]
    assert len(rank_curve(classes).data) == 3


@pytest.mark.parametrize("dark", [False, True])
def test_empty_frames_draw_empty_figures(dark):
    empty = pd.DataFrame({"rank": [], "label": [], "count": [], "band": []})
    figures = [
        popularity_curve(empty, dark=dark),
        band_shares(bands((0, 0, 0)).assign(values=0, rows=0), dark=dark),
        rate_map(pair_rates([]), dark=dark),
        newcomer_bars({}, dark=dark),
        newcomer_bars({"users": parts([], [])}, dark=dark),
    ]
    assert all(figure.to_json() for figure in figures)
