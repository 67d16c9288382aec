"""The parameters of a strategy, and what they do to the training rows, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.components.plan_effect import Opened
from app.components.plan_fields import ROWS, SETTINGS_KEY, Fields, by_names, settings_so_far
from app.components.plan_saved import strategy_named
from app.components.shares import shares_told
from app.components.states import show_problem
from app.components.texts import count, explained, in_a_row, memory, minutes
from app.components.words import abouts, mark
from app.i18n import _
from rebal_core.classifiers import CLASSIFIERS, Classifier
from rebal_core.data.dataset import Dataset
from rebal_core.experiment.estimate import changed
from rebal_core.experiment.sizes import facts_of
from rebal_core.facts import TableFacts
from rebal_core.params import Counts, Number, Param
from rebal_core.samplers.generators.marginal import MARGINAL
from rebal_core.samplers.generators.rules import RULES
from rebal_core.samplers.nearness import NEARNESS
from rebal_core.strategies import Strategy
from rebal_core.strategies.suited import suited
from rebal_core.wording import UserError


def settings(
    identifier: str,
    dataset: Dataset,
    ticked: Sequence[str],
    classifiers: Sequence[str],
    now: Sequence[int],
    usual: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, Any], Opened | None]:
    """Draw the settings of one strategy or model.

    Parameters
    ----------
    identifier : str
        Where the plan began; it ends the keys of the fields.
    now : sequence of K int
        Rows of each class that a fold trains on.
    usual : mapping of str to mapping
        What the quick plan sets of strategies by itself, while it is kept.

    Returns
    -------
    params : dict
        The settings of all, where they are set.
    opened : Opened or None
        The strategy that is drawn; None of a model.
    """
    opened = None
    facts = facts_of(dataset, dataset.schema)
    asked = ((n, strategy_named(n, facts)) for n in ("class_weight", *ticked))
    known = {name: strategy for name, strategy in asked if strategy is not None}
    names = list(known)
    preset = next((n for n in names if known[n].changes_rows), names[0])
    learners = [s.learner for s in known.values() if s.learner]
    models = [n for n in dict.fromkeys((*classifiers, *learners)) if CLASSIFIERS[n].parameters]
    key = f"{SETTINGS_KEY}@{identifier}"
    if st.session_state.get(key) not in (*names, *models):
        st.session_state[key] = preset
    name = st.selectbox(
        _("Settings of"),
        [*names, *models],
        format_func=lambda n: _words(known[n]) if n in known else _(CLASSIFIERS[n].label),
        key=key,
    )
    fields = Fields(identifier, name, facts, usual.get(name, {}))
    chosen = settings_so_far(identifier)
    try:
        if name in models:
            chosen[name] = _of_model(fields, now)
        else:
            chosen[name] = _of_strategy(fields, known[name], now)
            opened = Opened(known[name], {**fields.usual, **chosen[name]}, st.container())
    except UserError as error:
        show_problem(error.text)
    return {n: dict(v) for n in (*names, *models) if (v := chosen.get(n))}, opened


def _words(strategy: Strategy) -> str:
    name = strategy.name if strategy.made_of else _(strategy.label)
    return f"{mark(strategy.family)} {name}"


def _of_model(fields: Fields, now: Sequence[int]) -> dict[str, Any]:
    """Draw the settings of a model; return those that are set."""
    model = CLASSIFIERS[fields.owner]
    with st.container(border=True):
        st.markdown(f":gray[{_(model.about)}]")
        instead = partial(suited, model.name, rows=now)
        values = fields.draw({p.name: p for p in model.parameters}, instead)
        fields.way_back(values)
    return values


def _of_strategy(fields: Fields, strategy: Strategy, now: Sequence[int]) -> dict[str, Any]:
    """Draw the settings of a strategy and what it does to the rows; return those that are set."""
    counts = [n for n, p in strategy.parameters.items() if isinstance(p, Counts)]
    # Where a table of the rows is drawn, and one step alone takes wishes, they are written there.
    wished = counts[0] if strategy.changes_rows and len(counts) == 1 else None
    with st.container(border=True):
        st.markdown(f":gray[{in_a_row(abouts(strategy))}]")
        values = _drawn(fields, {n: p for n, p in strategy.parameters.items() if n != wished})
        if not strategy.parameters:
            st.caption(_("There is nothing to set."))
        below = st.container()
    try:
        changed = strategy.with_params({**fields.usual, **values}, fields.facts)
    except UserError:  # it stays set, so that nothing is started without it
        settings_so_far(fields.identifier)[fields.owner] = values
        raise
    rows = _rows(fields, changed, now, wished)
    values |= rows
    with below:
        fields.way_back(values)
    return values


def _drawn(fields: Fields, parameters: Mapping[str, Param]) -> dict[str, Any]:
    """Draw parameters, last and folded those that few set; return what is set."""
    folded = {
        _("What counts as near"): {p.name for p in NEARNESS},
        _("Rules and shares of drawn rows"): {RULES.name, MARGINAL.name},
    }
    rare = set[str]().union(*folded.values())
    values = fields.draw({n: p for n, p in parameters.items() if p.name not in rare})
    for title, names in folded.items():
        inside = {n: p for n, p in parameters.items() if p.name in names}
        if inside:
            is_set = any(name in fields.before for name in inside)
            with st.expander(title, expanded=is_set, type="compact"):
                values |= fields.draw(inside)
                for name, parameter in inside.items():
                    if parameter.name == MARGINAL.name:
                        shares_told(str(values.get(name, "")))
    return values


def _rows(
    fields: Fields, strategy: Strategy, now: Sequence[int], wished: str | None
) -> dict[str, Any]:
    """Draw rows before and after; return those that the user wrote himself, by label.

    Parameters
    ----------
    now : sequence of K int
        Rows of each class before.
    wished : str or None
        The parameter that takes rows of single classes.
    """
    labels = fields.facts.labels
    after = strategy.counts_after(now)
    st.subheader(
        _("What it does to the training data"),
        anchor=False,
        help=_("Rows of the training part of one fold. Write rows into “Rows after” to set them."),
    )
    if not strategy.changes_rows:
        st.caption(_("It works while a model learns or decides, and leaves the table as it is."))
        return {}
    before = fields.before.get(wished, {}) if wished else {}
    shown = [before.get(label, n) for label, n in zip(labels, after, strict=True)]
    table = pd.DataFrame({"label": labels, "now": now, "after": shown})
    edited = _editor(fields, strategy, table, wished)
    _cost(strategy, replace(fields.facts.of_counts(now), training=1.0))
    wanted = zip(labels, edited["after"], after, strict=True)
    counts = {label: int(n) for label, n, usual in wanted if n == n and int(n) != usual}
    if wished and counts:
        counts = by_names(strategy.params[wished], labels) | counts
        # What cannot be had is refused here.
        strategy.with_params({wished: counts}, fields.facts).counts_after(now)
    return {wished: counts} if wished and counts else {}


def _cost(strategy: Strategy, part: TableFacts) -> None:
    """Say what the change of a fold's rows takes, and where near rows are not all compared."""
    price = changed(strategy, part)
    words = _("About {time} and {memory} for each fold.")
    line = words.format(time=minutes(price.seconds), memory=memory(price.memory_bytes))
    if price.approximate:
        line += " " + _(
            "So many rows are compared only where near ones are likely; the result says what part "
            "of the nearest was found."
        )
    st.caption(line)


