import numpy as np
import pandas as pd
import pytest

from rebal_core.data.profile import bands, lorenz
from rebal_core.figures.looks import OPEN
from rebal_core.figures.rates import segment_rates, time_rates
from rebal_core.figures.skew import (
    Words,
    band_bars,
    class_sizes,
    lorenz_curve,
    rank_curve,
)
from rebal_core.figures.theme import DARK, FAMILIES, LIGHT, escape, family_style, translucent
from rebal_core.strategies import STRATEGIES

CHINESE = Words(rows="行", share="占比", rank="名次", classes="类别", head="头部", tail="尾部")


def table(counts):
    counts = np.array(counts)
    labels = [f"c{k}" for k in range(len(counts))]
    return pd.DataFrame({"label": labels, "count": counts, "share": counts / max(counts.sum(), 1)})


def rates(n=3, **more):
    values = {"rows": [100] * n, "hits": [10] * n, "rate": [0.1] * n, "low": [0.05] * n}
    return pd.DataFrame({**values, "high": [0.2] * n, **more})


def points(figure):
    return sum(len(trace.x) for trace in figure.data)


def test_two_classes_rarest_on_top_in_amber():
    figure = class_sizes(table([980, 20]))
    (bars,) = figure.data
    assert list(bars.x) == [980, 20]
    assert list(bars.marker.color) == [LIGHT.others, LIGHT.focus]
    assert list(bars.text) == ["980 · 98.0%", "20 · 2.0%"]
    assert figure.layout.xaxis.type is None


def test_another_class_can_be_in_focus_and_the_theme_dark():
    (bars,) = class_sizes(table([5, 3, 2]), focus="c0", dark=True).data
    assert list(bars.marker.color) == [DARK.focus, DARK.others, DARK.others]


def test_many_classes_show_both_ends_on_a_log_axis():
    figure = class_sizes(table(np.arange(60, 0, -1)), words=CHINESE)
    (bars,) = figure.data
    assert list(bars.customdata) == [f"c{k}" for k in [*range(7), *range(53, 60)]]
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.title.text == "行"
    assert "46" in figure.layout.annotations[0].text


def test_fourteen_classes_are_all_drawn():
    assert len(class_sizes(table(np.arange(14, 0, -1))).data[0].x) == 14


def test_ten_thousand_classes_stay_readable():
    figure = rank_curve(table(np.arange(10_000, 0, -1)), words=CHINESE)
    assert points(figure) <= 5_000
    assert [trace.name for trace in figure.data] == ["头部", "mid", "尾部"]
    assert figure.data[0].x[0] == 1
    assert figure.data[-1].x[-1] == 10_000
    assert figure.layout.xaxis.title.text == "名次"


def test_lorenz_says_what_the_lower_classes_hold():
    curve = lorenz(np.array([80, 5, 5, 5, 5]))
    figure = lorenz_curve(curve, words=CHINESE)
    assert [trace.mode for trace in figure.data] == ["lines", "lines", "markers+text"]
    assert figure.data[2].y[0] == pytest.approx(0.2)
    assert "20.0%" in figure.data[2].text[0]
    assert figure.layout.xaxis.title.text == "类别"


def test_bands_are_three_bars_with_their_sentence():
    figure = band_bars(bands(np.array([60, 20, 10, 10])))
    assert [trace.name for trace in figure.data] == ["head", "mid", "tail"]
    assert figure.data[2].text[0] == "tail: 2 classes, 20.0% of the rows"
    assert figure.data[0].text[0] == "head: 1 class, 60.0% of the rows"


def test_segments_have_whiskers_and_the_overall_line():
    kinds = ["value", "other", "missing"]
    frame = rates(segment=["<b>x</b>", "", ""], kind=kinds)
    words = Words(other="其他", missing="缺失")
    figure = segment_rates(frame, overall=0.08, column="city", words=words)
    (bars,) = figure.data
    assert list(figure.layout.xaxis.ticktext) == ["&lt;b&gt;x&lt;/b&gt;", "其他", "缺失"]
    assert list(bars.error_y.array) == pytest.approx([0.1] * 3)
    assert list(bars.error_y.arrayminus) == pytest.approx([0.05] * 3)
    assert figure.layout.shapes[0].y0 == 0.08
    assert figure.layout.annotations[0].text == "8.0%"
    assert figure.layout.xaxis.title.text == "city"


def test_time_has_a_band_and_a_line():
    frame = rates(start=pd.date_range("2026-01-01", periods=3))
    figure = time_rates(frame, words=CHINESE)
    band, line = figure.data
    assert len(band.x) == 2 * len(line.x) == 6
    assert line.name == "占比"
    assert not figure.layout.shapes


@pytest.mark.parametrize("dark", [False, True])
def test_empty_frames_draw_empty_figures(dark):
    empty = pd.DataFrame({"label": [], "count": [], "share": []})
    segments = rates(0, segment=[], kind=[])
    figures = [
        class_sizes(empty, dark=dark),
        rank_curve(empty, dark=dark),
        lorenz_curve(lorenz(np.array([], dtype=int)), dark=dark),
        band_bars(bands(np.array([], dtype=int)), dark=dark),
        segment_rates(segments, dark=dark),
        time_rates(rates(0, start=[]), dark=dark),
    ]
    assert all(figure.to_json() for figure in figures)
    assert points(figures[0]) == points(figures[1]) == points(figures[4]) == 0


def test_no_label_of_a_stranger_becomes_html():
    frame = table([9, 1]).assign(label=["<img src=x onerror=1>", "b & c"])
    (bars,) = class_sizes(frame).data
    assert "<img" not in "".join(bars.hovertext)
    assert escape("<a>&") == "&lt;a&gt;&amp;"


def test_every_family_has_its_own_look():
    looks = {(f.symbol, f.dash, f.light) for f in FAMILIES.values()}
    assert len(looks) == len(FAMILIES)
    # In grey, and for who sees few colours, the mark alone tells them apart.
    for part in ("mark", "symbol"):
        assert len({getattr(f, part) for f in FAMILIES.values()}) == len(FAMILIES)
    assert all(f.mark.translate(OPEN) != f.mark for f in FAMILIES.values())
    assert STRATEGIES["tomek+smote"].family == "your_own" != STRATEGIES["smote_tomek"].family
    with pytest.raises(KeyError):
        family_style("nothing")
    assert family_style("over").color(dark=True) == "#3FBF6F"
    assert translucent("#D97B00", 0.5) == "rgba(217,123,0,0.5)"
