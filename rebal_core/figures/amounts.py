"""The score of arms that differ in one amount, such as made rows per missing row."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from rebal_core.figures.looks import DASHES
from rebal_core.figures.theme import escape, layout, palette, translucent

#: Of the classifiers in turn; further ones begin again, dashed otherwise.
SYMBOLS = ("circle", "square", "diamond", "triangle-up")
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}


def amount_curve(
    lines: pd.DataFrame,
    *,
    amount: str,
    score: str,
    labels: Mapping[str, str] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Return a line a classifier, with the interval of each score.

    Parameters
    ----------
    lines : DataFrame
        ``classifier``, ``amount``, ``mean``, ``low`` and ``high``, in order.
    amount, score : str
        Titles of the axes.
    labels : mapping, optional
        What a classifier is called.
    dark : bool
        The theme.
    """
    figure = go.Figure(layout=layout(x=amount, y=score, dark=dark, showlegend=True, legend=LEGEND))
    known = palette(dark)
    colors = (known.better, known.focus, known.others, known.worse, known.mid)
    for k, classifier in enumerate(lines["classifier"].unique().tolist()):
        rows = lines[lines["classifier"] == classifier]
        name = escape((labels or {}).get(classifier, classifier))
        color = colors[k % len(colors)]
        bars = {
            "array": rows["high"] - rows["mean"],
            "arrayminus": rows["mean"] - rows["low"],
            "color": translucent(color, 0.6),
            "thickness": 1.5,
        }
        figure.add_scatter(
            x=rows["amount"], y=rows["mean"], name=name,
            mode="lines+markers", error_y=bars,
            line={"color": color, "dash": DASHES[k % len(DASHES)]},
            marker={"symbol": SYMBOLS[k % len(SYMBOLS)], "size": 9, "color": color},
        )  # fmt: skip
    amounts = sorted(lines["amount"].unique())
    figure.update_xaxes(tickvals=amounts, ticktext=[f"{a:g}" for a in amounts])
    return figure
