"""Which mark, colour and dash stands for which arm: one line above the panels that share it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from rebal_core.figures.looks import Look

#: CSS has fewer dashes than the charts.
_DASHES = {"solid": "solid", "dash": "dashed", "dot": "dotted"}


def marked(look: Look, name: str) -> str:
    """Return a name behind the coloured mark of its arm, as HTML."""
    return f'<span style="color:{look.color}">{look.mark}</span> {html.escape(name)}'


def legend(names: Mapping[str, str], styles: Mapping[str, Look]) -> None:
    """Draw one line with every arm."""
    parts = []
    for arm, look in styles.items():
        line = f"border-top:2px {_DASHES.get(look.dash, 'dashed')} {look.color}"
        stroke = f'<i style="display:inline-block;width:2rem;vertical-align:middle;{line}"></i>'
        name = marked(look, names[arm])
        parts.append(f'<span style="margin-right:1.6rem">{stroke} {name}</span>')
    st.html(f'<div style="font-size:.88rem">{"".join(parts)}</div>')


#: Of a stroke, from left to right: drawn so many pixels, left out so many, and again.
_STROKES = {"dash": (8, 4), "dot": (3, 3), "dashdot": (8, 3, 2, 3)}

#: How the edges of a point are drawn, by its symbol.
_SHAPES = {
    "circle": "border-radius:50%",
    "square": "border-radius:0",
    "diamond": "border-radius:0;transform:rotate(45deg) scale(.8)",
}


def lines_of(figure: go.Figure) -> None:
    """Name the lines of a figure above it: plotly's legend takes the room from the plot."""
    parts = []
    for trace in figure.data:
        # A name on a chart is HTML already: plotly reads it so.
        name = f'<b title="{html.escape(html.unescape(trace.name))}">{trace.name}</b>'
        parts.append(f'<span><i style="{_drawn(trace)}"></i>{name}</span>')
    st.html(f'<div class="lines">{"".join(parts)}</div>')


def _drawn(trace: Any) -> str:
    """Return the style of a short piece of a line, or of a point."""
    if "lines" not in trace.mode:
        color, (shape, *is_open) = trace.marker.color, (trace.marker.symbol or "circle").split("-")
        inside = "transparent" if is_open else color
        return (
            f"width:10px;height:10px;{_SHAPES[shape]};border:2px solid {color};background:{inside}"
        )
    color, at, stops = trace.line.color, 0, []
    for k, length in enumerate(_STROKES.get(trace.line.dash, (1,))):
        stops.append(f"{'transparent' if k % 2 else color} {at}px {at + length}px")
        at += length
    gradient = f"repeating-linear-gradient(90deg,{','.join(stops)})"
    return f"width:28px;height:{trace.line.width}px;background:{gradient}"


def heading(look: Look, name: str) -> None:
    """Head a panel with the coloured mark and the name of its arm."""
    st.html(f'<div style="font-weight:600;font-size:1.1rem">{marked(look, name)}</div>')
