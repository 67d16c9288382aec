"""What several strategies would make of one class, each in a panel of the same plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rebal_core.figures.effect import MARKS, WORDS, Words
from rebal_core.figures.theme import escape, layout, palette

#: Panels in a row.
IN_A_ROW = 3
_HEIGHT = 270
#: Part of what is drawn that is left free on each side.
_EDGE = 0.04


@dataclass(frozen=True)
class Side:
    """One panel.

    Parameters
    ----------
    title : str
    marks : DataFrame
        ``x``, ``y`` and ``kind`` of made rows.
    """

    title: str
    marks: pd.DataFrame


def side_by_side(
    real: pd.DataFrame,
    sides: Sequence[Side],
    *,
    own: str,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Draw the rows of a class in amber, those of the others in grey, and what each makes of it.

    Parameters
    ----------
    real : DataFrame
        ``x``, ``y``, and ``inside``: whether a row is of the class.
    sides : sequence of Side
    own : str
        Name of the real rows of the class.
    words : Words
        Names of the rows of other classes, and of each kind of made ones.
    """
    colors = palette(dark)
    rows = -(-len(sides) // IN_A_ROW)
    figure = make_subplots(
        rows=rows,
        cols=min(len(sides), IN_A_ROW),
        shared_xaxes="all",
        shared_yaxes="all",
        horizontal_spacing=0.03,
        vertical_spacing=0.22 / max(rows, 1),
        subplot_titles=[escape(side.title) for side in sides],
    )
    named: set[str] = set()
    for place, side in enumerate(sides):
        layers = [(real[~real["inside"]], words.others, ("circle", 4, colors.others, 0.5))]
        for kind in pd.unique(side.marks["kind"]).tolist():
            made = side.marks[side.marks["kind"] == kind]
            layers.append((made, getattr(words, kind), (MARKS[kind][0], 6, colors.ink, 0.55)))
        layers.append((real[real["inside"]], own, ("circle", 5, colors.focus, 0.9)))
        for marks, name, (symbol, size, color, opacity) in layers:
            figure.add_scatter(
                x=marks["x"].tolist(), y=marks["y"].tolist(), mode="markers", name=escape(name),
                marker={"symbol": symbol, "size": size, "color": color, "opacity": opacity},
                showlegend=name not in named, row=place // IN_A_ROW + 1, col=place % IN_A_ROW + 1,
            )  # fmt: skip
            named.add(name)
    look = layout(
        x="", y="", height=_HEIGHT * rows + 70, dark=dark, showlegend=True, hovermode=False,
        legend={"orientation": "h", "x": 0, "y": -0.08, "yanchor": "top", "itemsizing": "constant"},
    )  # fmt: skip
    figure.update_layout(look)
    figure.update_annotations(font={"size": 13, "color": colors.ink})
    figure.update_layout(margin={"t": 30, "l": 10, "r": 10, "b": 60})
    drawn = pd.concat([real, *(side.marks for side in sides)])
    bare = {"showgrid": True, "showticklabels": False, "zeroline": False, "title": None}
    figure.update_xaxes(range=_around(drawn["x"]), gridcolor=colors.grid, **bare)
    figure.update_yaxes(range=_around(drawn["y"]), gridcolor=colors.grid, **bare)
    return figure


def _around(places: pd.Series) -> list[float]:
    """Return a range in which no mark is cut at the edge."""
    low, high = float(places.min()), float(places.max())
    edge = _EDGE * (high - low) or 1.0
    return [low - edge, high + edge]
