"""Curves of several arms over each other: precision and recall, ROC, calibration, capture.

All of them take the frame of :meth:`rebal_core.evaluation.Evaluation.curve` and the family of each
arm of the run; :mod:`rebal_core.figures.looks` says what each arm wears.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from rebal_core.figures.looks import looks
from rebal_core.figures.theme import escape, layout, palette, upright


@dataclass(frozen=True)
class Words:
    """The words on the curves; the app passes translated ones."""

    recall: str = "found"
    precision: str = "right"
    false_alarms: str = "false alarms"
    said: str = "said"
    happened: str = "happened"
    acted: str = "acted on, of 1,000 rows"
    guessing: str = "guessing"
    honest: str = "honest"


WORDS = Words()
#: The axis of what is found, up to all of it.
CAUGHT = {"range": [0, 1.01], "tickformat": ".0%"}
#: Steps of an axis that is too short for decades: shares of its end, coarse to fine.
STEPS = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)


def precision_recall(
    curves: pd.DataFrame,
    families: Mapping[str, str],
    *,
    prevalence: float,
    points: Mapping[str, tuple[float, float]] | None = None,
    labels: Mapping[str, str] | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Precision against recall, with the line of guessing.

    Parameters
    ----------
    curves : DataFrame with columns ``arm``, ``recall``, ``precision``
    families : mapping of arm to family
        All arms of the run, in its order.
    prevalence : float
        What guessing scores.
    points : mapping of arm to (recall, precision), optional
        Where the chosen cut-off is.
    labels : mapping of arm to str, optional
        Names for people.
    """
    top = float(curves.loc[curves.recall > 0.02, "precision"].max()) if len(curves) else 1.0
    end = min(1.0, 1.08 * max(top, prevalence))
    figure = go.Figure(layout=layout(
        x=words.recall, y=words.precision, dark=dark,
        xaxis={"range": [0, 1], "tickformat": ".0%"},
        yaxis={"range": [0, end], "tickformat": ".0%"},
    ))  # fmt: skip
    _lines(figure, curves, families, "recall", "precision", labels, dark, shape="hv")
    _guessing(figure, [0, 1], [prevalence] * 2, words.guessing, dark)
    for arm, (recall, precision) in (points or {}).items():
        _ring(figure, recall, precision, looks(families, dark)[arm].color, dark)
    return figure


