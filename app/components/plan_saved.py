"""Strategies of the user's own on the Plan page: ticked, renamed, removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from app.components.plan_fields import SETTINGS_KEY, settings_so_far
from app.components.plan_pick import Pick, heading, matching, row
from app.components.states import show_problem
from app.components.texts import plain
from app.components.words import made_label
from app.i18n import _, sentence
from app.state import saved, store
from rebal_core.facts import TableFacts
from rebal_core.strategies import STRATEGIES, SavedStrategy, Strategy
from rebal_core.strategies.saved import (
    refuse_name,
    remove_strategy,
    rename_strategy,
    restore_strategy,
)
from rebal_core.wording import Text, UserError

#: Of this session: what was removed last; which change was refused, and why.
REMOVED, PROBLEM = "plan_removed", "plan_refused"


def strategy_named(name: str, facts: TableFacts) -> Strategy | None:
    """Return a registered strategy, or a saved one with its settings as they are on this table.

    None where there is none that suits the table: another session may have removed or changed it
    since the list was drawn.
    """
    one = saved().named(name)
    if one is None:
        known = name in STRATEGIES
        return STRATEGIES[name] if known else None
    try:
        return one.strategy.with_params({}, facts)
    except UserError:
        return None


def asked_of_saved(ticked: Sequence[str]) -> list[dict[str, Any]]:
    """Return the saved strategies among those that are ticked, as plain values for a plan."""
    return [asdict(one) for one in saved().strategies if one.name in ticked]


def name_problem(name: str, before: str = "") -> Text | None:
    """Return why a saved strategy cannot have a name; ``before`` is the one that it has."""
    if name == before:
        return None
    try:
        refuse_name(name)
    except UserError as error:
        return error.text
    found = saved()
    if before and found.has(name):
        return Text("You have saved “{name}” already; choose another name.", {"name": name})
    return None


def name_field(key: str, before: str = "", placeholder: str = "") -> tuple[str, bool]:
    """Ask for a name, with its rule beside it; return it, and whether it can be one.

    Where nothing is typed the placeholder is the name.
    """
    typed = st.text_input(_("Name"), key=key, placeholder=placeholder, max_chars=40, live=True)
    name = str(typed).strip() or placeholder
    problem = name_problem(name, before)
    if problem is None:
        words = _("Small letters a to z, digits and _; it is the same on the command line.")
        st.caption(words)
    else:
        st.caption(f":material/block: {plain(sentence(problem), 300)}")
    return name, problem is None


class MySaved:
    """The saved strategies on one table.

    Parameters
    ----------
    identifier : str
        Where the plan began; it ends the keys of the fields.
    facts : TableFacts

    Attributes
    ----------
    fitting : list of str
        Names of those that can be ticked.
    reasons : dict of str to Text
        Why the others cannot.
    """

    def __init__(self, identifier: str, facts: TableFacts) -> None:
        self._identifier, self._found = identifier, saved()
        self.reasons: dict[str, Text] = dict(self._found.unusable)
        self._strategies: list[Strategy] = []
        for one in self._found.strategies:
            strategy = one.strategy
            try:
                strategy = strategy.with_params({}, facts)
                reason = strategy.reason(facts)
            except UserError as error:
                reason = error.text
            self._strategies.append(strategy)
            if reason is not None:
                self.reasons[one.name] = reason
        self.fitting = [s.name for s in self._strategies if s.name not in self.reasons]

    def draw(self, pick: Pick, wanted: str) -> bool:
        """Draw those that a search finds; tell whether there are any."""
        if self._found.damage is not None:
            show_problem(self._found.damage)
        _undo()
        refused = st.session_state.get(PROBLEM)
        if refused and refused[0] and not self._found.has(refused[0]):
            show_problem(refused[1])  # its row went elsewhere
        rows = matching(self._strategies, wanted)
        broken = [n for n in self._found.unusable if wanted.casefold() in n.casefold()]
        if not rows and not broken:
            return False
        with heading(pick, "own", _("Your own"), rows, is_open=True, found=bool(wanted)):
            for strategy in rows:
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    with st.container(gap=None):
                        row(pick, strategy)
                    _more(self._identifier, strategy.name, self._found.named(strategy.name))
            for name in broken:
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    with st.container():
                        why = plain(sentence(self.reasons[name]), 300)
                        st.caption(f"**{plain(name)}**  \n{why}")
                    _more(self._identifier, name, None)
        return True


def _more(identifier: str, name: str, one: SavedStrategy | None) -> None:
    """Draw what can be done with a saved strategy."""
    with st.popover("", icon=":material/more_horiz:", type="tertiary", key=f"plan_more_{name}",
                    help=_("Rename or remove")):  # fmt: skip
        if one is not None:
            st.markdown(plain(made_label(one), 400))
        key = f"plan_name_{name}"
        st.session_state.setdefault(key, name)
        new, fits = name_field(key, before=name)
        with st.container(horizontal=True):
            st.button(_("Rename"), key=f"plan_rename_{name}", on_click=_rename,
                      args=(identifier, name, key), disabled=not fits or new == name)  # fmt: skip
            st.button(_("Remove"), key=f"plan_remove_{name}", on_click=_remove,
                      args=(identifier, name))  # fmt: skip
    if (told := st.session_state.get(PROBLEM)) and told[0] == name:
        show_problem(told[1])


def attempt(name: str, change: Callable[..., Any], *values: Any) -> Any:
    """Do what may be refused; keep the sentence for the row."""
    st.session_state.pop(PROBLEM, None)
    try:
        return change(*values, home=store().home.path)
    except UserError as error:
        st.session_state[PROBLEM] = (name, error.text)
        return error


def _rename(identifier: str, name: str, key: str) -> None:
    new = str(st.session_state[key]).strip()
    if not isinstance(attempt(name, rename_strategy, name, new), UserError):
        ticks = f"plan_ticks@{identifier}"
        st.session_state[ticks] = [new if n == name else n for n in st.session_state[ticks]]
        chosen, shown = settings_so_far(identifier), f"{SETTINGS_KEY}@{identifier}"
        if name in chosen:
            chosen[new] = chosen.pop(name)
        if st.session_state.get(shown) == name:
            st.session_state[shown] = new


def _remove(identifier: str, name: str) -> None:
    entry = attempt(name, remove_strategy, name)
    if not isinstance(entry, UserError):
        ticks = f"plan_ticks@{identifier}"
        st.session_state[REMOVED] = (identifier, name, entry, name in st.session_state[ticks])
        st.session_state[ticks] = [n for n in st.session_state[ticks] if n != name]


def _undo() -> None:
    """Offer what was removed last back."""
    if REMOVED not in st.session_state:
        return
    identifier, name, entry, ticked = st.session_state[REMOVED]

    def back() -> None:
        restore_strategy(name, entry, home=store().home.path)
        ticks = f"plan_ticks@{identifier}"
        if ticked and name not in st.session_state[ticks]:
            st.session_state[ticks] = [name, *st.session_state[ticks]]
        del st.session_state[REMOVED]

    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("“{name}” is removed.").format(name=plain(name)))
        st.button(
            _("Undo"), key="plan_undo", type="tertiary", icon=":material/undo:", on_click=back
        )
