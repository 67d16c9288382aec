"""What a remedy does to the rows of each class: kept, removed, made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from rebal_core.figures.theme import count, escape, layout, palette

#: Classes on one figure; of more, the rarest are shown.
MOST_CLASSES = 14
#: Pattern of made rows by where they come from.
PATTERNS = {"duplicate": "x", "interpolated": "/", "generated": ".", "adversarial": "-"}


@dataclass(frozen=True)
class Words:
    """The words on the figure; the app passes translated ones."""

    kept: str = "your rows"
    removed: str = "removed"
    duplicate: str = "repeated"
    interpolated: str = "interpolated"
    generated: str = "generated"
    adversarial: str = "adversarial"
    rows: str = "rows"


WORDS = Words()


def class_changes(
    classes: pd.DataFrame, *, focus: str | None = None, words: Words = WORDS, dark: bool = False
) -> go.Figure:
    """One bar a class: solid what stays, hatched what is made, an outline for what goes.

    Parameters
    ----------
    classes : DataFrame
        ``label``, ``kept``, ``removed`` and any of the names of :data:`PATTERNS`, in rows; largest
        class first. Of more than 14 classes the rarest 14 are drawn.
    focus : str, optional
        Label of the class in amber.
    """
    colors = palette(dark)
    shown = classes.tail(MOST_CLASSES)
    names = [escape(label) for label in shown["label"]]
    fills = [colors.focus if label == focus else colors.others for label in shown["label"]]
    figure = go.Figure()
    _bars(figure, names, shown["kept"], words.kept, {"color": fills})
    for origin, shape in PATTERNS.items():
        if origin in shown and shown[origin].any():
            # Without a background of its own the fill of a hatched bar is lost.
            pattern = {"shape": shape, "fgcolor": fills, "bgcolor": colors.page, "size": 7}
            marker = {"color": fills, "pattern": pattern, "line": {"color": fills, "width": 1}}
            _bars(figure, names, shown[origin], getattr(words, origin), marker)
    if shown["removed"].any():
        pattern = {"shape": "/", "fgcolor": colors.grid, "bgcolor": colors.page, "size": 9}
        marker = {"color": colors.page, "pattern": pattern,
                  "line": {"color": colors.mute, "width": 1}}  # fmt: skip
        _bars(figure, names, shown["removed"], words.removed, marker)
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
    height = max(130, 34 * len(shown) + 84)
    figure.layout = layout(
        x=words.rows, height=height, dark=dark, barmode="stack",
        showlegend=len(figure.data) > 1, legend=legend,
    )  # fmt: skip
    figure.update_xaxes(showgrid=True, tickformat="~s")
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False,
                        tickfont={"color": colors.ink})  # fmt: skip
    return figure


def _bars(
    figure: go.Figure,
    names: list[str],
    rows: pd.Series,
    name: str,
    marker: Mapping[str, object],
) -> None:
    figure.add_bar(
        x=rows.tolist(),
        y=names,
        name=name,
        orientation="h",
        marker=dict(marker),
        hovertext=[count(n) for n in rows],
        hovertemplate="%{y}: %{hovertext} <extra>%{fullData.name}</extra>",
    )