def _editor(
    fields: Fields, strategy: Strategy, table: pd.DataFrame, wished: str | None
) -> pd.DataFrame:
    made = (table["after"] - table["now"]).clip(lower=0) / table["after"].clip(lower=1)
    shown = table.assign(made=100 * made, k=[_possible(strategy, n) for n in table["now"]])
    if "k_neighbors" not in strategy.params:
        shown = shown.drop(columns="k")
    foretold = all(step.foretells for step in strategy.samplers)
    asked = _("Rows after") if foretold else _("Rows asked for")
    edited = st.data_editor(
        shown,
        key=fields.key("rows"),
        hide_index=True,
        height="content" if len(shown) <= ROWS else 320,
        disabled=["label", "now", "made", "k", *([] if wished else ["after"])],
        column_order=["label", "now", *(["after", "made", "k"] if foretold or wished else [])],
        column_config={
            "label": st.column_config.TextColumn(_("Class")),
            "now": st.column_config.NumberColumn(_("Rows now"), format="localized"),
            "after": st.column_config.NumberColumn(asked, format="localized", min_value=1, step=1),
            "made": st.column_config.ProgressColumn(
                _("Made up"), format="%.1f%%", min_value=0, max_value=100
            ),
            "k": st.column_config.TextColumn(_("Possible k")),
        },
    )
    if not foretold:
        st.caption(_("How many rows are left depends on where they lie, or on chance: see below."))
    return edited


def _possible(strategy: Strategy, rows: int) -> str:
    parameter = strategy.parameters.get("k_neighbors")
    if not isinstance(parameter, Number):
        return ""
    return f"k ≤ {count(min(rows - 1, parameter.high))}" if rows > 1 else "–"


def models(identifier: str, first: Sequence[str]) -> list[str]:
    """Let the user choose classifiers; return them.

    Parameters
    ----------
    identifier : str
        Where the plan began; it ends the key of the field.
    first : sequence of str
        Those that are chosen at first.
    """
    names = [c.name for c in CLASSIFIERS if c.family != "reference"]
    key = f"plan_models@{identifier}"
    st.session_state.setdefault(key, [n for n in names if n in first])
    st.subheader(_("Models"), anchor=False)
    chosen = st.pills(
        _("Models"),
        names,
        format_func=lambda n: _(CLASSIFIERS[n].label),
        selection_mode="multi",
        key=key,
        label_visibility="collapsed",
        wrap=True,
        help="  \n".join(explained(f"**{_(c.label)}**", _(c.about)) for c in CLASSIFIERS),
    )
    for name in chosen:
        reason = CLASSIFIERS[name].absent()
        if reason is not None:
            show_problem(reason)
            _file_of(CLASSIFIERS[name], identifier)
    return list(chosen)


def _file_of(learner: Classifier, identifier: str) -> None:
    """Ask for the file that a learner cannot work without."""
    if learner.take_file is None:
        return
    with st.form(f"plan_file_{learner.name}@{identifier}", border=False):
        where, there = st.columns([4, 1], vertical_alignment="bottom")
        path = where.text_input(
            _("Its file on the computer that Rebal runs on"),
            placeholder="/data/tabicl.ckpt",
            key=f"plan_path_{learner.name}@{identifier}",
        )
        if not there.form_submit_button(_("Use this file"), width="stretch"):
            return
    try:
        learner.take_file(path)
    except UserError as error:
        show_problem(error.text)
    else:
        st.rerun()
