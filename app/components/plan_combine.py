"""Remedies combined to a strategy of the user's own: a dialog on the Plan page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import streamlit as st

from app.beside import beside
from app.components.plan_begun import compared_facts
from app.components.plan_fields import ROWS, SETTINGS_KEY, settings_so_far
from app.components.plan_pick import HEIGHT, Pick, families, matching, search
from app.components.plan_saved import PROBLEM, REMOVED, attempt, name_field
from app.components.states import show_problem
from app.components.texts import count, in_a_row, plain, seconds
from app.components.words import made_label, strategy_label
from app.i18n import _, sentence
from app.state import saved
from rebal_core.arm import Protocol
from rebal_core.data.dataset import Dataset
from rebal_core.facts import TableFacts
from rebal_core.preview import Effect, TrainingPart, effect_of, rows_to_look_at, training_part
from rebal_core.strategies import DUMMY, STRATEGIES, SavedStrategy, Strategy
from rebal_core.strategies.combining import joined_params, orders
from rebal_core.strategies.saved import save_strategy
from rebal_core.wording import Text, UserError

#: So many strategies are combined at most.
MOST = 3
#: Promised seconds from which on the rows are not tried here, and seconds that are waited at most.
SLOW, PATIENCE = 4.0, 12.0
#: Of this session: whether the dialog is open, and what is ticked in it.
_OPEN, _TICKS = "combine_open", "combine_ticks"


def combine_button() -> None:
    """Draw the button that opens the dialog."""

    def begin() -> None:
        st.session_state[_OPEN], st.session_state[_TICKS] = True, []
        for key in ("combine_search", "combine_name", PROBLEM):
            st.session_state.pop(key, None)

    st.button(
        _("Combine your own"),
        key="plan_combine",
        icon=":material/join:",
        width="stretch",
        on_click=begin,
        help=_("Join up to three remedies, with their settings, and save them under a name."),
    )


def combine_dialog(identifier: str, dataset: Dataset, protocol: Mapping[str, Any]) -> None:
    """Draw the dialog where it is open.

    Parameters
    ----------
    identifier : str
        Where the plan began; it ends the keys of the fields.
    protocol : mapping
        What is judged by, as ``make_plan`` takes it.
    """
    if st.session_state.get(_OPEN):
        title = _("A strategy of your own")
        st.dialog(title, width="large", on_dismiss=_close)(_dialog)(identifier, dataset, protocol)


def _close() -> None:
    st.session_state[_OPEN] = False


def _dialog(identifier: str, dataset: Dataset, protocol: Mapping[str, Any]) -> None:
    if not st.session_state[_OPEN]:  # it was saved
        st.rerun()
    facts = compared_facts(dataset)
    ticks: list[str] = st.session_state[_TICKS]
    parts = [s for s in STRATEGIES if s.name not in ("none", "threshold", DUMMY.strategy)]

    def tick(strategy: Strategy, on: bool) -> None:
        others = [n for n in st.session_state[_TICKS] if n != strategy.name]
        st.session_state[_TICKS] = [*others, strategy.name] if on else others

    grid = st.grid(2, min_column_width=300, gap="medium")
    with grid.cell():
        wanted = search("combine")
        found = matching(parts, wanted)
        reasons = {s.name: why for s in found if (why := _why_not(s, ticks, facts))}
        with st.container(height=HEIGHT, border=True, gap="small"):
            families(Pick("combine", ticks, reasons, tick), found, found=bool(wanted))
            if not found:
                st.caption(_("No remedy is called that."))
    with grid.cell():
        _chosen(identifier, dataset, [STRATEGIES[n] for n in ticks], protocol)


def _why_not(strategy: Strategy, ticks: Sequence[str], facts: TableFacts) -> Text | None:
    """Return why a strategy cannot be added to those that are ticked."""
    if strategy.name in ticks:
        return None
    if len(ticks) >= MOST:
        return Text("Three are chosen; untick one first.")
    try:
        orders([*(STRATEGIES[n] for n in ticks), strategy])
    except UserError as error:
        return error.text
    return strategy.reason(facts)


def _chosen(
    identifier: str, dataset: Dataset, parts: Sequence[Strategy], protocol: Mapping[str, Any]
) -> None:
    """Draw what is chosen, in which order, under which name, and what it does to the rows."""
    if not parts:
        st.caption(_("Tick up to three. Their settings are saved as they stand on the Plan page."))
        return
    facts = compared_facts(dataset)
    possible = {whole.name: whole for whole in orders(parts)}
    order = next(iter(possible))
    if len(possible) > 1:
        order = st.radio(
            _("Order"),
            list(possible),
            format_func=lambda name: " → ".join(strategy_label(n) for n in name.split("+")),
            key=f"combine_order_{order}",
        )
    params = joined_params([STRATEGIES[n] for n in order.split("+")], settings_so_far(identifier))
    st.markdown(f"**{plain(made_label(SavedStrategy('', order, params)), 400)}**")
    st.caption(plain(possible[order].reference, 600))
    usual = _free_name(order)
    name, fits = name_field("combine_name", placeholder=usual)
    known = saved().named(name) is not None
    if known:
        st.caption(_("Takes the place of what you saved under this name."))
    words = _("Replace") if known else _("Save as “{name}”").format(name=plain(name))

    def save() -> None:
        new = str(st.session_state["combine_name"] or "").strip() or usual
        _save(identifier, facts, new, order, params, anew=known and new == name)

    st.button(
        words, key="combine_save", type="primary", width="stretch", on_click=save, disabled=not fits
    )
    if PROBLEM in st.session_state:
        show_problem(st.session_state[PROBLEM][1])
    _sizes(dataset, order, params, protocol)


def _sizes(
    dataset: Dataset, name: str, params: Mapping[str, Any], wishes: Mapping[str, Any]
) -> None:
    """Show the rows of each class before and after, or say in a sentence why not."""
    facts = compared_facts(dataset)
    st.markdown(f"**{_('What it does to the training data')}**")
    try:
        changed = STRATEGIES[name].with_params(params, facts)
        if (reason := changed.reason(facts)) is not None:
            _refused(reason)
            return
        if not changed.changes_rows:
            st.caption(
                _("It works while a model learns or decides, and leaves the table as it is.")
            )
            return
        asked = {n: wishes[n] for n in ("folds", "split", "group", "time") if n in wishes}
        protocol = Protocol(metric="log_loss", rule="none", **asked)
        usual = STRATEGIES[name].params
        different = {n: value for n, value in changed.params.items() if value != usual[n]}
        rows, promised = rows_to_look_at(name, facts, different)
        if promised > SLOW:
            words = _(
                "Even on {rows} rows it takes about {time} to try, so it is not tried here; once "
                "it is saved, the Plan page shows it."
            )
            st.caption(words.format(rows=count(rows), time=seconds(promised)))
            return
        where = f"{dataset.fingerprint}{hash(dataset.schema)}{protocol}"
        answer = beside().ask(
            f"sizes {where}{rows}{name}{sorted(different.items())}",
            lambda: _tried(dataset, name, different, protocol, rows, where),
        )
        with st.spinner(_("Trying it on {rows} training rows …").format(rows=count(rows))):
            wait([answer], timeout=PATIENCE)
        if not answer.done():
            st.caption(
                _("It takes longer than it should; once it is saved, the Plan page shows it.")
            )
            return
        _table(answer.result())
    except UserError as error:
        _refused(error.text)


def _refused(why: Text) -> None:
    st.caption(f":material/block: {plain(sentence(why), 300)}")


def _tried(
    dataset: Dataset,
    name: str,
    params: Mapping[str, Any],
    protocol: Protocol,
    rows: int,
    where: str,
) -> Effect:
    # As the page looks at it, by the same names.
    whole: TrainingPart = beside().once(where, lambda: training_part(dataset, protocol))
    part: TrainingPart = beside().once(f"{where}{rows}", lambda: whole.thinned(rows))
    effect = effect_of(part, name, params)
    assert effect is not None  # it changes rows
    return effect


def _table(effect: Effect) -> None:
    shown = effect.scaled_up()[["label", "before", "after"]]
    st.dataframe(
        shown,
        key="combine_sizes",
        hide_index=True,
        height="content" if len(shown) <= ROWS else 320,
        column_config={
            "label": st.column_config.TextColumn(_("Class")),
            "before": st.column_config.NumberColumn(_("Rows now"), format="localized"),
            "after": st.column_config.NumberColumn(_("Rows after"), format="localized"),
        },
    )
    part = effect.part
    lines = [_("Training rows of the fold that an export hands over.")]
    if part.sampled:
        words = _("Tried on {some} of {whole} of them; the numbers are estimates for all.")
        lines.append(words.format(some=count(len(part)), whole=count(sum(part.whole))))
    st.caption(in_a_row(lines))


def _save(
    identifier: str,
    facts: TableFacts,
    name: str,
    parts: str,
    params: dict[str, Any],
    *,
    anew: bool,
) -> None:
    """Save, tick what is saved, and close; or keep the sentence that tells why not."""

    def change(home: Path) -> SavedStrategy:
        return save_strategy(name, parts, params, facts, anew=anew, home=home)

    if isinstance(attempt("", change), UserError):
        return
    st.session_state.pop(REMOVED, None)
    ticks = f"plan_ticks@{identifier}"
    st.session_state[ticks] = list(dict.fromkeys([name, *st.session_state[ticks]]))
    st.session_state[f"plan_mode@{identifier}"] = "mine"
    st.session_state[f"{SETTINGS_KEY}@{identifier}"] = name
    settings_so_far(identifier).pop(name, None)
    _close()


def _free_name(parts: str) -> str:
    """Return a name for a combination that is not taken."""
    base = parts.replace("+", "_")[:36]
    mine = {one.name for one in saved().strategies}
    for name in (base, f"my_{base}", *(f"{base}_{n}" for n in range(2, 99))):
        if name not in mine and not STRATEGIES.names_any(name):
            return name
    return base
