"""Long names of strangers leave a chart readable: cut on the axes, whole on hover."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from math import ceil
from typing import Any

import plotly.graph_objects as go

from rebal_core.data.formats import fitted_label
from rebal_core.figures.theme import escape

#: Letters of a name on an axis, below it or in a legend; our own names are shorter.
MOST = 44
#: Letters of a line in a hover box.
LINE = 80
#: Names on one axis; of more, every second, third ... stands there.
MOST_NAMES = 60
#: Cells of a heat map that tell long names on hover.
MOST_CELLS = 10_000


def legible(figure: go.Figure, most: int = MOST) -> go.Figure:
    """Cut what is too long on axes and in legends; the hover boxes then tell the whole names.

    Parameters
    ----------
    figure : Figure
        Changed in place; one whose names are all short stays as it is.
    most : int
        Letters of a name on an axis; fewer for a figure that stands in a narrow column.
    """
    for trace in figure.data:
        if trace.name:
            trace.name = cut(trace.name)
        if isinstance(_first(trace.hovertext), str):
            trace.hovertext = [wrapped(text) for text in trace.hovertext]
        long = [axis for axis in ("x", "y") if _is_long(_values(trace, axis), most)]
        for axis in long:
            _name_ticks(figure, trace, axis)
        if long and trace.type == "heatmap":
            _tell_cells(trace)
        elif long and isinstance(trace.hovertemplate, str):
            _tell_points(trace, long)
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        if axis.ticktext is not None:
            axis.ticktext = [cut(text, most) for text in axis.ticktext]
        if axis.title.text:
            axis.title.text = cut(axis.title.text)
    return figure


def cut(text: str, most: int = MOST) -> str:
    """Return an escaped text cut to so many letters; tags of ours after it stay."""
    name, tag, rest = str(text).partition("<")
    bare = html.unescape(name)
    cut_to = fitted_label(bare, most)
    return text if cut_to == bare else escape(cut_to) + tag + rest


def wrapped(text: str) -> str:
    """Return an escaped text on as many lines as a hover box needs, safe within a template."""
    name, tag, rest = text.partition("<")
    bare = html.unescape(name)
    if len(bare) > LINE:
        text = "<br>".join(escape(line) for line in textwrap.wrap(bare, LINE)) + tag + rest
    return text.replace("%{", "%&#123;")


def _values(trace: Any, axis: str) -> Sequence[Any]:
    found = getattr(trace, axis, None)
    return () if found is None else found


def _first(values: Any) -> Any:
    return values[0] if isinstance(values, (list, tuple)) and values else None


def _is_long(values: Sequence[Any], most: int) -> bool:
    if not len(values) or not isinstance(values[0], str):
        return False
    return any(cut(value, most) != value for value in values)


def _name_ticks(figure: go.Figure, trace: Any, axis: str) -> None:
    of = figure.layout[f"{axis}axis" + (trace[f"{axis}axis"] or axis)[1:]]
    names = list(dict.fromkeys([*(of.tickvals or ()), *_values(trace, axis)]))
    of.update(tickvals=names, ticktext=names)
    if len(names) > MOST_NAMES:
        some = names[:: ceil(len(names) / MOST_NAMES)]
        of.update(tickvals=some, ticktext=some)


def _tell_points(trace: Any, axes: list[str]) -> None:
    told = [trace.hovertemplate] * len(trace[axes[0]])
    for axis in axes:
        told = [
            text.replace(f"%{{{axis}}}", wrapped(name))
            for text, name in zip(told, trace[axis], strict=True)
        ]
    trace.hovertemplate = told


def _tell_cells(trace: Any) -> None:
    across, down = _values(trace, "x"), _values(trace, "y")
    if len(across) * len(down) > MOST_CELLS or not isinstance(trace.hovertemplate, str):
        return
    template = trace.hovertemplate.replace("<extra></extra>", "").replace("%{text}", "")
    trace.hovertext = [
        [template.replace("%{y}", wrapped(y)).replace("%{x}", wrapped(x)) for x in across]
        for y in down
    ]
    trace.hovertemplate = "%{hovertext}%{text}<extra></extra>"
