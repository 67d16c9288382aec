"""Figures that set arms side by side: differences, folds, confusion matrices, classes, price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rebal_core.figures.looks import Look, looks
from rebal_core.figures.theme import (
    change,
    count,
    escape,
    layout,
    no_matter,
    number,
    palette,
    translucent,
    upright,
)

#: Codes whose interval leaves 0 by something that matters; only they get a direction's colour.
BETTER, WORSE = "HELPS", "HURTS"
#: Class rows on one heat map, and classes of one confusion matrix that is written out.
MOST_CLASSES, WRITTEN_OUT = 14, 8


@dataclass(frozen=True)
class Words:
    """The words on these figures; the app passes translated ones."""

    worse: str = "◂ worse"
    better: str = "better ▸"
    too_small: str = "too small to matter"
    predicted: str = "said"
    actual: str = "is"
    reference: str = "{arm} (ref.)"
    own: str = "than its own untreated"
    seconds: str = "seconds for the whole run"
    best: str = "best remedy"


WORDS = Words()


def forest(
    differences: pd.DataFrame,
    families: Mapping[str, str],
    *,
    margin: float,
    labels: Mapping[str, str] | None = None,
    best: str | None = None,
    digits: int = 3,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Gain of each arm over its reference with its interval, and the band of no matter.

    Parameters
    ----------
    differences : DataFrame with columns ``arm``, ``code``, ``gain``, ``low``, ``high``
        As :meth:`rebal_core.evaluation.Evaluation.differences` returns it; arms without an
        interval are left out.
    families : mapping of arm to family
        All arms of the run, in its order.
    margin : float
        Half width of the grey band.
    labels : mapping of arm to str, optional
        Names for people.
    best : str, optional
        The arm that is marked as the best remedy.
    """
    colors = palette(dark)
    rows = differences.dropna(subset=["gain", "low", "high"])
    names = [escape((labels or {}).get(arm, arm)) for arm in rows["arm"]]
    if best in set(rows["arm"]):
        place = list(rows["arm"]).index(best)
        names[place] = f"<b>{names[place]}</b><br>{words.best}"
    spread = max(2.2 * margin, *(1.08 * rows[["low", "high"]].abs().max()), 1e-9)
    ticks = "+.2~g" if spread < 100 else "+,.3~r"  # money is not written as +1e+2
    across = {"range": [-spread, spread], "showgrid": True, "tickformat": ticks}
    # Of several traces, which the browser draws one by one, the order of the arms is none.
    down = {"autorange": "reversed", "showgrid": False,
            "categoryorder": "array", "categoryarray": names}  # fmt: skip
    zero = upright(0, {"color": colors.ink, "dash": "dash", "width": 1.4})
    under = layout(
        x=f"{words.worse}   {words.own}   {words.better}",
        height=int(np.clip(34 * len(rows) + 60, 196, 430)), dark=dark, xaxis=across, yaxis=down,
        shapes=[no_matter(margin, dark), zero],
    )  # fmt: skip
    figure = go.Figure(layout=under)
    if names:
        _whiskers(figure, rows, names, dark)
        _gains(figure, rows, names, looks(families, dark), digits)
    return figure


def _whiskers(figure: go.Figure, rows: pd.DataFrame, names: list[str], dark: bool) -> None:
    """Draw the intervals: one trace a colour, with gaps between its lines."""
    tones = {BETTER: palette(dark).better, WORSE: palette(dark).worse}
    tone = [tones.get(code, palette(dark).mute) for code in rows["code"]]
    ends = list(zip(tone, names, rows["low"], rows["high"], strict=True))
    for color in dict.fromkeys(tone):
        lines = [(name, low, high) for drawn, name, low, high in ends if drawn == color]
        figure.add_scatter(
            x=[x for _, low, high in lines for x in (low, high, None)],
            y=[y for name, *_ in lines for y in (name, name, None)],
            mode="lines", hoverinfo="skip", line={"color": color, "width": 3},
        )  # fmt: skip


