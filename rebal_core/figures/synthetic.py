"""Made rows beside real ones: one column laid over the other, and scores with the worst on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rebal_core.data.formats import fitted
from rebal_core.evaluation.synthetic.shapes import FLOOR, Shape
from rebal_core.figures.theme import escape, layout, number, palette, share, translucent, upright
from rebal_core.rows import Floats, Ints

#: Ranges of a number; values of a category, and scores, on one figure.
RANGES, MOST_VALUES, MOST_SCORES = 30, 14, 14


@dataclass(frozen=True)
class Words:
    """The words on the figures; the app passes translated ones."""

    real: str = "real rows"
    made: str = "made rows"
    share: str = "share of the rows"
    missing: str = "missing"
    other: str = "all other values"
    score: str = "how alike, 0 to 1"
    pair: str = "{one} and {two}"


WORDS = Words()


def number_overlay(
    real: Floats,
    made: Floats,
    *,
    column: str = "",
    time: bool = False,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """One number: an area of the real rows, and a line of the made ones over it.

    Parameters
    ----------
    real, made : ndarray
        NaN where missing, which is not drawn; the shares are of all rows.
    column : str
        Title of the axis.
    time : bool
        Whether the values are days since 1970, to be read as dates.
    """
    colors = palette(dark)
    edges, shares = _in_ranges(real, made)
    at, form = (_dates(edges), "%{x|%Y-%m-%d}") if time else (edges, "%{x:.4g}")
    figure = go.Figure(
        layout=layout(
            x=escape(column), y=words.share, dark=dark, showlegend=True, legend=_legend(),
            yaxis={"tickformat": ".0%", "rangemode": "tozero"},
        )
    )  # fmt: skip
    looks: tuple[dict[str, Any], ...] = (
        {"line": {"width": 0, "shape": "hv"}, "fillcolor": translucent(colors.focus, 0.45)},
        {"line": {"color": colors.ink, "width": 2, "shape": "hv"}},
    )
    for name, part, look in zip((words.real, words.made), shares, looks, strict=True):
        figure.add_scatter(
            x=at,
            y=np.append(part, part[-1]),
            name=name,
            mode="lines",
            fill="tozeroy" if "fillcolor" in look else "none",
            hovertext=[share(value) for value in part],
            hovertemplate=f"{form}: %{{hovertext}} <extra>%{{fullData.name}}</extra>",
            **look,
        )
    return figure


def _dates(days: Floats) -> Any:
    return np.round(days * 86_400).astype("datetime64[s]")


def _in_ranges(real: Floats, made: Floats) -> tuple[Floats, tuple[Floats, Floats]]:
    """Return the edges of the ranges, and the share of all rows of either side in each."""
    known = [part[np.isfinite(part)] for part in (real, made)]
    both = np.concatenate(known)
    edges = np.histogram_bin_edges(both if both.size else np.zeros(1), RANGES)
    counts = [np.histogram(part, edges)[0] for part in known]
    one, two = (n / max(1, len(p)) for n, p in zip(counts, (real, made), strict=True))
    return edges, (one, two)


def category_overlay(
    real: Ints, made: Ints, values: Sequence[str], *, words: Words = WORDS, dark: bool = False
) -> go.Figure:
    """One category: a solid bar of the real rows and a hatched one of the made for each value.

    Parameters
    ----------
    real, made : ndarray
        Codes, -1 where missing.
    values : sequence of str
        Names of the codes 0, 1, ...; of more than 14 values the rarest are pooled.
    """
    colors = palette(dark)
    names, shares = _by_value(real, made, values, words)
    height = max(196, 34 * len(names) + 60)
    figure = go.Figure(
        layout=layout(
            x=words.share, height=height, dark=dark, showlegend=True, legend=_legend(),
            barmode="group", xaxis={"tickformat": ".0%", "showgrid": True},
            yaxis=_listed(names),
        )
    )  # fmt: skip
    hatched = {"shape": ".", "fgcolor": colors.focus, "bgcolor": colors.page, "size": 7}
    looks = (
        {"color": colors.focus},
        {"color": colors.focus, "pattern": hatched, "line": {"color": colors.focus, "width": 1}},
    )
    for name, told, look in zip((words.real, words.made), shares, looks, strict=True):
        figure.add_bar(
            x=told,
            y=list(range(len(names))),
            name=name,
            orientation="h",
            marker=look,
            hovertext=[f"{value}: {share(part)}" for value, part in zip(names, told, strict=True)],
            hovertemplate="%{hovertext} <extra>%{fullData.name}</extra>",
        )
    return figure


def _by_value(
    real: Ints, made: Ints, values: Sequence[str], words: Words
) -> tuple[list[str], tuple[list[float], list[float]]]:
    """Return names and shares: the most frequent real value first, missing and the pool last."""
    size = len(values) + 1
    one, two = (np.bincount(p + 1, minlength=size) / max(1, len(p)) for p in (real, made))
    order = np.argsort(-one[1:], kind="stable") + 1
    shown, rest = order[:MOST_VALUES], order[MOST_VALUES:]
    names = [escape(fitted(str(values[k - 1]))) for k in shown.tolist()]
    shares = [part[shown].tolist() for part in (one, two)]
    for name, where in ((words.other, rest), (words.missing, np.array([0]))):
        if where.size and (one[where].any() or two[where].any()):
            names.append(escape(name))
            for part, told in zip((one, two), shares, strict=True):
                told.append(float(part[where].sum()))
    return names, (shares[0], shares[1])


def score_bars(shapes: Sequence[Shape], *, words: Words = WORDS, dark: bool = False) -> go.Figure:
    """Bars of how alike columns or pairs are, the worst on top; those that fail in red.

    Parameters
    ----------
    shapes : sequence of Shape
        The worst first; the 14 worst are drawn, what could not be compared is left out.
    """
    colors = palette(dark)
    shown = [shape for shape in shapes if not np.isnan(shape.score)][:MOST_SCORES]
    floor = upright(FLOOR, {"color": colors.mute, "width": 1, "dash": "dot"})
    figure = go.Figure(
        layout=layout(
            x=words.score, height=max(196, 26 * len(shown) + 50), dark=dark, shapes=[floor],
            xaxis={"range": [0, 1], "showgrid": True},
            yaxis=_listed([_named(shape, words) for shape in shown]),
        )
    )  # fmt: skip
    figure.add_bar(
        x=[shape.score for shape in shown],
        y=list(range(len(shown))),
        orientation="h",
        marker={"color": [colors.worse if s.failed else colors.others for s in shown]},
        customdata=[list(shape.columns) for shape in shown],
        hovertext=[f"{_named(s, words)}: {number(s.score)}" for s in shown],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    return figure


def _named(shape: Shape, words: Words) -> str:
    names = [escape(fitted(name)) for name in shape.columns]
    if shape.kind == "missing":
        return f"{names[0]}: {words.missing}"
    return words.pair.format(one=names[0], two=names[1]) if len(names) > 1 else names[0]


def _listed(names: Sequence[str]) -> dict[str, object]:
    """Return an axis of names from top to bottom; two that are written alike stay two."""
    ticks = {"tickvals": list(range(len(names))), "ticktext": list(names)}
    return {"autorange": "reversed", "showgrid": False, **ticks}


def _legend() -> dict[str, object]:
    return {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
