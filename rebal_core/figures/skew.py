"""Figures of class sizes: bars, rank curve, Lorenz curve, bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from rebal_core.data.formats import fitted
from rebal_core.data.profile import band_of
from rebal_core.figures.theme import count, escape, layout, palette, share, translucent

#: More classes than this, and only the largest and smallest seven are drawn as bars.
MOST_BARS, ENDS = 14, 7
#: Most points of one figure.
MOST_POINTS = 5_000


@dataclass(frozen=True)
class Words:
    """The words on the figures of this page; the app passes translated ones."""

    rows: str = "rows"
    share: str = "share"
    rank: str = "class, largest to smallest"
    classes: str = "classes, smallest to largest"
    equal: str = "all equal"
    left_out: str = "{classes} classes between"
    left_out_one: str = "1 class between"
    other: str = "all other values"
    missing: str = "missing"
    overall: str = "all rows"
    head: str = "head"
    mid: str = "mid"
    tail: str = "tail"
    band: str = "{band}: {classes} classes, {share} of the rows"
    band_of_one: str = "{band}: 1 class, {share} of the rows"
    held: str = "the lower {part} hold {share}"


WORDS = Words()


def class_sizes(
    classes: pd.DataFrame, *, focus: str | None = None, words: Words = WORDS, dark: bool = False
) -> go.Figure:
    """Bars of the class sizes; of more than 14 classes the seven largest and the seven smallest.

    Parameters
    ----------
    classes : DataFrame with columns ``label``, ``count``, ``share``
        Largest first, as :func:`rebal_core.data.profile.class_counts` returns it.
    focus : str, optional
        The class drawn in amber; default the last.
    words : Words
        Texts on the figure.
    dark : bool
        The theme.

    Returns
    -------
    Figure
        One trace; the rarest class on top. With classes left out, the axis is logarithmic.
    """
    many = len(classes) > MOST_BARS
    shown = pd.concat([classes.head(ENDS), classes.tail(ENDS)]) if many else classes
    title = words.rows if many else ""
    figure = go.Figure(layout=layout(x=title, height=max(196, 24 * len(shown)), dark=dark))
    _size_bars(figure, shown, focus, words, dark)
    figure.update_xaxes(showticklabels=many, showgrid=many)
    if many:
        figure.update_xaxes(type="log", dtick=1, tickformat="~s")
        _tell_left_out(figure, len(classes) - 2 * ENDS, words, palette(dark).mute)
    return figure


def _size_bars(
    figure: go.Figure, shown: pd.DataFrame, focus: str | None, words: Words, dark: bool
) -> None:
    """Draw one bar a class, with its rows and share written on it."""
    colors = palette(dark)
    labels = shown["label"].tolist()
    focus = labels[-1] if focus is None and labels else focus
    places = list(range(len(shown)))
    figure.add_bar(
        # Positions, not labels, on the axis: two labels may look alike, and "1" is not a number.
        y=places,
        x=shown["count"].tolist(),
        orientation="h",
        name=words.rows,
        marker_color=[colors.focus if label == focus else colors.others for label in labels],
        text=[
            f"{count(n)} · {share(s)}" for n, s in zip(shown["count"], shown["share"], strict=True)
        ],
        textposition="auto",
        textangle=0,
        textfont={"color": colors.ink},
        constraintext="none",
        insidetextanchor="end",
        customdata=labels,
        hovertext=[escape(label) for label in labels],
        hovertemplate="%{hovertext}: %{text}<extra></extra>",
        cliponaxis=False,
    )
    figure.update_yaxes(
        tickvals=places,
        ticktext=[escape(fitted(label)) for label in labels],
        showgrid=False,
        tickfont={"color": colors.ink},
    )


def _tell_left_out(figure: go.Figure, classes: int, words: Words, color: str) -> None:
    """Draw a line between the largest and the smallest classes, and say how many it stands for."""
    figure.add_hline(y=ENDS - 0.5, line={"color": color, "dash": "dot", "width": 1})
    figure.add_annotation(
        text=words.left_out_one if classes == 1 else words.left_out.format(classes=count(classes)),
        font={"color": color, "size": 12},
        showarrow=False,
        xref="paper",
        x=1,
        xanchor="right",
        y=ENDS - 0.5,
        yanchor="bottom",
    )


def rank_curve(classes: pd.DataFrame, *, words: Words = WORDS, dark: bool = False) -> go.Figure:
    """Rows of each class against its rank, both logarithmic, coloured by head, mid and tail.

    Parameters
    ----------
    classes : DataFrame with columns ``label``, ``count``
        Largest first; any number of classes, thinned evenly in log rank to at most 5,000 points.

    Returns
    -------
    Figure
        One trace a band, in the order head, mid, tail; bands without a class are absent.
    """
    counts = classes["count"].to_numpy(dtype=np.int64)
    keep = np.arange(len(counts))
    if len(keep) > MOST_POINTS:
        keep = np.unique(np.geomspace(1, len(counts), MOST_POINTS).round().astype(np.int64)) - 1
    kept = {"rank": keep + 1, "count": counts[keep], "band": band_of(counts)[keep]}
    points = pd.DataFrame({**kept, "label": classes["label"].to_numpy()[keep]})
    return popularity_curve(points, words=words, dark=dark)


def popularity_curve(
    points: pd.DataFrame,
    *,
    marked: Mapping[str, Any] | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Rows against rank, both logarithmic, coloured by head, mid and tail.

    Parameters
    ----------
    points : DataFrame with columns ``rank``, ``label``, ``count``, ``band`` (0 to 2)
        Best rank first; as many as are to be drawn.
    marked : mapping, optional
        ``rank``, ``label``, ``count`` of one that is pointed at.

    Returns
    -------
    Figure
        One trace a band, in the order head, mid, tail; bands without a point are absent. Then the
        mark.
    """
    colors = palette(dark)
    figure = go.Figure(layout=layout(x=words.rank, y=words.rows, dark=dark, showlegend=True))
    looks = ((words.head, colors.others), (words.mid, colors.mid), (words.tail, colors.focus))
    for k, (name, color) in enumerate(looks):
        part = points[points["band"] == k]
        if len(part) == 0:
            continue
        figure.add_scatter(
            x=part["rank"].tolist(),
            y=part["count"].tolist(),
            name=name,
            mode="lines+markers" if len(part) < 100 else "lines",
            line={"color": color, "width": 3},
            marker={"color": color, "size": 6},
            customdata=part["label"].tolist(),
            hovertext=[escape(label) for label in part["label"]],
            hovertemplate="%{hovertext}: %{y:,}<extra></extra>",
        )
    if marked is not None:
        name = escape(fitted(marked["label"]))
        figure.add_scatter(
            x=[marked["rank"]],
            y=[marked["count"]],
            mode="markers+text",
            text=[f"{name} · {count(marked['count'])}"],
            textposition="top center",
            textfont={"color": colors.ink},
            marker={"color": colors.ink, "size": 11, "symbol": "circle-open", "line": {"width": 2}},
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
        )
    figure.update_xaxes(type="log", dtick=1, tickformat="~s")
    figure.update_yaxes(type="log", dtick=1, tickformat="~s")
    figure.update_layout(
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
    )
    return figure


