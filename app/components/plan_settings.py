"""The parameters of a strategy, and what they do to the training rows, at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.components.charts import class_words, draw, is_dark
from app.components.states import show_problem
from app.components.texts import count, explained
from app.components.words import mark
from app.i18n import _
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.dataset import Dataset
from rebal_core.experiment.arms import CLASSIFIERS_BY_DEFAULT
from rebal_core.figures.resampling import class_changes
from rebal_core.params import Number
from rebal_core.strategies import DUMMY, STRATEGIES, Strategy
from rebal_core.wording import UserError


def settings(
    identifier: str, dataset: Dataset, ticked: Sequence[str], folds: int
) -> dict[str, Any]:
    """Draw the settings of one strategy; return those of all that differ from the defaults."""
    store_key = f"plan_params@{identifier}"
    chosen: dict[str, dict[str, Any]] = st.session_state.setdefault(store_key, {})
    names = [n for n in ("class_weight", *ticked) if STRATEGIES[n].parameters]
    preset = next((n for n in names if STRATEGIES[n].changes_rows), names[0])
    name = st.selectbox(
        _("Settings of"),
        names,
        index=names.index(preset),
        format_func=lambda n: f"{mark(STRATEGIES[n].family)} {_(STRATEGIES[n].label)}",
        key=f"plan_settings_{'_'.join(names)}",
    )
    strategy = STRATEGIES[name]
    with st.container(border=True):
        st.markdown(f":gray[{_(strategy.about)}]")
        values = _parameters(identifier, strategy)
    try:
        counts = _rows(identifier, dataset, strategy.with_params(values), folds)
        chosen[name] = values | ({"counts": counts} if counts else {})
    except UserError as error:
        show_problem(error.text)
    st.session_state[store_key] = {n: v for n, v in chosen.items() if v}
    return {n: v for n, v in st.session_state[store_key].items() if n in names}


def _parameters(identifier: str, strategy: Strategy) -> dict[str, Any]:
    """Draw a field for each parameter; return the changed ones."""
    before = st.session_state[f"plan_params@{identifier}"].get(strategy.name, {})
    fields = {n: p for n, p in strategy.parameters.items() if isinstance(p, Number)}
    values = {}
    grid = st.grid(2, min_column_width=200)
    for name, parameter in fields.items():
        with grid.cell():
            value = _field(identifier, strategy.name, name, parameter, before)
        if value != parameter.default:
            values[name] = value
    return values


def _field(
    identifier: str, strategy: str, name: str, parameter: Number, before: dict[str, Any]
) -> Any:
    kind: Any = type(parameter.default)
    return st.number_input(
        _(parameter.label),
        min_value=kind(parameter.low),
        max_value=kind(parameter.high),
        value=kind(before.get(name, parameter.default)),
        step=1 if kind is int else 0.05,
        format=None if kind is int else "%.3g",
        help=_(parameter.about),
        key=f"plan_{strategy}_{name}@{identifier}",
    )


def _rows(
    identifier: str, dataset: Dataset, strategy: Strategy, folds: int
) -> dict[int, int] | None:
    """Draw rows before and after; return the rows that the user wrote himself, by class code."""
    labels = dataset.labels()
    now = [round(n * (1 - 1 / folds)) for n in labels.counts]
    after = strategy.counts_after(now)
    st.subheader(
        _("What it does to the training data"),
        anchor=False,
        help=_("Rows of the training part of one fold. Write rows into “Rows after” to set them."),
    )
    if not strategy.changes_rows:
        st.caption(_("It changes no rows: the model learns from your rows as they are."))
        return None
    table = pd.DataFrame({"label": labels.classes, "now": now, "after": after})
    edited = _editor(identifier, strategy, table)
    wanted: list[float] = edited["after"].to_list()
    counts = {code: int(n) for code, n in enumerate(wanted) if n == n and int(n) != after[code]}
    if counts:
        after = strategy.with_params({"counts": counts}).counts_after(now)
    _figure(strategy, labels.classes, labels.positive, now, after)
    if any(step.slot == "clean" for step in strategy.samplers):
        st.caption(_("Then rows that a near row contradicts go; how many depends on the data."))
    return counts or None


def _editor(identifier: str, strategy: Strategy, table: pd.DataFrame) -> pd.DataFrame:
    made = (table["after"] - table["now"]).clip(lower=0) / table["after"].clip(lower=1)
    shown = table.assign(made=100 * made, k=[_possible(strategy, n) for n in table["now"]])
    if "k_neighbors" not in strategy.params:
        shown = shown.drop(columns="k")
    return st.data_editor(
        shown,
        key=f"plan_rows_{strategy.name}@{identifier}",
        hide_index=True,
        height="content" if len(shown) <= 8 else 320,
        disabled=["label", "now", "made", "k"],
        column_config={
            "label": st.column_config.TextColumn(_("Class")),
            "now": st.column_config.NumberColumn(_("Rows now"), format="localized"),
            "after": st.column_config.NumberColumn(
                _("Rows after"), format="localized", min_value=1, step=1
            ),
            "made": st.column_config.ProgressColumn(
                _("Made up"), format="%.1f%%", min_value=0, max_value=100
            ),
            "k": st.column_config.TextColumn(_("Possible k")),
        },
    )


def _possible(strategy: Strategy, rows: int) -> str:
    if "k_neighbors" not in strategy.params:
        return ""
    return f"k ≤ {count(rows - 1)}" if rows > 1 else "–"


def _figure(
    strategy: Strategy,
    classes: Sequence[str],
    positive: int,
    now: Sequence[int],
    after: Sequence[int],
) -> None:
    pairs = list(zip(now, after, strict=True))
    frame = pd.DataFrame(
        {
            "label": list(classes),
            "kept": [min(a, b) for a, b in pairs],
            "removed": [max(0, a - b) for a, b in pairs],
            strategy.makes: [max(0, b - a) for a, b in pairs],
        }
    )
    figure = class_changes(frame, focus=classes[positive], words=class_words(), dark=is_dark())
    draw(figure, "plan_classes")


def models(identifier: str) -> list[str] | None:
    """Let the user choose classifiers; None for the usual ones, which the quick plan may trim."""
    names = [c.name for c in CLASSIFIERS if c.name != DUMMY.classifier]
    st.subheader(_("Models"), anchor=False)
    chosen = st.pills(
        _("Models"),
        names,
        format_func=lambda n: _(CLASSIFIERS[n].label),
        selection_mode="multi",
        default=list(CLASSIFIERS_BY_DEFAULT),
        key=f"plan_models@{identifier}",
        label_visibility="collapsed",
        help="  \n".join(explained(f"**{_(c.label)}**", _(c.about)) for c in CLASSIFIERS),
    )
    return None if set(chosen) == set(CLASSIFIERS_BY_DEFAULT) else list(chosen)
