"""Figures of a run in progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rebal_core.figures.theme import escape, layout, palette, seconds

#: Position of each state on the colour scale.
STATES = ("queued", "running", "done", "failed", "skipped")
_ROW = 34


def cell_grid(
    cells: pd.DataFrame,
    *,
    words: Mapping[str, str] | None = None,
    time: Callable[[float], str] = seconds,
    dark: bool = False,
) -> go.Figure:
    """Arms by folds: one square is one arm on one fold, with its state.

    Parameters
    ----------
    cells : DataFrame with columns ``arm, repeat, fold, state, seconds, detail``
        As :meth:`rebal_core.store.store.Store.cells` returns it.
    words : mapping, optional
        Translated names of the states, for the text on hover.
    time : callable
        Writes seconds, in the reader's language.

    Returns
    -------
    Figure
        One heat map; done squares carry their seconds. Above 24 arms or 30 folds without texts.
    """
    arms = list(dict.fromkeys(cells["arm"]))
    splits = sorted({(r, f) for r, f in zip(cells["repeat"], cells["fold"], strict=True)})
    columns = [f"{r + 1}.{f + 1}" for r, f in splits]
    codes, texts, hover = _squares(cells, arms, splits, words or {}, time)
    figure = go.Figure(
        go.Heatmap(
            z=codes,
            x=columns,
            y=[escape(a) for a in arms],
            text=texts,
            hovertext=hover,
            hovertemplate="%{y} · %{x}: %{hovertext}<extra></extra>",
            texttemplate="%{text}" if len(arms) <= 24 and len(columns) <= 30 else None,
            zmin=-0.5,
            zmax=4.5,
            colorscale=[[(k + e) / 5, c] for k, c in enumerate(state_colors(dark)) for e in (0, 1)],
            showscale=False,
            xgap=3 if len(columns) <= 30 else 1,
            ygap=3,
        ),
        layout(height=50 + _ROW * max(1, len(arms)), dark=dark),
    )
    ink = {"color": palette(dark).ink}
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, tickfont=ink)
    figure.update_xaxes(side="top", type="category")
    return figure


def state_colors(dark: bool) -> list[str]:
    """Return the colour of each of :data:`STATES`; solid, so that the text on it stands out."""
    colors = palette(dark)
    return [colors.panel, "#17857B" if dark else "#0F6B63", colors.grid, colors.ink, colors.panel]


def _squares(
    cells: pd.DataFrame,
    arms: list[str],
    splits: list[tuple[int, int]],
    words: Mapping[str, str],
    time: Callable[[float], str],
) -> tuple[list[list[int]], list[list[str]], list[list[str]]]:
    """Return code, text and hover of every square, arms down and splits across."""
    row_of = {arm: k for k, arm in enumerate(arms)}
    column_of = {split: k for k, split in enumerate(splits)}
    codes = [[0] * len(splits) for _ in arms]
    texts = [[""] * len(splits) for _ in arms]
    hover = [[""] * len(splits) for _ in arms]
    cell: Any
    for cell in cells.itertuples(index=False):
        i, j = row_of[cell.arm], column_of[cell.repeat, cell.fold]
        codes[i][j] = STATES.index(cell.state)
        texts[i][j] = {
            "done": "" if pd.isna(cell.seconds) else time(cell.seconds),
            "running": "…",
            "failed": "✕",
        }.get(cell.state, "")
        told = words.get(cell.state, cell.state)
        hover[i][j] = escape(" · ".join(filter(None, (told, cell.detail))))
    return codes, texts, hover
