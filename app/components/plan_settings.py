"""The parameters of a strategy, and what they do to the training rows, at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.components.charts import class_words, draw, is_dark
from app.components.plan_fields import ROWS, Fields, settings_so_far
from app.components.states import show_problem
from app.components.texts import count, explained
from app.components.words import mark
from app.i18n import _
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.dataset import Dataset
from rebal_core.experiment.arms import CLASSIFIERS_BY_DEFAULT
from rebal_core.experiment.sizes import facts_of
from rebal_core.figures.resampling import class_changes
from rebal_core.params import Counts
from rebal_core.strategies import DUMMY, STRATEGIES, Strategy
from rebal_core.wording import UserError


def settings(
    identifier: str,
    dataset: Dataset,
    ticked: Sequence[str],
    classifiers: Sequence[str],
    folds: int,
) -> dict[str, Any]:
    """Draw the settings of one strategy or model; return those of all, where they are set."""
    names = [n for n in ("class_weight", *ticked) if STRATEGIES[n].parameters]
    preset = next((n for n in names if STRATEGIES[n].changes_rows), names[0])
    learners = [n for s in ticked if (n := STRATEGIES[s].learner)]
    models = [n for n in dict.fromkeys((*classifiers, *learners)) if CLASSIFIERS[n].parameters]
    name = st.selectbox(
        _("Settings of"),
        [*names, *models],
        index=names.index(preset),
        format_func=_words,
        key=f"plan_settings_{'_'.join([*names, *models])}",
    )
    fields = Fields(identifier, name, facts_of(dataset, dataset.schema))
    chosen = settings_so_far(identifier)
    try:
        chosen[name] = _of_model(fields) if name in models else _of_strategy(fields, dataset, folds)
    except UserError as error:
        show_problem(error.text)
    return {n: dict(v) for n in (*names, *models) if (v := chosen.get(n))}


def _words(name: str) -> str:
    if name in CLASSIFIERS:
        return _(CLASSIFIERS[name].label)
    return f"{mark(STRATEGIES[name].family)} {_(STRATEGIES[name].label)}"


def _of_model(fields: Fields) -> dict[str, Any]:
    """Draw the settings of a model; return those that are set."""
    model = CLASSIFIERS[fields.owner]
    with st.container(border=True):
        st.markdown(f":gray[{_(model.about)}]")
        values = fields.draw({p.name: p for p in model.parameters})
        _way_back(fields, values)
    return values


def _of_strategy(fields: Fields, dataset: Dataset, folds: int) -> dict[str, Any]:
    """Draw the settings of a strategy and what it does to the rows; return those that are set."""
    strategy = STRATEGIES[fields.owner]
    counts = [n for n, p in strategy.parameters.items() if isinstance(p, Counts)]
    # Where a table of the rows is drawn, and one step alone takes wishes, they are written there.
    wished = counts[0] if strategy.changes_rows and len(counts) == 1 else None
    with st.container(border=True):
        st.markdown(f":gray[{_(strategy.about)}]")
        values = fields.draw({n: p for n, p in strategy.parameters.items() if n != wished})
        below = st.container()
    rows = _rows(fields, dataset, strategy.with_params(values, fields.facts), folds, wished)
    values |= rows
    with below:
        _way_back(fields, values)
    return values


def _way_back(fields: Fields, values: dict[str, Any]) -> None:
    if values:
        st.button(
            _("Back to the defaults"),
            type="tertiary",
            icon=":material/undo:",
            key=f"plan_reset_{fields.owner}",
            on_click=fields.reset,
        )


def _rows(
    fields: Fields, dataset: Dataset, strategy: Strategy, folds: int, wished: str | None
) -> dict[str, Any]:
    """Draw rows before and after; return those that the user wrote himself, by label.

    Parameters
    ----------
    wished : str or None
        The parameter that takes rows of single classes.
    """
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
        return {}
    before = fields.before.get(wished, {}) if wished else {}
    shown = [before.get(label, n) for label, n in zip(labels.classes, after, strict=True)]
    table = pd.DataFrame({"label": labels.classes, "now": now, "after": shown})
    edited = _editor(fields, strategy, table, wished)
    wanted = zip(labels.classes, edited["after"], after, strict=True)
    counts = {label: int(n) for label, n, usual in wanted if n == n and int(n) != usual}
    if wished and counts:
        after = strategy.with_params({wished: counts}, fields.facts).counts_after(now)
    _figure(strategy, labels.classes, labels.positive, now, after)
    if any(step.slot == "clean" for step in strategy.samplers):
        st.caption(_("Then rows that a near row contradicts go; how many depends on the data."))
    return {wished: counts} if wished and counts else {}


def _editor(
    fields: Fields, strategy: Strategy, table: pd.DataFrame, wished: str | None
) -> pd.DataFrame:
    made = (table["after"] - table["now"]).clip(lower=0) / table["after"].clip(lower=1)
    shown = table.assign(made=100 * made, k=[_possible(strategy, n) for n in table["now"]])
    if "k_neighbors" not in strategy.params:
        shown = shown.drop(columns="k")
    return st.data_editor(
        shown,
        key=fields.key("rows"),
        hide_index=True,
        height="content" if len(shown) <= ROWS else 320,
        disabled=["label", "now", "made", "k", *([] if wished else ["after"])],
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


def models(identifier: str) -> list[str]:
    """Let the user choose classifiers."""
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
    return list(chosen)
