"""Figures of rankings: what is drawn is what was found."""

import numpy as np
import pandas as pd
import pytest

from rebal_core.figures.ranking import recall_bands, tradeoff, undominated

FAMILIES = {"none/<b>": "reference", "rerank/<b>": "decision"}
BANDS = {"all": "all", "tail": "tail"}


def recalls():
    lines = [(arm, band, 0.2, 0.1, 0.3) for arm in FAMILIES for band in BANDS]
    frame = pd.DataFrame(lines, columns=["arm", "band", "value", "low", "high"])
    frame.loc[0, ["value", "low", "high"]] = np.nan
    return frame


@pytest.mark.parametrize("dark", [False, True])
def test_each_arm_has_its_point_and_interval_in_each_band(dark):
    figure = recall_bands(recalls(), FAMILIES, BANDS, dark=dark)
    points = [t for t in figure.data if t.mode == "markers"]
    lines = [t for t in figure.data if t.mode == "lines"]
    assert len(points) == len(lines) == 3
    assert all(tuple(line.x) == (0.1, 0.3) for line in lines)
    assert all("&lt;b&gt;" in point.y[0] for point in points)
    assert {t.xaxis for t in points} == {"x", "x2"}
    # No mark is cut at the edge, and all panels have one scale.
    assert {tuple(axis.range) for axis in figure.select_xaxes()} == {(-0.012, 0.312)}


def test_arms_the_front_and_the_line_of_re_ranking_are_drawn():
    arms = pd.DataFrame({"arm": list(FAMILIES), "ndcg": [0.3, 0.2], "value": [0.1, 0.4]})
    line = pd.DataFrame({"tau": [0, 0.5], "ndcg": [0.3, 0.2], "value": [0.1, 0.4]})
    figure = tradeoff(arms, {"<i>": line}, FAMILIES, title="tail", point=(0.25, 0.2))
    by_name = {t.name: t for t in figure.data}
    assert tuple(by_name["&lt;i&gt;, re-ranked"].x) == (0.3, 0.2)
    assert tuple(by_name["no arm is better in both"].x) == (0.2, 0.3)
    assert tuple(by_name["chosen"].y) == (0.2,)
    assert len(figure.data) == 5
    assert all(t.cliponaxis is False for t in figure.data if t.mode == "markers")
    empty = tradeoff(arms.assign(value=np.nan), {}, FAMILIES, title="tail")
    assert not [t for t in empty.data if t.mode == "markers"]


def test_equal_points_are_both_on_the_front():
    first, second = np.array([1.0, 1.0, 0.5]), np.array([2.0, 2.0, 2.0])
    assert undominated(first, second).tolist() == [True, True, False]
