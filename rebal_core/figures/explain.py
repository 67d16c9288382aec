"""What a model goes by: importances, beeswarm, the run of one column, the path of one row.

Values are in units of the shown class's probability, so every axis is in percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from rebal_core.data.formats import probability
from rebal_core.figures.legible import wrapped
from rebal_core.figures.looks import looks
from rebal_core.figures.theme import escape, layout, palette

#: Dots on one beeswarm, and columns on any figure here.
MOST_DOTS, MOST_COLUMNS = 5_000, 12
#: Steps of one row's path that are told one by one.
MOST_STEPS = 8


@dataclass(frozen=True)
class Words:
    """The words on these figures; the app passes translated ones."""

    less: str = "◂ less likely"
    more: str = "more likely ▸"
    moved: str = "moves the probability by, on average"
    low: str = "low value"
    high: str = "high value"
    others: str = "{n} other columns"
    average: str = "average row"
    row: str = "this row"
    effect: str = "effect on the probability"
    missing: str = "missing"


WORDS = Words()


def written(value: Any, missing: str = WORDS.missing) -> str:
    """Return a value of the user's table as people write it: ``23`` for 23.0, a word for none."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return missing
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def importance_bars(
    table: pd.DataFrame,
    families: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Mean absolute effect of each column, one mark an arm, so that arms stand side by side.

    Parameters
    ----------
    table : DataFrame, columns of the user's down, arms across
        Importances in units of probability, most important first; the first 12 are drawn.
    families : mapping of arm to family
        All arms of the run, in its order.
    """
    shown = table.head(MOST_COLUMNS)
    names = [escape(name) for name in shown.index]
    figure = go.Figure()
    ends = shown.to_numpy()
    for name, values in zip(names, ends, strict=True):
        figure.add_scatter(
            x=[values.min(), values.max()], y=[name] * 2, mode="lines", hoverinfo="skip",
            showlegend=False, line={"color": palette(dark).grid, "width": 3},
        )  # fmt: skip
    for arm, look in looks(families, dark, shown.columns).items():
        figure.add_scatter(
            x=shown[arm], y=names, mode="markers", name=escape((labels or {}).get(arm, arm)),
            marker={"symbol": look.symbol, "size": 10, "color": look.color},
            hovertemplate="%{y}: %{x:.2%}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    figure.layout = layout(
        x=words.moved, height=_height(len(shown)), dark=dark, showlegend=True, legend=legend
    )
    figure.update_xaxes(rangemode="tozero", showgrid=True, tickformat=".3~%")
    return _columns_down(figure, dark)


def beeswarm(
    frame: pd.DataFrame,
    columns: list[str],
    *,
    limit: float | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """One dot a row and column: how far the column moves the row; strong dots are high values.

    Parameters
    ----------
    frame : DataFrame with columns ``row``, ``player``, ``value``, ``feature_value``, ``ordered``
        As :meth:`rebal_core.explain.Explanation.frame` returns it; names have one shade.
    columns : list of str
        The user's columns in the order in which they are drawn; the first 12.
    limit : float, optional
        End of the axis on both sides, so that two figures compare.
    """
    colors, shown = palette(dark), columns[:MOST_COLUMNS]
    figure = go.Figure()
    most = MOST_DOTS // max(1, len(shown))
    for place, column in enumerate(shown):
        dots = frame[frame["player"] == column]
        if len(dots) > most:
            dots = dots.iloc[np.linspace(0, len(dots) - 1, most).astype(int)]
        figure.add_scatter(
            x=dots["value"].astype("float32"), y=place + _swarm(dots["value"].to_numpy()),
            mode="markers", name=escape(column), customdata=dots["row"],
            hovertext=[escape(written(v, words.missing))[:40] for v in dots["feature_value"]],
            hovertemplate=f"{wrapped(escape(column))} = %{{hovertext}}: %{{x:+.1%}}<extra></extra>",
            marker={
                "size": 5, "color": _level(dots), "cmin": 0, "cmax": 1, "opacity": 0.75,
                "colorscale": [[0, colors.grid], [1, colors.ink]],
            },
        )  # fmt: skip
    figure.layout = layout(height=_height(len(shown)), dark=dark)
    figure.add_vline(x=0, line={"color": colors.ink, "width": 1.2})
    end = limit or float(frame["value"].abs().max() or 0.01)
    figure.update_xaxes(range=[-1.05 * end, 1.05 * end], tickformat="+.2~%", showgrid=True,
                        title_text=f"{words.less}     {words.more}")  # fmt: skip
    figure.update_yaxes(
        range=[len(shown) - 0.4, -0.6], showgrid=False, tickfont={"color": colors.ink},
        tickvals=list(range(len(shown))), ticktext=[escape(name) for name in shown],
    )  # fmt: skip
    return figure


def dependence(
    frames: Mapping[str, pd.DataFrame],
    families: Mapping[str, str],
    column: str,
    *,
    labels: Mapping[str, str] | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Effect of one column against its value, for each arm; names stand side by side.

    Parameters
    ----------
    frames : mapping of arm to DataFrame
        As for :func:`beeswarm`.
    """
    figure = go.Figure()
    most = MOST_DOTS // max(1, len(frames))
    shown = {arm: frame[frame["player"] == column].head(most) for arm, frame in frames.items()}
    ordered = all(dots["ordered"].all() for dots in shown.values())
    for arm, look in looks(families, dark, frames).items():
        dots = shown[arm]
        values = dots["feature_value"]
        names = [escape(written(v, words.missing))[:30] for v in values]
        figure.add_scatter(
            x=values.infer_objects() if ordered else names,
            y=dots["value"].astype("float32"), mode="markers", customdata=dots["row"],
            name=escape((labels or {}).get(arm, arm)),
            marker={"symbol": look.symbol, "size": 6, "color": look.color, "opacity": 0.55},
        )  # fmt: skip
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    figure.layout = layout(
        x=escape(column), y=words.effect, height=380, dark=dark, showlegend=True, legend=legend
    )
    figure.add_hline(y=0, line={"color": palette(dark).ink, "width": 1.2})
    figure.update_yaxes(tickformat="+.2~%")
    if not ordered:  # plotly would take codes for numbers
        figure.update_xaxes(type="category")
    return figure


def row_path(
    steps: pd.DataFrame, base: float, *, words: Words = WORDS, dark: bool = False
) -> go.Figure:
    """From the average row to one row: each column moves the probability from bar to bar.

    Parameters
    ----------
    steps : DataFrame with columns ``player``, ``feature_value``, ``value``
        In any order; the largest eight are told, the rest is one bar.
    base : float
        Mean probability of the background rows.
    """
    colors = palette(dark)
    order = steps.reindex(steps["value"].abs().sort_values(ascending=False).index)
    most = MOST_STEPS + (len(order) == MOST_STEPS + 1)  # one column alone is no rest
    told, rest = order.head(most), order.iloc[most:]
    names = [
        f"{escape(r.player)} = {escape(written(r.feature_value, words.missing))[:24]}"
        for r in told.itertuples()
    ]
    values = told["value"].tolist()
    if len(rest):
        names.append(words.others.format(n=len(rest)))
        values.append(float(rest["value"].sum()))
    ends = base + np.cumsum(values)
    starts = np.append(base, ends[:-1])
    figure = go.Figure()
    figure.add_bar(
        x=np.array(values), base=starts, y=names, orientation="h",
        marker={"color": [colors.ink if v >= 0 else colors.others for v in values]},
        text=[f"→ {escape(probability(float(e)))}" for e in ends], textposition="outside",
        textfont={"color": colors.mute, "size": 12}, cliponaxis=False,
        hovertemplate="%{y}: %{x:+.1%}<extra></extra>",
    )  # fmt: skip
    figure.layout = layout(height=max(196, 32 * len(names) + 60), dark=dark)
    figure.add_vline(x=base, line={"color": colors.mute, "dash": "dot", "width": 1.2})
    figure.add_vline(x=float(ends[-1]), line={"color": colors.grid, "width": 2}, layer="below")
    low, high = float(min(starts.min(), ends.min())), float(max(starts.max(), ends.max()))
    room = 0.45 * max(high - low, 0.005)  # for the text beside the last bar
    figure.update_xaxes(range=[max(-0.02, low - room / 3), high + room], tickformat=".3~%",
                        showgrid=True)  # fmt: skip
    return _columns_down(figure, dark)


def _columns_down(figure: go.Figure, dark: bool) -> go.Figure:
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False,
                        tickfont={"color": palette(dark).ink})  # fmt: skip
    return figure


def _height(columns: int) -> int:
    return int(np.clip(32 * columns + 70, 196, 430))


def _level(dots: pd.DataFrame) -> np.ndarray:
    """Return the rank of each value from 0 (low) to 1 (high); half for what has no order."""
    values = dots["feature_value"].infer_objects()
    if not dots["ordered"].all() or values.notna().sum() < 2:
        return np.full(len(values), 0.5)
    return values.rank(pct=True).fillna(0.5).to_numpy()


def _swarm(values: np.ndarray) -> np.ndarray:
    """Spread dots that lie on each other, the same way every time."""
    if not len(values):
        return np.zeros(0)
    bins = np.digitize(values, np.linspace(values.min(), values.max() + 1e-12, 60))
    place = np.zeros(len(values))
    crowd = np.bincount(bins).max()
    for one in np.unique(bins):
        members = np.flatnonzero(bins == one)
        offsets = np.arange(len(members)) - (len(members) - 1) / 2
        place[members] = offsets / max(crowd, 6) * 0.8
    return place
