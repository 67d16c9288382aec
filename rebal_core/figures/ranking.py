"""Figures of rankings: recall of each arm by band, and what accuracy is traded for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rebal_core.figures.looks import Look, looks
from rebal_core.figures.theme import escape, layout, number, palette
from rebal_core.ranking.log import Bools
from rebal_core.rows import Floats

#: Dashes of the lines of re-ranking, model by model.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


@dataclass(frozen=True)
class Words:
    """The words on these figures; the app passes translated ones."""

    ndcg: str = "NDCG, higher is better"
    line: str = "{model}, re-ranked"
    tau: str = "tau {tau}"
    best: str = "no arm is better in both"
    here: str = "chosen"


WORDS = Words()


def recall_bands(
    arms: pd.DataFrame,
    families: Mapping[str, str],
    bands: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Recall of each arm with its interval, a panel a band.

    Parameters
    ----------
    arms : DataFrame with columns ``arm``, ``band``, ``value``, ``low``, ``high``
        What is not defined is not drawn.
    families : mapping of arm to family
        All arms of the comparison, in its order.
    bands : mapping of band to title
        In the order of the panels.
    labels : mapping of arm to str, optional
        Names for people.
    """
    style, names = looks(families, dark), {a: escape((labels or {}).get(a, a)) for a in families}
    titles = [escape(title) for title in bands.values()]
    figure = make_subplots(cols=len(bands), shared_yaxes=True, subplot_titles=titles,
                           horizontal_spacing=0.03)  # fmt: skip
    rows = arms.dropna(subset=["value"])
    most = max(float(rows["high"].max(skipna=True)), 0.01) if len(rows) else 1.0
    for i, band in enumerate(bands, start=1):
        for row in rows[rows["band"] == band].to_dict("records"):
            look, name = style[row["arm"]], names[row["arm"]]
            low, high = max(row["low"], 0.0), min(row["high"], 1.0)
            told = f"{number(row['value'])} ({number(low)}, {number(high)})"
            figure.add_scatter(
                x=[low, high], y=[name] * 2, mode="lines", hoverinfo="skip",
                line={"color": look.color, "width": 3}, row=1, col=i,
            )  # fmt: skip
            figure.add_scatter(
                x=[row["value"]], y=[name], mode="markers", marker=_marker(look, 9),
                hovertemplate=f"{name}<br>{told}<extra></extra>", row=1, col=i,
            )  # fmt: skip
    height = max(26 * len(names) + 70, 196)
    base = layout(height=height, dark=dark, margin={"l": 4, "r": 4, "t": 26, "b": 4})
    figure.update_layout(base).update_annotations(font_size=13)
    across = {**base["xaxis"], "range": [-0.04 * most, 1.04 * most], "showgrid": True, "nticks": 4}
    down = {"autorange": "reversed", "showgrid": False, "dtick": 1,
            "categoryorder": "array", "categoryarray": list(names.values())}  # fmt: skip
    return figure.update_xaxes(across).update_yaxes({**base["yaxis"], **down})


def tradeoff(
    arms: pd.DataFrame,
    fronts: Mapping[str, pd.DataFrame],
    families: Mapping[str, str],
    *,
    title: str,
    point: tuple[float, float] | None = None,
    labels: Mapping[str, str] | None = None,
    words: Words = WORDS,
    dark: bool = False,
) -> go.Figure:
    """Accuracy against what is asked of the tail: arms, their front, and the lines of re-ranking.

    Parameters
    ----------
    arms : DataFrame with columns ``arm``, ``ndcg``, ``value``
    fronts : mapping of model's name for people to DataFrame
        Columns ``tau``, ``ndcg``, ``value``: what re-ranking trades, a line a model.
    families : mapping of arm to family
        All arms of the comparison, in its order.
    title : str
        What the value is, for the axis.
    point : (ndcg, value) or None
        Where the reader's tau lies.
    """
    colors, style = palette(dark), looks(families, dark)
    figure = go.Figure(layout=layout(
        x=words.ndcg, y=title, height=400, dark=dark,
        xaxis={"showgrid": True, "rangemode": "nonnegative"}, yaxis={"rangemode": "nonnegative"},
    ))  # fmt: skip
    for (model, front), dash in zip(fronts.items(), DASHES, strict=False):
        taus = [words.tau.format(tau=f"{tau:g}") for tau in front["tau"]]
        figure.add_scatter(
            x=front["ndcg"].tolist(), y=front["value"].tolist(), mode="lines", text=taus,
            name=words.line.format(model=escape(model)),
            line={"color": colors.mute, "width": 1.6, "dash": dash},
            hovertemplate="%{text}: %{x:.3f}, %{y:.3f}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    known = arms.dropna(subset=["ndcg", "value"])
    kept = undominated(known["ndcg"].to_numpy(), known["value"].to_numpy())
    best = known[kept].sort_values("ndcg")
    figure.add_scatter(
        x=best["ndcg"].tolist(), y=best["value"].tolist(), mode="lines", hoverinfo="skip",
        name=words.best, line={"color": colors.focus, "width": 6}, opacity=0.35,
    )  # fmt: skip
    for row in known.to_dict("records"):
        name = escape((labels or {}).get(row["arm"], row["arm"]))
        figure.add_scatter(
            x=[row["ndcg"]], y=[row["value"]], mode="markers", name=name, cliponaxis=False,
            marker=_marker(style[row["arm"]], 12),
            hovertemplate="%{x:.3f}, %{y:.3f}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    if point is not None:
        figure.add_scatter(
            x=[point[0]], y=[point[1]], mode="markers", name=words.here, cliponaxis=False,
            marker={"symbol": "circle-open", "size": 20, "color": colors.focus,
                    "line": {"width": 3}},
            hovertemplate="%{x:.3f}, %{y:.3f}<extra></extra>",
        )  # fmt: skip
    return figure


def undominated(first: Floats, second: Floats) -> Bools:
    """Return which points no other one is better than in one value and as good in the other.

    Examples
    --------
    >>> undominated(np.array([1, 2, 3, 3]), np.array([3, 3, 1, 0])).tolist()
    [False, True, True, False]
    """
    as_good = (first >= first[:, None]) & (second >= second[:, None])
    better = (first > first[:, None]) | (second > second[:, None])
    return np.array(~(as_good & better).any(axis=1), dtype=bool)


def _marker(look: Look, size: int) -> dict[str, Any]:
    line = {"width": 2 if look.symbol.endswith("-open") else 0, "color": look.color}
    return {"symbol": look.symbol, "size": size, "color": look.color, "line": line}