def lorenz_curve(
    curve: pd.DataFrame, *, mark: float | None = 0.8, words: Words = WORDS, dark: bool = False
) -> go.Figure:
    """Share of the rows that the smallest classes (or items) hold, against the line of equality.

    Parameters
    ----------
    curve : DataFrame with columns ``classes``, ``rows``
        As :func:`rebal_core.data.profile.lorenz` returns it.
    mark : float, optional
        Share of classes at which a point says what they hold.

    Returns
    -------
    Figure
        Traces: equality, curve, and the marked point.
    """
    colors = palette(dark)
    figure = go.Figure(layout=layout(x=words.classes, y=words.rows, dark=dark))
    if curve.empty:
        return figure
    dashed = {"color": colors.mute, "dash": "dot", "width": 1.4}
    figure.add_scatter(
        x=[0, 1], y=[0, 1], name=words.equal, mode="lines", line=dashed, hoverinfo="skip"
    )
    figure.add_scatter(
        x=curve["classes"].tolist(),
        y=curve["rows"].tolist(),
        name=words.rows,
        mode="lines",
        fill="tonexty",
        fillcolor=translucent(colors.others, 0.16),
        line={"color": colors.ink, "width": 2.2},
        hovertemplate="%{x:.1%} · %{y:.1%}<extra></extra>",
    )
    if mark is not None:
        held = float(np.interp(mark, curve["classes"], curve["rows"]))
        figure.add_scatter(
            x=[mark],
            y=[held],
            name=share(mark),
            mode="markers+text",
            text=[words.held.format(part=f"{mark:.0%}", share=f"<b>{share(held)}</b>")],
            textposition="top left",
            textfont={"color": colors.ink},
            marker={"color": colors.focus, "size": 9},
            hoverinfo="skip",
        )
    figure.update_xaxes(range=[0, 1], tickformat=".0%", dtick=0.5)
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%", dtick=0.5)
    return figure


def band_bars(bands: pd.DataFrame, *, words: Words = WORDS, dark: bool = False) -> go.Figure:
    """Three bars: the share of the rows that head, mid and tail hold.

    Parameters
    ----------
    bands : DataFrame with columns ``band``, ``classes``, ``rows``, ``share``
        As :func:`rebal_core.data.profile.bands` returns it.

    Returns
    -------
    Figure
        One trace a band, with its sentence as text.
    """
    colors = palette(dark)
    look = {
        "head": (words.head, colors.others),
        "mid": (words.mid, colors.mid),
        "tail": (words.tail, colors.focus),
    }
    figure = go.Figure(layout=layout(height=196, dark=dark))
    for line in bands.to_dict("records"):
        name, color = look[line["band"]]
        sentence = words.band_of_one if line["classes"] == 1 else words.band
        text = sentence.format(
            band=name, classes=count(line["classes"]), share=share(line["share"])
        )
        figure.add_bar(
            y=[name],
            x=[line["share"]],
            orientation="h",
            name=name,
            marker_color=color,
            text=[text],
            textposition="auto",
            textfont={"color": colors.ink},
            hovertemplate=f"{escape(text)}<extra></extra>",
        )
    figure.update_xaxes(range=[0, 1.02], showticklabels=False, showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure
