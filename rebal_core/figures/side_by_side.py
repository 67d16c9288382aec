"""What several strategies would make of one class, each in a panel of the same plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rebal_core.figures.effect import MARKS, Axis
from rebal_core.figures.theme import escape, layout, palette

#: Panels in a row.
IN_A_ROW = 3
_HEIGHT = 270


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
    axes: tuple[Axis, Axis],
    *,
    own: str,
    others: str,
    made: str,
    dark: bool = False,
) -> go.Figure:
    """Draw the rows of a class in amber, those of the others in grey, and what each makes of it.

    Parameters
    ----------
    real : DataFrame
        ``x``, ``y``, and ``inside``: whether a row is of the class.
    sides : sequence of Side
    axes : tuple of two Axis
    own, others, made : str
        Names of the real rows of the class, of those of other classes, and of made ones.
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
    for place, side in enumerate(sides):
        at = {"row": place // IN_A_ROW + 1, "col": place % IN_A_ROW + 1}
        real_of = {inside: real[real["inside"] == inside] for inside in (False, True)}
        grey = {"size": 4, "color": colors.others, "opacity": 0.25}
        _add(figure, real_of[False], others, grey, first=not place, **at)
        for kind in pd.unique(side.marks["kind"]):
            symbol = {"symbol": MARKS[kind][0], "size": 6, "color": colors.ink, "opacity": 0.55}
            _add(figure, side.marks[side.marks["kind"] == kind], made, symbol, first=False, **at)
        amber = {"size": 5, "color": colors.focus, "opacity": 0.9}
        _add(figure, real_of[True], own, amber, first=not place, **at)
    figure.add_scatter(  # the made rows of all panels have one entry in the legend
        x=[None], y=[None], mode="markers", name=escape(made), showlegend=True,
        marker={"symbol": "diamond-open", "size": 7, "color": colors.ink},
    )  # fmt: skip
    look = layout(
        x="", y="", height=_HEIGHT * rows + 70, dark=dark, showlegend=True, hovermode=False,
        legend={"orientation": "h", "x": 0, "y": -0.08, "yanchor": "top", "itemsizing": "constant"},
    )  # fmt: skip
    figure.update_layout(look)
    figure.update_annotations(font={"size": 13, "color": colors.ink})
    figure.update_layout(margin={"t": 30, "l": 10, "r": 10, "b": 60})
    for axis, span in zip((figure.update_xaxes, figure.update_yaxes), axes, strict=True):
        axis(showgrid=True, showticklabels=False, zeroline=False, title=None, gridcolor=colors.grid)
        if span.span is not None and len(span.span):
            axis(range=[float(span.span.min()), float(span.span.max())])
    return figure


def _add(
    figure: go.Figure, rows: pd.DataFrame, name: str, marker: dict[str, object], *, first: bool,
    row: int, col: int,
) -> None:  # fmt: skip
    figure.add_scatter(
        x=rows["x"].tolist(),
        y=rows["y"].tolist(),
        mode="markers",
        name=escape(name),
        marker=marker,
        showlegend=first,
        row=row,
        col=col,
    )
