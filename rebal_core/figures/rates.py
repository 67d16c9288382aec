"""Figures of how often a class occurs: by segment and over time."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from rebal_core.data.formats import fitted
from rebal_core.figures.skew import WORDS, Words
from rebal_core.figures.theme import Palette, count, escape, layout, palette, share, translucent

_HOUR, _DAY = 3_600_000, 86_400_000
#: How moments are written on an axis, by the distance of its ticks in milliseconds.
_DATES = [
    {"dtickrange": [None, _HOUR], "value": "%H:%M:%S"},
    {"dtickrange": [_HOUR, _DAY], "value": "%m-%d %H:%M"},
    {"dtickrange": [_DAY, "M1"], "value": "%m-%d\n%Y"},
    {"dtickrange": ["M1", "M12"], "value": "%Y-%m"},
    {"dtickrange": ["M12", None], "value": "%Y"},
]


def segment_rates(
    segments: pd.DataFrame,
    *,
    overall: float | None = None,
    column: str = "",
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Bars of a class's rate by segment, with 95 % Wilson whiskers and the rate of all rows.

    Parameters
    ----------
    segments : DataFrame
        As :func:`rebal_core.data.segments.rate_by_segment` returns it.
    overall : float, optional
        Rate in all rows, drawn as a dashed line.
    column : str
        The column's name, for the axis.

    Returns
    -------
    Figure
        One trace; ``customdata`` holds the segment's position in the frame.
    """
    colors = palette(dark)
    figure = go.Figure(layout=layout(x=escape(column), y=words.share, dark=dark))
    pooled = {"other": words.other, "missing": words.missing}
    parts = list(zip(segments["segment"], segments["kind"], strict=True))
    labels = [pooled.get(kind) or escape(fitted(text)) for text, kind in parts]
    whole = [pooled.get(kind) or escape(text) for text, kind in parts]
    figure.add_bar(
        x=list(range(len(segments))),
        y=segments["rate"].tolist(),
        name=words.share,
        marker_color=colors.focus,
        customdata=list(range(len(segments))),
        hovertext=_rate_texts(segments, whole, words),
        hovertemplate="%{hovertext}<extra></extra>",
        error_y={
            "type": "data",
            "symmetric": False,
            "array": (segments["high"] - segments["rate"]).tolist(),
            "arrayminus": (segments["rate"] - segments["low"]).tolist(),
            "color": colors.mute,
            "thickness": 1.2,
            "width": 3,
        },
    )
    figure.update_xaxes(tickvals=list(range(len(segments))), ticktext=labels)
    _rate_axis(figure, overall, colors)
    return figure


def time_rates(
    spans: pd.DataFrame,
    *,
    overall: float | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Line of a class's rate over time with its 95 % Wilson band and the rate of all rows.

    Parameters
    ----------
    spans : DataFrame
        As :func:`rebal_core.data.segments.rate_over_time` returns it.

    Returns
    -------
    Figure
        Traces: the band (``low`` to ``high``), the line.
    """
    colors = palette(dark)
    figure = go.Figure(layout=layout(y=words.share, dark=dark))
    start = spans["start"].tolist()
    figure.add_scatter(
        x=start + start[::-1],
        y=spans["high"].tolist() + spans["low"].tolist()[::-1],
        name="95%",
        mode="none",
        fill="toself",
        fillcolor=translucent(colors.focus, 0.16),
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=start,
        y=spans["rate"].tolist(),
        name=words.share,
        mode="lines+markers",
        line={"color": colors.focus, "width": 2},
        marker={"color": colors.focus, "size": 5},
        hovertext=_rate_texts(spans, [str(value) for value in start], words),
        hovertemplate="%{hovertext}<extra></extra>",
    )
    # Digits read the same in every language; names of months would be English.
    figure.update_xaxes(tickformatstops=_DATES)
    _rate_axis(figure, overall, colors)
    return figure


def _rate_texts(frame: pd.DataFrame, labels: list[str], words: Words) -> list[str]:
    columns = (frame["rate"], frame["low"], frame["high"], frame["rows"])
    return [
        f"{label}: {share(rate)} ({share(low)} – {share(high)}) · {count(rows)} {words.rows}"
        for label, rate, low, high, rows in zip(labels, *columns, strict=True)
    ]


def _rate_axis(figure: go.Figure, overall: float | None, colors: Palette) -> None:
    figure.update_yaxes(rangemode="tozero", tickformat=".3~%")
    if overall is not None:
        figure.add_hline(
            y=overall,
            line={"color": colors.mute, "dash": "dash", "width": 1.4},
            annotation={
                "text": share(overall),
                "font": {"color": colors.mute, "size": 12},
                "bgcolor": colors.page,  # it may lie on a bar
            },
            annotation_position="top right",
        )