def roc(
    curves: pd.DataFrame,
    families: Mapping[str, str],
    *,
    points: Mapping[str, tuple[float, float]] | None = None,
    labels: Mapping[str, str] | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Recall against false alarms, with the diagonal of guessing.

    ``curves`` has the columns ``arm``, ``false_alarms``, ``recall``; ``points`` are
    (false alarms, recall) of the chosen cut-off.
    """
    figure = go.Figure(layout=layout(
        x=words.false_alarms, y=words.recall, dark=dark,
        xaxis={"range": [0, 1], "tickformat": ".0%"}, yaxis=CAUGHT,
    ))  # fmt: skip
    _lines(figure, curves, families, "false_alarms", "recall", labels, dark)
    _guessing(figure, [0, 1], [0, 1], words.guessing, dark)
    for arm, (x, y) in (points or {}).items():
        _ring(figure, x, y, looks(families, dark)[arm].color, dark)
    return figure


def capture(
    curves: pd.DataFrame,
    families: Mapping[str, str],
    *,
    acted: float | None = None,
    prevalence: float = 0.0,
    labels: Mapping[str, str] | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Share that is caught when one acts on the n most likely of 1,000 rows.

    ``curves`` has the columns ``arm``, ``acted``, ``recall``; ``acted`` draws the chosen n. The
    axis ends where a class of that ``prevalence`` is as good as caught.
    """
    end = min(1_000.0, max(200.0, 5_000.0 * prevalence, 1.5 * (acted or 0.0)))
    chosen = [] if acted is None else [upright(acted, {"color": palette(dark).ink, "width": 1.4})]
    figure = go.Figure(layout=layout(
        x=words.acted, y=words.recall, dark=dark, xaxis={"range": [0, end]}, yaxis=CAUGHT,
        shapes=chosen,
    ))  # fmt: skip
    _lines(figure, curves, families, "acted", "recall", labels, dark)
    _guessing(figure, [0, end], [0, end / 1_000.0], words.guessing, dark)
    return figure


def calibration(
    curves: pd.DataFrame,
    families: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Observed against predicted rates, on logarithmic axes, with the line of honesty.

    ``curves`` has the columns ``arm``, ``said``, ``happened``, ``low``, ``high``, ``rows``; bins in
    which nothing happened cannot be drawn on such an axis and are left out.
    """
    drawn = curves[(curves.said > 0) & (curves.happened > 0)]
    sides = ("said", "happened")
    lows = [float(drawn[side].min()) if len(drawn) else 0.001 for side in sides]
    across = {"showgrid": True, "tickangle": 0, **_log_axis(lows[0])}
    figure = go.Figure(layout=layout(
        x=words.said, y=words.happened, dark=dark, xaxis=across, yaxis=_log_axis(lows[1])
    ))  # fmt: skip
    for arm, look in looks(families, dark, set(curves.arm)).items():
        rows = drawn[drawn.arm == arm]
        figure.add_scatter(
            x=rows.said,
            y=rows.happened,
            name=_label(arm, labels),
            mode="lines+markers",
            line={"color": look.color, "dash": look.dash, "width": 2},
            marker={"symbol": look.symbol, "size": 7, "color": look.color},
            error_y=_whiskers(rows, look.color),
            customdata=rows.rows,
            hovertemplate="%{x:.2%} → %{y:.2%} (%{customdata:,})<extra>%{fullData.name}</extra>",
        )
    _guessing(figure, [max(lows), 1], [max(lows), 1], words.honest, dark)
    return figure


def _log_axis(least: float) -> dict[str, Any]:
    """Return a logarithmic axis from below the least share to 1, with three labels or more.

    A rare class is told in decades, a common one in steps so fine that three fit.
    """
    # A class that is nearly always right needs some room all the same.
    low = min(least, 0.998) ** 1.15
    texts = [f"{100 * t:g}%" for t in ticks(low)]
    return {"type": "log", "range": [float(np.log10(low)), 0.0], "tickvals": ticks(low),
            "ticktext": texts}  # fmt: skip


def ticks(low: float) -> list[float]:
    """Return shares between ``low`` and 1 to label a logarithmic axis with: three to six."""
    decades = int(np.floor(1e-9 - np.log10(low)))
    if decades >= 3:
        return [10.0**-k for k in range(0, decades + 1, -(-decades // 4))][::-1]
    tens = [10.0**-k for k in range(decades + 2)]
    scales = [[ten * part for ten in tens for part in parts] for parts in ((1, 0.3), (1, 0.5, 0.2))]
    scales += [[1 - k * step for k in range(int((1 - low) / step + 1e-9) + 1)] for step in STEPS]
    for scale in scales:
        shown = sorted(round(t, 9) for t in scale if t >= low * (1 - 1e-9))
        if len(shown) >= 3:
            return shown
    return [1.0]


def _lines(
    figure: go.Figure,
    curves: pd.DataFrame,
    families: Mapping[str, str],
    x: str,
    y: str,
    labels: Mapping[str, str] | None,
    dark: bool,
    shape: str = "linear",
) -> None:
    for arm, look in looks(families, dark, set(curves.arm)).items():
        rows = curves[curves.arm == arm]
        figure.add_scatter(
            x=rows[x],
            y=rows[y],
            name=_label(arm, labels),
            mode="lines",
            line={"color": look.color, "dash": look.dash, "width": 2, "shape": shape},
        )


def _whiskers(rows: pd.DataFrame, color: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": rows.high - rows.happened,
        "arrayminus": rows.happened - rows.low,
        "color": color,
        "thickness": 1,
        "width": 0,
    }


def _label(arm: str, labels: Mapping[str, str] | None) -> str:
    return escape((labels or {}).get(arm, arm))


def _guessing(figure: go.Figure, x: list[float], y: list[float], name: str, dark: bool) -> None:
    line = {"color": palette(dark).mute, "dash": "dot", "width": 1.4}
    figure.add_scatter(x=x, y=y, name=name, mode="lines", line=line, hoverinfo="skip")


def _ring(figure: go.Figure, x: float, y: float, color: str, dark: bool) -> None:
    """Mark the chosen cut-off on a curve."""
    marker = {"size": 12, "color": palette(dark).page, "line": {"color": color, "width": 2.5}}
    figure.add_scatter(x=[x], y=[y], mode="markers", marker=marker, showlegend=False,
                       hoverinfo="skip")  # fmt: skip
