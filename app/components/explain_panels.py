"""Importance, one column, one row: two arms side by side."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import run_cache
from app.components.charts import draw, explain_words, is_dark
from app.components.explain_pick import Pair
from app.components.legend import heading
from app.components.texts import change, count, plain, probability
from app.i18n import _, sentence
from rebal_core.figures.explain import beeswarm, dependence, importance_bars, row_path, written
from rebal_core.figures.looks import looks

ROW = "explain_row"
#: Letters of a name beside a figure that takes a third of the page.
NARROW = 26


def panels(pair: Pair, dataset: str, view: str) -> None:
    """Draw one view, and the row that was clicked below it."""
    frames = {arm: run_cache.explained(task, dataset) for arm, task in pair.tasks.items()}
    if view == "column":
        _column(pair, frames)
    else:
        _importance(pair, frames)
    for note in dict.fromkeys(n for e in pair.explanations() for n in e.notes):
        st.caption(plain(sentence(note), 400))
    _row(pair, frames)


def _importance(pair: Pair, frames: dict[str, pd.DataFrame]) -> None:
    table = pair.importance()
    order = [str(c) for c in table.mean(axis=1).sort_values(ascending=False).index]
    limit = max(float(f["value"].abs().max()) for f in frames.values()) or 0.01
    shared: dict[str, Any] = {"words": explain_words(), "dark": is_dark()}
    grid = st.grid(3, min_column_width=330, gap="medium")
    styles = looks(pair.families, is_dark())
    for arm, name in pair.names.items():
        with grid.cell():
            heading(styles[arm], name)
            draw(
                beeswarm(frames[arm], order, limit=limit, **shared),
                f"explain_swarm_{list(pair.names).index(arm)}",
                letters=NARROW,
                on_select=_remember_click,
                selection_mode="points",
            )
    with grid.cell():
        st.subheader(
            _("How much each column matters"),
            anchor=False,
            help=_("Mean absolute effect on the probability of the class, over the held-out rows."),
        )
        figure = importance_bars(table.loc[order], pair.families, labels=pair.names, **shared)
        draw(figure, "explain_bars", letters=NARROW)
    st.caption(
        _(
            "A dot is one row; in a column of numbers or times, a strong dot is a high value. "
            "Click a dot to open it."
        )
    )


def _remember_click() -> None:
    for key in ("explain_swarm_0", "explain_swarm_1"):
        points: Any = (st.session_state.get(key) or {}).get("selection", {}).get("points", [])
        if points and points[0].get("customdata") is not None:
            clicked = points[0]["customdata"]
            st.session_state[ROW] = int(clicked[0] if isinstance(clicked, list) else clicked)


def _column(pair: Pair, frames: dict[str, pd.DataFrame]) -> None:
    order = [str(c) for c in pair.importance().mean(axis=1).sort_values(ascending=False).index]
    column = st.selectbox(_("Column"), order, format_func=str, key="explain_column", width=320)
    figure = dependence(
        frames,
        pair.families,
        str(column),
        labels=pair.names,
        words=explain_words(),
        dark=is_dark(),
    )
    draw(figure, "explain_dependence")
    first = next(iter(frames.values()))
    if first.loc[first["player"] == column, "ordered"].all():
        words = _("Each mark is one row: right is a higher value, up makes the class more likely.")
    else:
        words = _("Each mark is one row: up makes the class more likely.")
    st.caption(words)


def _row(pair: Pair, frames: dict[str, pd.DataFrame]) -> None:
    """Explain one row for every arm: from the average row to this one."""
    found = dict(zip(pair.tasks, pair.explanations(), strict=True))
    first = next(iter(found.values()))
    output = pd.Series(first.output, index=first.rows).sort_values(ascending=False)
    rows = [int(r) for r in output.index]
    if st.session_state.get(ROW) not in rows:
        st.session_state[ROW] = rows[0]
    said = {
        arm: float(e.output[list(e.rows).index(st.session_state[ROW])]) for arm, e in found.items()
    }
    words = _("One row: why did the model say {p}?")
    st.subheader(
        words.format(p=probability(next(iter(said.values())))),
        anchor=False,
        help=_(
            "The steps add up from the average row to this one, largest first. Only the two ends "
            "are probabilities: on the way the sum can pass 100% or fall below 0%."
        ),
    )
    grid = st.grid(3, min_column_width=330, gap="medium")
    with grid.cell():
        row = st.selectbox(
            _("Row of your table"),
            rows,
            format_func=lambda r: f"{count(r)} · {probability(float(output[r]))}",
            key=ROW,
        )
        _values(pair, frames, int(row))
    for arm in pair.names:
        with grid.cell():
            steps = frames[arm][frames[arm]["row"] == row]
            words = _("From the average row ({base}) to this row ({p})")
            heading(looks(pair.families, is_dark())[arm], pair.names[arm])
            st.caption(words.format(base=probability(found[arm].base), p=probability(said[arm])))
            figure = row_path(steps, found[arm].base, words=explain_words(), dark=is_dark())
            draw(figure, f"explain_path_{list(pair.names).index(arm)}", letters=NARROW)


def _values(pair: Pair, frames: dict[str, pd.DataFrame], row: int) -> None:
    first = next(iter(frames.values()))
    mine = first[first["row"] == row].set_index("player")
    none, styles = explain_words().missing, looks(pair.families)
    values = [written(v, none)[:60] for v in mine["feature_value"]]
    table = pd.DataFrame({"value": values}, index=mine.index)
    for arm, frame in frames.items():
        effects = frame[frame["row"] == row].set_index("player")["value"]
        table[arm] = 100 * effects
    order = table[list(frames)].abs().mean(axis=1).sort_values(ascending=False).index
    st.dataframe(
        table.loc[order].reset_index().style.format(partial(change, digits=1), subset=list(frames)),
        key="explain_values",
        hide_index=True,
        height="content" if len(table) <= 9 else 318,
        column_config={
            # The effects must be seen beside the names, without scrolling.
            "player": st.column_config.TextColumn(_("Column"), width=108),
            "value": st.column_config.TextColumn(_("Value"), width=68),
            **{
                arm: st.column_config.NumberColumn(
                    f"{styles[arm].mark} {_('effect')}",
                    width=62,
                    help=_("Percentage points: {arm}").format(arm=pair.names[arm]),
                )
                for arm in frames
            },
        },
    )
