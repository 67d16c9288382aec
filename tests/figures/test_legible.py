"""Names of 300 characters: cut on axes, told apart there, whole on hover."""

import html

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.formats import short
from rebal_core.figures.compare import class_heat, confusion
from rebal_core.figures.explain import beeswarm, importance_bars, row_path
from rebal_core.figures.legible import MOST, legible
from rebal_core.figures.rates import segment_rates
from rebal_core.figures.resampling import class_changes
from rebal_core.figures.skew import class_sizes, rank_curve

NAMES = [f"{'<b>&very long %{x} ' * 17}{k:03d}" for k in range(5)]
FAMILIES = {"none/logistic": "reference", "smote/logistic": "over"}


def _counts():
    return pd.DataFrame({"label": NAMES, "count": [9, 8, 7, 6, 5], "share": [0.2] * 5})


def _rows():
    rows = {"row": range(5), "player": NAMES, "value": [0.1] * 5, "feature_value": [1.0] * 5}
    return pd.DataFrame({**rows, "ordered": True})


def _segments():
    rates = {"rows": 10, "hits": 1, "rate": 0.1, "low": 0.05, "high": 0.2, "kind": "value"}
    return pd.DataFrame({"segment": NAMES, **rates})


def _two_arms():
    return pd.DataFrame({arm: [0.1, 0.2, 0.3, 0.4, 0.5] for arm in FAMILIES}, index=NAMES)


FIGURES = {
    "sizes": lambda: class_sizes(_counts()),
    "ranks": lambda: rank_curve(_counts()),
    "rates": lambda: segment_rates(_segments(), column=NAMES[0]),
    "changes": lambda: class_changes(_counts().rename(columns={"count": "kept"}).assign(removed=1)),
    "confusion": lambda: confusion(
        {arm: pd.DataFrame(np.eye(5), NAMES, NAMES) for arm in FAMILIES}
    ),
    "heat": lambda: class_heat(
        _two_arms(), reference="none/logistic", support=dict.fromkeys(NAMES, 9), margin=0.01
    ),
    "importance": lambda: importance_bars(_two_arms(), FAMILIES),
    "swarm": lambda: beeswarm(_rows(), NAMES),
    "path": lambda: row_path(_rows(), 0.1),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_short_and_hover_is_whole(name):
    figure = legible(FIGURES[name]())
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        ticks = [html.unescape(text.partition("<")[0]) for text in axis.ticktext or ()]
        assert all(len(text) <= MOST for text in ticks)
        assert len(set(ticks)) == len(ticks)
        assert len(html.unescape(axis.title.text or "")) <= MOST
        if axis.type == "category" and axis.ticktext is not None:
            assert all(
                len(short) < len(val)
                for val, short in zip(axis.tickvals, axis.ticktext, strict=True)
            )
    told = "".join(
        html.unescape(str(np.array(trace[part]).tolist()).replace("<br>", ""))
        for trace in figure.data
        for part in ("hovertext", "hovertemplate")
        if trace[part] is not None
    )
    for whole in NAMES:
        assert whole.replace(" ", "") in told.replace(" ", "")
    drawn = [axis.ticktext for axis in (*figure.select_xaxes(), *figure.select_yaxes())]
    assert any(text is not None for text in drawn) or name == "ranks"


def test_short_names_stay():
    table = _two_arms().set_axis([f"c{k}" for k in range(5)])
    before = importance_bars(table, FAMILIES)
    assert legible(importance_bars(table, FAMILIES)) == before


def test_a_cut_name_keeps_its_ends():
    assert short("a" * 30, 24) == "a" * 15 + "…" + "a" * 8
    assert short("abc", 3) == "abc"
    assert len({short(f"{'a' * 50}{k}") for k in range(9)}) == 9
