"""The list of remedies on the Plan page: presets, search, ticks, reasons."""

from __future__ import annotations

import streamlit as st

from app.components.texts import plain
from app.components.words import mark
from app.i18n import _
from rebal_core.data.dataset import Dataset
from rebal_core.experiment.sizes import facts_of
from rebal_core.facts import TableFacts
from rebal_core.strategies import ALWAYS, DUMMY, QUICK, STRATEGIES, Strategy

#: Remedies shown without scrolling.
ROWS = 10


def remedies(identifier: str, dataset: Dataset) -> tuple[str, list[str]]:
    """Draw the list.

    Returns
    -------
    mode : {"quick", "all", "mine"}
    ticked : list of str
        Strategies beside those that are always in.
    """
    facts = facts_of(dataset, dataset.schema)
    fitting = [s.name for s in _choosable() if s.reason(facts) is None]
    mode_key, ticks_key = f"plan_mode@{identifier}", f"plan_ticks@{identifier}"
    first = [n for n in QUICK if n in fitting]
    ticks = st.session_state.setdefault(ticks_key, first)
    # The ticks outlive a look at another page, the preset does not.
    st.session_state.setdefault(mode_key, "quick" if ticks == first else "mine")

    def preset() -> None:
        if st.session_state[mode_key] == "quick":
            st.session_state[ticks_key] = first
        elif st.session_state[mode_key] == "all":
            st.session_state[ticks_key] = fitting

    modes = {"quick": _("Quick"), "all": _("All that fit"), "mine": _("Mine")}
    st.segmented_control(
        _("Preset"),
        list(modes),
        format_func=modes.__getitem__,
        key=mode_key,
        required=True,
        label_visibility="collapsed",
        on_change=preset,
    )
    names = " · ".join(_(STRATEGIES[n].label) for n in (*ALWAYS, DUMMY.strategy))
    st.caption(_("Always in: {names}.").format(names=names))
    wanted = st.text_input(
        _("Search"),
        key="plan_search",
        placeholder=_("Search: SMOTE, undersampling, 随机过采样"),
        label_visibility="collapsed",
    )
    found = [s for s in STRATEGIES.search(wanted) if s in _choosable()]
    with st.container(height=400 if len(found) > ROWS else "content", border=True):
        for strategy in found:
            _tick(identifier, strategy, facts)
        if not found:
            st.caption(_("No remedy is called that."))
    if any(strategy.reason(facts) for strategy in found):
        st.caption(_("Grey: does not fit your data; the reason stands below it."))
    return str(st.session_state[mode_key]), list(st.session_state[ticks_key])


def _choosable() -> list[Strategy]:
    return [s for s in STRATEGIES if s.name not in (*ALWAYS, DUMMY.strategy)]


def _tick(identifier: str, strategy: Strategy, facts: TableFacts) -> None:
    """Draw one remedy; one that cannot serve the table is greyed with its reason."""
    reason = strategy.reason(facts)
    ticks_key, key = f"plan_ticks@{identifier}", f"plan_tick_{strategy.name}"
    st.session_state[key] = strategy.name in st.session_state[ticks_key]

    def changed() -> None:
        ticks = [n for n in st.session_state[ticks_key] if n != strategy.name]
        chosen = [*ticks, strategy.name] if st.session_state[key] else ticks
        st.session_state[ticks_key] = [s.name for s in _choosable() if s.name in chosen]
        st.session_state[f"plan_mode@{identifier}"] = "mine"

    st.checkbox(
        f"{mark(strategy.family)} {_(strategy.label)}",
        key=key,
        disabled=reason is not None,
        help=f"{_(strategy.about)}  \n:gray[{strategy.reference}]",
        on_change=changed,
    )
    if reason is not None:
        st.caption(plain(reason.render(_), 300))
