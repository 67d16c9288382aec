"""Colours, marks and the layout that every figure shares; a colour means one thing.

Amber is the class in focus, grey all others; a strategy family is a line with its mark and dash;
blue is better, red is worse. The numbers on charts are those of :mod:`rebal_core.data.formats`.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rebal_core.data.formats import (
    change,
    count,
    cutoff,
    interval,
    number,
    p_value,
    ratio,
    seconds,
    share,
    short_count,
)
from rebal_core.families import FAMILIES, Family

__all__ = [
    "FAMILIES",
    "Family",
    "Palette",
    "change",
    "count",
    "cutoff",
    "escape",
    "family_style",
    "interval",
    "layout",
    "no_matter",
    "number",
    "p_value",
    "palette",
    "ratio",
    "seconds",
    "share",
    "short_count",
    "translucent",
    "upright",
]

FONT = "Source Sans, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif"


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, by meaning."""

    page: str
    panel: str
    ink: str
    mute: str
    grid: str
    focus: str
    focus_text: str
    others: str
    mid: str
    better: str
    worse: str
    diverging: tuple[str, str, str]
    too_small: str = "rgba(102,114,127,.13)"


LIGHT = Palette(
    page="#FFFFFF",
    panel="#F4F6F7",
    ink="#1C2530",
    mute="#66727F",
    grid="#DDE3E7",
    focus="#D97B00",
    focus_text="#8F5000",
    others="#87939E",
    mid="#B98A4A",
    better="#0B62A8",
    worse="#B3204D",
    diverging=("#D98BA4", "#F4F6F7", "#7FB3DC"),
)
DARK = Palette(
    page="#12171E",
    panel="#1B222B",
    ink="#E4E9EE",
    mute="#97A3AF",
    grid="#303A45",
    focus="#F5A93B",
    focus_text="#F8BE6B",
    others="#6B7783",
    mid="#B98A4A",
    better="#6DB7F2",
    worse="#FF8AA5",
    diverging=("#8E2547", "#1B222B", "#1F5E93"),
)


def family_style(family: str) -> Family:
    """Return the look of a family."""
    return FAMILIES[family]


def palette(dark: bool) -> Palette:
    """Return the colours of the dark or the light theme."""
    return DARK if dark else LIGHT


def escape(text: object) -> str:
    """Return a stranger's text for a chart: plotly reads ``<b>`` and ``<a>`` in labels as HTML."""
    return html.escape(str(text), quote=False)


def translucent(color: str, opacity: float) -> str:
    """Return ``#RRGGBB`` as ``rgba(...)``."""
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def layout(
    *,
    x: str = "",
    y: str = "",
    height: int = 260,
    dark: bool = False,
    xaxis: Mapping[str, Any] | None = None,
    yaxis: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the layout of a figure: axis titles, colours, margins; never a title inside the plot.

    A plain mapping, for ``go.Figure(layout=...)``: to merge one into a figure that has a layout
    takes plotly ten times as long.

    Parameters
    ----------
    x, y : str
        Axis titles, translated; empty for none.
    height : int
        Pixels, 196 to 430.
    dark : bool
        The theme.
    xaxis, yaxis : mapping, optional
        Further properties of the axes; they win.
    **more
        Further properties of :class:`plotly.graph_objects.Layout`; they win.
    """
    colors = palette(dark)
    small = {"color": colors.mute, "size": 12}
    axis = {
        "gridcolor": colors.grid,
        "linecolor": colors.grid,
        "zeroline": False,
        "automargin": True,
        "tickfont": small,
    }
    title = {"font": small, "standoff": 8}
    return {
        "xaxis": {**axis, "title": {**title, "text": x}, "showgrid": False, **(xaxis or {})},
        "yaxis": {**axis, "title": {**title, "text": y}, **(yaxis or {})},
        "template": "none",  # plotly's own outlines bars in blue-grey
        "height": height,
        "margin": {"l": 4, "r": 4, "t": 4, "b": 4},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": colors.ink},
        "hoverlabel": {"bgcolor": colors.panel, "font": {"family": FONT, "color": colors.ink}},
        "showlegend": False,
        "separators": ".,",
        "bargap": 0.25,
        "colorway": list(dict.fromkeys(family.color(dark) for family in FAMILIES.values())),
        **more,
    }


def upright(x: float, line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a vertical line through the whole plot, for the ``shapes`` of a layout."""
    ends = {"x0": x, "x1": x, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
    return {"type": "line", **ends, "line": dict(line)}


def no_matter(margin: float, dark: bool) -> dict[str, Any]:
    """Return the band of gains too small to matter, for the ``shapes`` of a layout."""
    ends = {"x0": -margin, "x1": margin, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
    look = {"fillcolor": palette(dark).too_small, "line": {"width": 0}, "layer": "below"}
    return {"type": "rect", **ends, **look}