def _gains(
    figure: go.Figure, rows: pd.DataFrame, names: list[str], style: Mapping[str, Look], digits: int
) -> None:
    """Draw the marks, which tell gain and interval on hover, as one trace."""
    marks = [_marker(style[arm], 10) for arm in rows["arm"]]
    lines: list[Any] = [mark.pop("line") for mark in marks]
    texts = [
        f"{change(gain, digits)} ({change(low, digits)}, {change(high, digits)})"
        for gain, low, high in zip(rows["gain"], rows["low"], rows["high"], strict=True)
    ]
    figure.add_scatter(
        x=rows["gain"].tolist(), y=names, mode="markers",
        marker={**_columns(marks), "size": 10, "line": _columns(lines)},
        hovertemplate=[f"{n}<br>{t}<extra></extra>" for n, t in zip(names, texts, strict=True)],
    )  # fmt: skip


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def fold_spread(
    folds: pd.DataFrame,
    families: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    title: str = "",
    dark: bool = False,
) -> go.Figure:
    """Every fold's value of one metric as a dot, one line an arm, with their mean.

    Parameters
    ----------
    folds : DataFrame with columns ``arm``, ``repeat``, ``fold``, ``value``
        One metric of :meth:`rebal_core.evaluation.Evaluation.folds`.
    families : mapping of arm to family
        All arms of the run, in its order.
    title : str
        The metric's name, for the axis.
    """
    arms = looks(families, dark, set(folds.arm))
    height = int(np.clip(34 * len(arms) + 50, 196, 430))
    down = {"autorange": "reversed", "showgrid": False}
    figure = go.Figure(
        layout=layout(x=title, height=height, dark=dark, xaxis={"showgrid": True}, yaxis=down)
    )
    for arm, look in arms.items():
        rows = folds[folds.arm == arm].dropna(subset=["value"])
        name = escape((labels or {}).get(arm, arm))
        figure.add_scatter(
            x=rows.value, y=[name] * len(rows), mode="markers", name=name,
            marker={**_marker(look, 8), "opacity": 0.55},
            customdata=rows[["repeat", "fold"]] + 1,
            hovertemplate="%{customdata[0]} · %{customdata[1]}: %{x:.3f}<extra>%{y}</extra>",
        )  # fmt: skip
        if len(rows):
            figure.add_scatter(
                x=[rows.value.mean()], y=[name], mode="markers", hoverinfo="skip",
                marker={"symbol": "line-ns-open", "size": 18, "color": palette(dark).ink},
            )  # fmt: skip
    return figure


