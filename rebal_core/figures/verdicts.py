"""The six verdicts, drawn on one axis: how to read an interval."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from rebal_core.figures.theme import escape, layout, no_matter, palette, upright


def verdict_axis(
    verdicts: Sequence[tuple[str, str, float | None, float | None, float | None]],
    *,
    margin: float = 0.01,
    reference: str = "reference",
    dark: bool = False,
) -> go.Figure:
    """One line a verdict: its interval against the reference and the band of no matter.

    Parameters
    ----------
    verdicts : sequence of (code, name, low, middle, high)
        Without numbers nothing is drawn on the line.
    margin : float
        Half width of the grey band.
    reference : str
        Word below the reference line.
    """
    colors = palette(dark)
    names = [escape(name) for _, name, *_ in verdicts]
    down = {"type": "category", "categoryorder": "array", "categoryarray": names[::-1],
            "showgrid": False, "tickfont": {"color": colors.ink, "size": 14}}  # fmt: skip
    across = {"range": [-0.04, 0.04], "tickvals": [0], "ticktext": [escape(reference)]}
    zero = upright(0, {"color": colors.ink, "dash": "dash", "width": 1.4})
    figure = go.Figure(layout=layout(
        height=300, dark=dark, xaxis=across, yaxis=down, shapes=[no_matter(margin, dark), zero]
    ))  # fmt: skip
    for (code, _, low, middle, high), name in zip(verdicts, names, strict=True):
        tone = {"HELPS": colors.better, "HURTS": colors.worse}.get(code, colors.mute)
        shown = middle is not None
        figure.add_scatter(
            x=[low, high] if shown else [None], y=[name] * (2 if shown else 1), mode="lines",
            line={"color": tone, "width": 4}, hoverinfo="skip",
        )  # fmt: skip
        if shown:
            figure.add_scatter(
                x=[middle], y=[name], mode="markers", hoverinfo="skip",
                marker={"color": tone, "size": 12},
            )  # fmt: skip
    return figure
