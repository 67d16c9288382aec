"""What a strategy does to rows: the rows in a plane, and the share that each class gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from rebal_core.figures.theme import count, escape, layout, palette, share

#: Classes on the figure of shares; of more, the rarest are shown.
MOST_CLASSES = 14
#: Mark of each kind of row, its size and how opaque it is.
MARKS = {
    "original": ("circle", 6, 0.55),
    "removed": ("x-thin", 7, 0.9),
    "duplicate": ("square-open", 10, 0.8),
    "interpolated": ("diamond-open", 8, 0.6),
    "generated": ("triangle-up-open", 8, 0.6),
    "adversarial": ("cross-open", 8, 0.6),
}
#: Bounds of the size of a mark that stands for a weight.
_SMALL, _LARGE = 3.0, 16.0
#: Part of the rows on each side of an axis that may lie outside of what is shown at first.
_OUTSIDE = 0.002


@dataclass(frozen=True)
class Words:
    """The words on the figures; the app passes translated ones."""

    original: str = "your rows"
    removed: str = "removed"
    duplicate: str = "repeated"
    interpolated: str = "interpolated"
    generated: str = "generated"
    adversarial: str = "adversarial"
    flagged: str = "flagged"
    others: str = "other classes"
    parents: str = "parents"
    weight: str = "weight"
    share: str = "share of all weight"
    before: str = "your rows"
    moved: str = "shares moved"
    kept: str = "shares kept"
    of_class: str = "{kind}: {label}"


WORDS = Words()


@dataclass(frozen=True)
class Axis:
    """One axis of the plane.

    Parameters
    ----------
    title : str
    values : tuple of str, optional
        Of a category, by their places.
    dates : bool
        Whether its numbers are days since 1970.
    span : ndarray, optional
        Values that are seen at first; by default those of the marks.
    """

    title: str
    values: tuple[str, ...] | None = None
    dates: bool = False
    span: NDArray[np.floating] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Chosen:
    """The row that is looked at, and the rows that it comes from.

    Parameters
    ----------
    place : tuple of two float
    parents : tuple of such
    """

    place: tuple[float, float]
    parents: tuple[tuple[float, float], ...] = ()


def rows_in_plane(
    marks: pd.DataFrame,
    axes: tuple[Axis, Axis],
    *,
    focus: str,
    chosen: Chosen | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Draw rows in a plane: what they are by the mark, the class in focus in amber, others grey.

    Parameters
    ----------
    marks : DataFrame
        As :class:`rebal_core.preview.Picture` has it. Where rows weigh differently, their marks
        are as large as they weigh.
    axes : tuple of two Axis
    focus : str
        Label of the class in amber.
    chosen : Chosen, optional
        A row that is joined with its parents.

    Returns
    -------
    Figure
        The rows of the marks stand in ``customdata``.
    """
    colors = palette(dark)
    figure = go.Figure()
    marks = marks.assign(size=_sizes(marks))
    rest = sorted(set(marks["label"]) - {focus})
    sides = {False: rest[0] if len(rest) == 1 else words.others, True: focus}
    layers = [(kind, inside) for kind in MARKS for inside in sides]
    # The rows of the class in focus that were there lie above made ones, and below their copies.
    above = {("original", True): 1, ("duplicate", True): 2}
    kinds, of_focus = marks["kind"].to_numpy(object), (marks["label"] == focus).to_numpy(bool)
    for kind, inside in sorted(layers, key=lambda layer: above.get(layer, 0)):
        shown = (kinds == kind) & (of_focus == inside)
        if shown.any():
            color = colors.focus if inside else colors.others
            name = words.of_class.format(kind=getattr(words, kind), label=escape(sides[inside]))
            _mark(figure, marks[shown], kind, name, color, words, _days(axes))
    flagged = marks[marks["flag"]]
    if len(flagged):
        ring = {"symbol": "circle-open", "size": 13, "color": colors.worse, "line": {"width": 2}}
        _points(figure, flagged, words.flagged, ring, _days(axes), hoverinfo="skip")
    if chosen is not None:
        _join(figure, chosen, words.parents, colors.ink, _days(axes))
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"}
    sides_of = [_axis(a, marks[n]) for a, n in zip(axes, ("x", "y"), strict=True)]
    figure.layout = layout(
        x=escape(axes[0].title), y=escape(axes[1].title), height=430, dark=dark,
        xaxis={"showgrid": True, **sides_of[0]}, yaxis=sides_of[1], showlegend=True, legend=legend,
        hovermode="closest", dragmode="pan",
    )  # fmt: skip
    return figure


def _days(axes: tuple[Axis, Axis]) -> tuple[bool, bool]:
    return axes[0].dates, axes[1].dates


