"""The list of remedies on the Plan page: presets, search, the user's own, families."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from app.components.plan_begun import Begun, compared_facts
from app.components.plan_combine import combine_button
from app.components.plan_fields import SETTINGS_KEY, settings_so_far
from app.components.plan_pick import HEIGHT, Pick, families, matching, search
from app.components.plan_saved import MySaved, strategy_named
from app.components.texts import joined, plain
from app.i18n import _
from rebal_core.data.dataset import Dataset
from rebal_core.facts import TableFacts
from rebal_core.strategies import ALWAYS, DUMMY, QUICK, STRATEGIES, Strategy
from rebal_core.wording import Text, UserError


def remedies(begun: Begun, dataset: Dataset) -> tuple[str, list[str]]:
    """Draw the list.

    Parameters
    ----------
    begun : Begun
        Where the plan began.

    Returns
    -------
    mode : {"quick", "all", "mine"}
    ticked : list of str
        Strategies beside those that are always in.
    """
    identifier, facts = begun.place, compared_facts(dataset)
    mine = MySaved(identifier, facts)
    always = dict.fromkeys((*ALWAYS, DUMMY.strategy), Text("It is always in."))
    registered = [s for s in STRATEGIES if s.name not in always]
    reasons = {s.name: reason for s in registered if (reason := s.reason(facts))}
    fitting = [*mine.fitting, *(s.name for s in registered if s.name not in reasons)]
    first = [n for n in QUICK if n in fitting]
    _settle(identifier, fitting, first, {*STRATEGIES.names(), *mine.reasons, *mine.fitting})
    mode_key, ticks_key = f"plan_mode@{identifier}", f"plan_ticks@{identifier}"
    # The ticks outlive a look at another page, and so does the preset that they came of.
    kept = f"plan_preset@{identifier}"
    st.session_state.setdefault(mode_key, st.session_state.get(kept, "quick"))
    _presets(mode_key, ticks_key, {"quick": first, "all": fitting})
    names = " · ".join(_(STRATEGIES[n].label) for n in always)
    st.caption(_("Always in: {names}.").format(names=names))
    st.caption(_("Click a name to see its settings and what it does."))
    _tell_gone(identifier)
    pick = _pick(begun, fitting, always, {**reasons, **mine.reasons}, facts)
    wanted = search("plan")
    # What is always in is looked for, too; unasked it stands in the line above.
    found = matching(STRATEGIES if wanted else registered, wanted)
    with st.container(height="content" if wanted else HEIGHT, border=True, gap="small"):
        own = mine.draw(pick, wanted)
        families(pick, found, first, found=bool(wanted))
        if not found and not own:
            st.caption(_("No remedy is called that."))
    if any(s.name in reasons for s in found):
        st.caption(_("Grey: cannot be chosen; the reason stands below it."))
    combine_button()
    st.session_state[kept] = st.session_state[mode_key]
    return str(st.session_state[mode_key]), list(st.session_state[ticks_key])


def _settle(
    identifier: str, fitting: Sequence[str], first: Sequence[str], there: Collection[str]
) -> None:
    """Untick what fits no more, and what was removed elsewhere, which is remembered."""
    ticks_key, gone_key = f"plan_ticks@{identifier}", f"plan_gone@{identifier}"
    ticks = st.session_state.get(ticks_key, first)
    gone = [n for n in ticks if n not in there]
    st.session_state[gone_key] = [*st.session_state.get(gone_key, ()), *gone]
    st.session_state[ticks_key] = [n for n in ticks if n in fitting]


def _tell_gone(identifier: str) -> None:
    if told := st.session_state[f"plan_gone@{identifier}"]:
        words = _("Not ticked any more, as they were removed or renamed elsewhere: {names}.")
        st.caption(f":material/info: {words.format(names=joined(map(plain, told)))}")


def _pick(
    begun: Begun,
    fitting: Sequence[str],
    always: Mapping[str, Text],
    reasons: Mapping[str, Text],
    facts: TableFacts,
) -> Pick:
    """Return what the rows of the list know of the choice."""
    identifier = begun.place
    ticks_key, shown_key = f"plan_ticks@{identifier}", f"{SETTINGS_KEY}@{identifier}"
    ticks = st.session_state[ticks_key]

    def tick(strategy: Strategy, on: bool) -> None:
        names = {*st.session_state[ticks_key]}
        if strategy.name in always or on == (strategy.name in names):
            return
        names ^= {strategy.name}
        st.session_state[ticks_key] = [n for n in fitting if n in names]
        st.session_state[f"plan_mode@{identifier}"] = "mine"
        st.session_state[f"plan_gone@{identifier}"] = []
        if on:
            st.session_state[shown_key] = strategy.name

    def show(strategy: Strategy) -> None:
        tick(strategy, True)
        st.session_state[shown_key] = strategy.name

    left_out, shown = _left_out(begun, ticks, facts), st.session_state.get(shown_key, "")
    return Pick("plan", [*ticks, *always], {**reasons, **always}, tick, left_out, show, shown)


def _left_out(begun: Begun, ticks: Sequence[str], facts: TableFacts) -> dict[str, Text]:
    """Return why strategies that are ticked work with none of the chosen models as they are set."""
    models = st.session_state.get(f"plan_models@{begun.place}", begun.classifiers)
    found, values = {}, settings_so_far(begun.place)
    for name in ticks:
        strategy = strategy_named(name, facts)
        if strategy is None:
            continue
        try:
            changed = strategy.with_params(values.get(name, {}), facts)
        except UserError:  # told where it is set
            continue
        on = [strategy.learner] if strategy.learner else models
        reasons = [reason for model in on if (reason := changed.unsuitable(facts, model))]
        if reasons and len(reasons) == len(on):
            found[name] = reasons[0]
    return found


def _presets(mode_key: str, ticks_key: str, presets: dict[str, list[str]]) -> None:
    def fill() -> None:
        mode = st.session_state[mode_key]
        if mode in presets:
            st.session_state[ticks_key] = presets[mode]

    modes = {"quick": _("Quick"), "all": _("All that fit"), "mine": _("Mine")}
    st.segmented_control(
        _("Preset"),
        list(modes),
        format_func=modes.__getitem__,
        key=mode_key,
        required=True,
        label_visibility="collapsed",
        on_change=fill,
    )
