"""Figures of the skew of behaviour: what bands hold, density, rates by two columns, newcomers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from rebal_core.data.formats import fitted
from rebal_core.data.profile import BANDS
from rebal_core.figures.theme import (
    count,
    escape,
    layout,
    palette,
    share,
    translucent,
)

#: Cells of fewer rows tell their count only: a rate of them is chance.
FEWEST = 20
_CELL = 34
_LEGEND = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}


@dataclass(frozen=True)
class Words:
    """The words on these figures; the app passes translated ones."""

    values: str = "values"
    rows: str = "rows"
    hits: str = "rows of the class"
    users: str = "users"
    items: str = "items"
    other: str = "all other values"
    since: str = "events from here on"
    new: str = "not seen before"
    head: str = "head"
    mid: str = "mid"
    tail: str = "tail"

    def band(self, name: str) -> str:
        """Return what a band is called."""
        return {"head": self.head, "mid": self.mid, "tail": self.tail}[name]


WORDS = Words()


def band_shares(bands: pd.DataFrame, *, words: Words = WORDS, dark: bool = False) -> go.Figure:
    """Shares of the values, rows and hits that head, mid and tail hold, side by side.

    Parameters
    ----------
    bands : DataFrame
        As :func:`rebal_core.data.behaviour.bands_of_values` returns it; without hits in it, none
        are drawn, and no rates.

    Returns
    -------
    Figure
        A trace each of values, rows and hits; the rate of a band stands below its name.
    """
    colors = palette(dark)
    legend = {**_LEGEND, "traceorder": "normal"}
    figure = go.Figure(layout=layout(height=276, dark=dark, showlegend=True, legend=legend))
    looks = {
        "values": (words.values, colors.grid),
        "rows": (words.rows, colors.others),
        "hits": (words.hits, colors.focus),
    }
    names = [words.band(band) for band in bands["band"]]
    hit = bands["hits"].sum() > 0
    for column, (name, color) in looks.items():
        if column == "hits" and not hit:
            continue
        part = bands[column] / max(int(bands[column].sum()), 1)
        texts = [f"{share(s)} · {count(n)}" for s, n in zip(part, bands[column], strict=True)]
        figure.add_bar(
            y=list(range(len(bands))),
            x=part.tolist(),
            orientation="h",
            name=name,
            marker_color=color,
            text=texts,
            textposition="outside",
            textfont={"color": colors.ink},
            cliponaxis=False,
            hovertext=[f"{band}, {name}: {text}" for band, text in zip(names, texts, strict=True)],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    told = [f"<br>{share(rate)}" if hit and rate == rate else "" for rate in bands["rate"]]
    ticks = [f"{name}{rate}" for name, rate in zip(names, told, strict=True)]
    # The bars of a group are drawn from below.
    figure.update_yaxes(tickvals=list(range(len(bands))), ticktext=ticks, showgrid=False)
    figure.update_yaxes(autorange="reversed", tickfont={"color": colors.ink})
    figure.update_xaxes(range=[0, 1.28], showticklabels=False, showgrid=False)
    return figure


def density_map(density: pd.DataFrame, *, words: Words = WORDS, dark: bool = False) -> go.Figure:
    """Which share of the pairs of users and items has an event, by the bands of both.

    Parameters
    ----------
    density : DataFrame
        As :func:`rebal_core.data.behaviour.density` returns it.

    Returns
    -------
    Figure
        One heat map, users down and items across, its colour by the logarithm of the density.
    """
    colors = palette(dark)
    bands, square = [words.band(band) for band in BANDS], (len(BANDS), len(BANDS))
    values = density["density"].to_numpy(dtype=float).reshape(square)
    some = values[values > 0]
    floor = float(np.log10(some.min())) - 1 if len(some) else -1.0
    pairs = zip(density["pairs"], density["possible"], strict=True)
    figure = go.Figure(layout=layout(x=words.items, y=words.users, height=198, dark=dark))
    figure.add_heatmap(
        z=np.log10(np.maximum(values, 10**floor)),
        x=bands,
        y=bands,
        text=np.array([share(value) for value in values.flat], dtype=object).reshape(square),
        texttemplate="%{text}",
        hovertext=np.array([f"{count(n)} / {count(m)}" for n, m in pairs], dtype=object).reshape(
            square
        ),
        hovertemplate="%{y} × %{x}: %{text} (%{hovertext})<extra></extra>",
        colorscale=[[0, colors.panel], [1, colors.others]],
        zmin=floor,
        zmax=max(float(np.log10(some.max())), floor + 1) if len(some) else 0.0,
        textfont={"color": colors.ink},
        showscale=False,
        xgap=2,
        ygap=2,
    )
    ink = {"color": colors.ink}
    figure.update_xaxes(type="category", tickfont=ink, side="top")
    figure.update_yaxes(type="category", tickfont=ink, autorange="reversed", showgrid=False)
    return figure


def rate_map(
    rates: pd.DataFrame,
    *,
    down: str = "",
    across: str = "",
    heads: Sequence[str] = (),
    of_class: bool = True,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """How often a class occurs by the values of two columns; cells of few rows tell their count.

    Parameters
    ----------
    rates : DataFrame
        As :func:`rebal_core.data.behaviour.rate_by_pair` or :func:`rebal_core.data.drift.drift`
        returns it.
    down, across : str
        Names of the columns.
    heads : sequence of str
        What is told of each column besides, below its name.
    of_class : bool
        Whether the rates are of the class in focus, which has its colour.

    Returns
    -------
    Figure
        Two heat maps: rates, and the cells of fewer than 20 rows in grey.
    """
    colors = palette(dark)
    rows, columns = (list(dict.fromkeys(rates[side])) for side in ("down", "across"))
    rate, small, texts, hover = _cells(rates, rows, columns, words)
    figure = go.Figure(
        layout=layout(
            x=escape(across), y=escape(down), height=max(196, 64 + _CELL * len(rows)), dark=dark
        )
    )
    ink = colors.focus if of_class else colors.others
    scale = [[0, colors.panel], [1, translucent(ink, 0.75)]]
    for cells, look in ((rate, scale), (small, [[0, colors.too_small], [1, colors.too_small]])):
        figure.add_heatmap(
            z=cells,
            x=list(range(len(columns))),
            y=list(range(len(rows))),
            text=texts,
            texttemplate="%{text}",
            textfont={"color": colors.ink if cells is rate else colors.mute, "size": 12},
            hovertext=hover,
            hovertemplate="%{hovertext}<extra></extra>",
            colorscale=look,
            zmin=0,
            zmax=max(float(np.nanmax(rate)), 1e-9) if np.isfinite(rate).any() else 1.0,
            showscale=False,
            hoverongaps=False,
            xgap=2,
            ygap=2,
        )
    _name_cells(figure, rows, columns, heads, words, colors.ink)
    return figure


def _name_cells(
    figure: go.Figure,
    rows: list[Any],
    columns: list[Any],
    heads: Sequence[str],
    words: Words,
    ink: str,
) -> None:
    """Write the values of both columns beside the cells, and what is told of each below it."""
    told = [f"<br>{escape(head)}" for head in heads] or [""] * len(columns)
    labels = [name + head for name, head in zip(_names(columns, words), told, strict=True)]
    for axis, names in ((figure.update_xaxes, labels), (figure.update_yaxes, _names(rows, words))):
        axis(tickvals=list(range(len(names))), ticktext=names, showgrid=False)
        axis(tickfont={"color": ink})
    figure.update_xaxes(side="top")
    figure.update_yaxes(autorange="reversed")


def _names(values: list[Any], words: Words) -> list[str]:
    """Return what the values of a column, or moments, are called on an axis."""
    if all(value is None or isinstance(value, str) for value in values):
        return [words.other if value is None else escape(fitted(value)) for value in values]
    return _moments(values)


def _cells(
    rates: pd.DataFrame, rows: list[Any], columns: list[Any], words: Words
) -> tuple[Any, Any, Any, Any]:
    """Return the rates, the cells of few rows, and the text and hover of each."""
    shape = (len(rows), len(columns))
    rate, small = np.full(shape, np.nan), np.full(shape, np.nan)
    texts, hover = np.full(shape, "", dtype=object), np.full(shape, "", dtype=object)
    for line in rates.to_dict("records"):
        at = rows.index(line["down"]), columns.index(line["across"])
        enough = line["rows"] >= FEWEST
        (rate if enough else small)[at] = line["rate"] if enough else 0.0
        texts[at] = share(line["rate"]) if enough else f"n = {count(line['rows'])}"
        span = f"{share(line['rate'])} ({share(line['low'])} – {share(line['high'])})"
        hover[at] = f"{span} · {count(line['rows'])} {words.rows}"
    return rate, small, texts, hover


def newcomer_bars(
    shares: Mapping[str, pd.DataFrame], *, words: Words = WORDS, dark: bool = False
) -> go.Figure:
    """Share of the events that are of users or items not seen before, by part of the time.

    Parameters
    ----------
    shares : mapping of {"users", "items"} to DataFrame
        As :func:`rebal_core.data.behaviour.newcomers` returns it.

    Returns
    -------
    Figure
        A trace of bars each, with 95 % Wilson whiskers.
    """
    colors = palette(dark)
    figure = go.Figure(
        layout=layout(x=words.since, y=words.new, dark=dark, showlegend=True, legend=_LEGEND)
    )
    looks = {"users": (words.users, colors.others), "items": (words.items, colors.mid)}
    for who, (name, color) in looks.items():
        if who not in shares:
            continue
        found = shares[who]
        starts = _moments(found["start"].tolist())
        rates = (found["rate"], found["low"], found["high"], found["rows"])
        figure.add_bar(
            x=starts,
            y=found["rate"].tolist(),
            name=name,
            marker_color=color,
            hovertext=[
                f"{name}: {share(rate)} ({share(low)} – {share(high)}) · {count(n)} {words.rows}"
                for rate, low, high, n in zip(*rates, strict=True)
            ],
            hovertemplate="%{x} · %{hovertext}<extra></extra>",
            error_y={
                "type": "data",
                "symmetric": False,
                "array": (found["high"] - found["rate"]).tolist(),
                "arrayminus": (found["rate"] - found["low"]).tolist(),
                "color": colors.mute,
                "thickness": 1.2,
                "width": 3,
            },
        )
    figure.update_xaxes(type="category")
    figure.update_yaxes(rangemode="tozero", tickformat=".3~%")
    return figure


def _moments(starts: list[Any]) -> list[str]:
    """Return times, or numbers that are some, for an axis: short, and no two alike."""
    if not all(isinstance(start, pd.Timestamp) for start in starts):
        return [f"{float(start):,.6g}" for start in starts]
    forms = ("%m-%d<br>%Y", "%m-%d<br>%H:%M", "%H:%M:%S<br>%Y-%m-%d")
    told = [[f"{start:{form}}" for start in starts] for form in forms]
    return next((texts for texts in told if len(set(texts)) == len(texts)), told[-1])