def _mark(
    figure: go.Figure,
    rows: pd.DataFrame,
    kind: str,
    name: str,
    color: str,
    words: Words,
    days: tuple[bool, bool],
) -> None:
    symbol, _size, opacity = MARKS[kind]
    line = {"width": 1.5, "color": color} if symbol != "circle" else {"width": 0}
    sizes = rows["size"].tolist()
    marker = {"symbol": symbol, "size": sizes, "color": color, "opacity": opacity, "line": line}
    what = getattr(words, kind)
    told = [
        f"{escape(label)} · {what}" + (f" × {count(n)}" if n > 1 else "")
        for label, n in zip(rows["label"], rows["times"], strict=True)
    ]
    if rows["weight"].max() > rows["weight"].min() or not np.isclose(rows["weight"].iloc[0], 1):
        weights = rows["weight"]
        told = [f"{t} · {words.weight} {w:.3g}" for t, w in zip(told, weights, strict=True)]
    _points(figure, rows, name, marker, days, hovertext=told, hoverinfo="text")


def _points(
    figure: go.Figure,
    rows: pd.DataFrame,
    name: str,
    marker: Mapping[str, object],
    days: tuple[bool, bool],
    **more: object,
) -> None:
    figure.add_scatter(
        x=_along(rows["x"], days[0]),
        y=_along(rows["y"], days[1]),
        mode="markers",
        name=name,
        marker=dict(marker),
        customdata=rows["row"].tolist(),
        # A click dims the others; they must stay readable.
        unselected={"marker": {"opacity": 0.35}},
        **more,
    )


def _join(
    figure: go.Figure, chosen: Chosen, name: str, color: str, days: tuple[bool, bool]
) -> None:
    """Ring the row that is looked at, and draw a line to each of its parents."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for parent in chosen.parents:
        xs += [chosen.place[0], parent[0], None]
        ys += [chosen.place[1], parent[1], None]
    if chosen.parents:
        ring = {"symbol": "circle-open", "size": 12, "color": color, "line": {"width": 2}}
        figure.add_scatter(
            x=_along(xs, days[0]), y=_along(ys, days[1]), mode="lines+markers", name=name,
            line={"color": color, "width": 1.5}, marker=ring, hoverinfo="skip",
        )  # fmt: skip
    ring = {"symbol": "circle-open", "size": 16, "color": color, "line": {"width": 2.5}}
    figure.add_scatter(
        x=_along([chosen.place[0]], days[0]), y=_along([chosen.place[1]], days[1]), mode="markers",
        marker=ring, hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _along(values: Sequence[float | None] | pd.Series, days: bool) -> list[object]:
    """Return values for an axis; days since 1970 as dates."""
    if not days:
        return list(values)
    stamps = pd.to_datetime(pd.Series(values, dtype=float), unit="D").dt.round("s")
    return [None if pd.isna(s) else s.isoformat() for s in stamps]


def _axis(axis: Axis, values: pd.Series) -> dict[str, object]:
    """Return where an axis begins and ends, and its names."""
    if axis.values is not None:
        places = list(range(-1, len(axis.values)))
        return {"tickvals": places, "ticktext": ["–", *map(escape, axis.values)], "showgrid": False}
    if axis.dates or not len(values):
        return {}
    span = values if axis.span is None else axis.span
    low, high = np.quantile(span, [_OUTSIDE, 1 - _OUTSIDE]).tolist()
    room = 0.06 * (high - low) or 1.0
    return {"range": [low - room, high + room]}


def _sizes(marks: pd.DataFrame) -> pd.Series:
    """Return the size of each mark: as large in area as the row weighs, or the copies are many."""
    usual = marks["kind"].map({kind: size for kind, (_s, size, _o) in MARKS.items()})
    grown = np.sqrt(marks["weight"]) * np.minimum(1 + 0.25 * np.log2(marks["times"]), 2)
    sizes: pd.Series = (usual * grown).clip(_SMALL, _LARGE).round(1)
    return sizes


def class_shares(
    shares: pd.DataFrame,
    *,
    focus: str | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Draw the share of each class by the weights of its rows: before, and after.

    Parameters
    ----------
    shares : DataFrame
        ``label``, ``before``, ``moved``, and where the switch is there ``kept``; from 0 to 1.
    focus : str, optional
        Label of the class in amber.
    """
    colors = palette(dark)
    shown = shares.tail(MOST_CLASSES)
    names = [escape(label) for label in shown["label"]]
    fills = [colors.focus if label == focus else colors.others for label in shown["label"]]
    figure = go.Figure()
    looks = {"before": ("circle", 11), "moved": ("diamond-open", 12), "kept": ("circle-open", 17)}
    for column, (symbol, size) in looks.items():
        if column not in shown:
            continue
        figure.add_scatter(
            x=shown[column].tolist(), y=names, mode="markers", name=getattr(words, column),
            marker={"symbol": symbol, "size": size, "color": fills, "line": {"width": 2}},
            hovertext=[share(value) for value in shown[column]],
            hovertemplate="%{y}: %{hovertext} <extra>%{fullData.name}</extra>",
        )  # fmt: skip
    # Tied to the top of the figure, and a margin of two lines: plotly places a legend that is tied
    # to the plot for the width that it was first drawn at.
    legend = {"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top"}
    figure.layout = layout(
        x=words.share, height=max(196, 34 * len(shown) + 128), dark=dark, showlegend=True,
        legend=legend, margin={"l": 4, "r": 4, "t": 56, "b": 4},
        xaxis={"showgrid": True, "tickformat": ".0%", "range": [-0.03, 1.03]},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": True,
               "tickfont": {"color": colors.ink}},
    )  # fmt: skip
    return figure