def confusion(
    matrices: Mapping[str, pd.DataFrame],
    *,
    labels: Mapping[str, str] | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Confusion matrices side by side, shaded by the share of each true class.

    Cells that are too small for numbers are shaded by its square root from a visible grey on, so
    that rare errors are seen beside the diagonal.

    Parameters
    ----------
    matrices : mapping of arm to DataFrame of shape (K, K)
        True classes down, predicted across, as
        :meth:`rebal_core.evaluation.Evaluation.confusion` returns it. Counts are written into the
        cells of up to eight classes and shown on hover for more.
    """
    colors = palette(dark)
    names = [escape((labels or {}).get(arm, arm)) for arm in matrices]
    figure = make_subplots(cols=max(1, len(names)), shared_yaxes=True, subplot_titles=names)
    for i, matrix in enumerate(matrices.values(), start=1):
        counts = matrix.to_numpy()
        total = counts.sum(1, keepdims=True)
        share = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
        texts = [[f"{count(n)}<br>{100 * s:.0f}%" for n, s in zip(*pair, strict=True)]
                 for pair in zip(counts, share, strict=True)]  # fmt: skip
        classes = [escape(c) for c in matrix.columns]
        written = len(classes) <= WRITTEN_OUT
        scale = [[0, colors.panel], [0.001, translucent(colors.ink, 0.22)], [1, colors.ink]]
        figure.add_heatmap(
            z=share if written else np.sqrt(share), x=classes, y=classes, text=texts,
            zmin=0, zmax=1, showscale=False, texttemplate="%{text}" if written else None,
            colorscale=[[0, colors.panel], [1, colors.others]] if written else scale,
            xgap=2 * written, ygap=2 * written,
            hovertemplate="%{y} → %{x}: %{text}<extra></extra>", row=1, col=i,
        )  # fmt: skip
    tallest = max((len(matrix) for matrix in matrices.values()), default=1)
    height, room = int(np.clip(60 * tallest, 220, 430)), {"l": 4, "r": 4, "t": 28, "b": 4}
    base = layout(height=height, dark=dark, margin=room)
    figure.update_layout(base).update_annotations(font_size=13)
    # The layout styles the first pair of axes only.
    figure.update_xaxes(base["xaxis"]).update_yaxes(base["yaxis"])
    figure.update_xaxes(title_text=words.predicted, type="category", showgrid=False)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_yaxes(title_text=words.actual, col=1)
    return figure


def class_heat(
    table: pd.DataFrame,
    *,
    reference: str,
    support: Mapping[str, int],
    labels: Mapping[str, str] | None = None,
    margin: float = 0.01,
    percent: bool = True,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """One number of each class and arm, coloured by its distance to the reference.

    Parameters
    ----------
    table : DataFrame, classes down, arms across
        From :meth:`rebal_core.evaluation.Evaluation.by_class`, already cut to the classes that are
        shown; of more than 14 the first 14 are drawn.
    reference : str
        The arm that the others are compared with; it stands first.
    support : mapping of label to rows
        Written after the class.
    margin : float
        Changes from this on are set in bold.
    percent : bool
        Whether numbers are written as percent (recall, precision) or with three decimals.
    """
    shown = table.head(MOST_CLASSES)
    arms = [reference, *(arm for arm in shown.columns if arm != reference)]
    values = shown[arms].to_numpy(dtype=float)
    delta = values - values[:, :1]
    # Colour only where it matters, and never a strong one for a few points.
    limit = max(float(np.nanmax(np.abs(delta), initial=0.0)), margin, 0.1)
    tint = np.where(np.abs(np.nan_to_num(delta)) < margin, 0.0, np.nan_to_num(delta))
    texts = [
        [_cell(vs[j], ds[j] if j else None, margin, percent) for j in range(len(arms))]
        for vs, ds in zip(values, delta, strict=True)
    ]
    heads = [escape((labels or {}).get(arm, arm)) for arm in arms]
    heads[0] = words.reference.format(arm=heads[0])
    low, middle, high = palette(dark).diverging
    rows = [f"{escape(c)}  <span style='color:{palette(dark).mute}'>{count(support[c])}</span>"
            for c in shown.index]  # fmt: skip
    figure = go.Figure(layout=layout(height=max(196, 31 * len(rows) + 40), dark=dark))
    figure.add_heatmap(
        z=tint, x=heads, y=rows, text=texts, texttemplate="%{text}",
        colorscale=[[0, low], [0.5, middle], [1, high]], zmin=-limit, zmax=limit,
        textfont={"size": 12}, showscale=False, xgap=2, ygap=2,
        hovertemplate="%{y} · %{x}: %{text}<extra></extra>",
    )  # fmt: skip
    ink = {"color": palette(dark).ink}
    figure.update_xaxes(side="top", type="category", tickfont=ink)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, tickfont=ink)
    return figure


def _cell(value: float, delta: float | None, margin: float, percent: bool) -> str:
    scale, digits = (100.0, 0) if percent else (1.0, 3)
    text = number(scale * value, digits)
    text += "%" if percent and np.isfinite(value) else ""
    if delta is None or not np.isfinite(delta):
        return text
    moved = f"({change(scale * delta, digits)})"
    return f"{text} <b>{moved}</b>" if abs(delta) >= margin else f"{text} {moved}"


def bands(
    table: pd.DataFrame,
    families: Mapping[str, str],
    *,
    band_of: Mapping[str, str],
    order: Sequence[str],
    labels: Mapping[str, str] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Mean of a per-class number over tail, mid and head classes, one line an arm.

    Parameters
    ----------
    table : DataFrame, classes down, arms across
        From :meth:`rebal_core.evaluation.Evaluation.by_class`.
    band_of : mapping of label to band
        Which band each class belongs to.
    families : mapping of arm to family
        All arms of the run, in its order.
    order : sequence of str
        The bands, from left to right.
    """
    means = table.groupby(pd.Series(band_of)).mean().reindex(list(order)).dropna(how="all")
    figure = go.Figure(layout=layout(dark=dark, height=220, showlegend=True,
                                     legend={"orientation": "h", "y": 1.15}))  # fmt: skip
    for arm, look in looks(families, dark, table.columns).items():
        figure.add_scatter(
            x=list(means.index), y=means[arm], mode="lines+markers",
            name=escape((labels or {}).get(arm, arm)), marker=_marker(look, 9),
            line={"color": look.color, "dash": look.dash, "width": 2},
        )  # fmt: skip
    figure.update_yaxes(tickformat=".0%")
    return figure


def price(
    arms: pd.DataFrame,
    families: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    title: str = "",
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Quality against time; arms on one spot, such as two cut-offs of one fit, share a label.

    ``arms`` has the columns ``arm``, ``seconds`` and ``value``; ``families`` are those of all arms
    of the run, in its order; ``title`` names the value.
    """
    figure = go.Figure(layout=layout(x=words.seconds, y=title, dark=dark))
    if arms.empty:
        return figure
    rows = arms.assign(seconds=arms.seconds.clip(lower=0.01)).reset_index(drop=True)
    names = rows.arm.map(lambda arm: escape((labels or {}).get(arm, arm)))
    spot = [f"{s:.2g} {v:.3g}" for s, v in zip(rows.seconds, rows.value, strict=True)]
    texts = names.groupby(spot).transform(", ".join).where(~pd.Series(spot).duplicated(), "")
    style, places = looks(families, dark), _label_places(rows, texts)
    for k, row in enumerate(rows.to_dict("records")):
        figure.add_scatter(
            x=[row["seconds"]], y=[row["value"]], name=names[k], text=[texts[k]],
            mode="markers+text", textposition=places[k], marker=_marker(style[row["arm"]], 11),
        )  # fmt: skip
    figure.update_xaxes(type="log", showgrid=True, dtick=1)
    low, high = float(rows.value.min()), float(rows.value.max())
    room = 0.15 * ((high - low) or abs(high) or 1.0)  # for a label above the highest mark
    figure.update_yaxes(range=[low - room, high + room])
    return figure


def _label_places(rows: pd.DataFrame, texts: pd.Series) -> list[str]:
    """Return where labels stand: towards the middle, and above or below where one is in the way."""
    width, height, line, letter = 700.0, 200.0, 16.0, 7.0  # a small figure, in pixels
    seconds, value = np.log(rows.seconds.to_numpy()), rows.value.to_numpy(dtype=float)
    across = width * (seconds - seconds.min()) / max(float(np.ptp(seconds)), 1e-9)
    up = height * (value - value.min()) / max(float(np.ptp(value)), 1e-9)
    taken: list[tuple[float, float, float]] = []
    places = []
    for x, y, text in zip(across, up, texts, strict=True):
        side, long = ("left" if x > width / 2 else "right"), letter * len(text)
        start = x - long if side == "left" else x
        free = [
            (level, y + step * line)
            for level, step in (("middle", 0), ("top", 1), ("bottom", -1))
            if all(
                abs(y + step * line - other) >= line or start >= end or start + long <= begin
                for begin, end, other in taken
            )
        ]
        level, at = free[0] if free else ("middle", y)
        taken.append((start, start + long, at))
        places.append(f"{level} {side}")
    return places


def _marker(look: Look, size: int) -> dict[str, Any]:
    line = {"width": 2 if look.symbol.endswith("-open") else 0, "color": look.color}
    return {"symbol": look.symbol, "size": size, "color": look.color, "line": line}
