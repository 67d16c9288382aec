"""Strategies to tick, family by family; one that cannot be chosen is greyed with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import streamlit as st

from app.components.texts import in_a_row, plain
from app.components.words import abouts, mark, pitfalls
from app.i18n import _, sentence
from rebal_core.families import FAMILIES
from rebal_core.strategies import STRATEGIES, Strategy
from rebal_core.wording import Text

#: Pixels of a list that scrolls.
HEIGHT = 480


@dataclass(frozen=True)
class Pick:
    """What the rows of a list know of the choice.

    Parameters
    ----------
    key : str
        Stands before the keys of the widgets.
    ticks : sequence of str
        Names of those that are ticked.
    reasons : mapping of name to Text
        Why one cannot be ticked.
    tick : callable
        Called when one is ticked (True), or not any more (False). It may be called for what is so
        already: of a box that is gone, a browser in a hurry tells its state once more.
    left_out : mapping of name to Text
        Why one that is ticked will be left out all the same.
    show : callable, optional
        Called when a name is clicked; without it a click on the name ticks.
    shown : str
        The one whose settings are open.
    """

    key: str
    ticks: Sequence[str]
    reasons: Mapping[str, Text]
    tick: Callable[[Strategy, bool], None]
    left_out: Mapping[str, Text] = field(default_factory=dict)
    show: Callable[[Strategy], None] | None = None
    shown: str = ""


def search(key: str) -> str:
    """Ask what is looked for, in either language."""
    found: str = st.text_input(
        _("Search"),
        key=f"{key}_search",
        placeholder=_("Search: SMOTE, undersampling, 随机过采样"),
        label_visibility="collapsed",
    )
    return found.strip()


def matching(strategies: Iterable[Strategy], wanted: str) -> list[Strategy]:
    """Return the strategies that a search finds; those that are saved also by their parts."""
    found = {spec.name for spec in STRATEGIES.search(wanted, _)}

    def matches(strategy: Strategy) -> bool:
        own = bool(strategy.made_of) and wanted.casefold() in strategy.name
        return own or not found.isdisjoint((strategy.made_of or strategy.name).split("+"))

    return [strategy for strategy in strategies if matches(strategy)]


def families(
    pick: Pick, strategies: Sequence[Strategy], first: Sequence[str] = (), *, found: bool = False
) -> None:
    """Draw strategies under the headings of their families.

    Parameters
    ----------
    first : sequence of str
        Those that lead their families, which stand open.
    found : bool
        Whether they are what a search has found, and so are all seen at once.
    """
    for family, members in groupby(ordered(strategies, first), key=lambda s: s.family):
        rows = list(members)
        words = f"{mark(family)} {FAMILIES[family].title.render(_)}"
        is_open = any(s.name in first for s in rows)
        with heading(pick, family, words, rows, is_open=is_open, found=found):
            shared = _shared_reason(pick, rows)
            if shared is not None:
                st.caption(plain(sentence(shared), 300))
            for strategy in rows:
                row(pick, strategy, told=pick.reasons.get(strategy.name) == shared)


def ordered(strategies: Sequence[Strategy], first: Sequence[str] = ()) -> list[Strategy]:
    """Return strategies by family, each below the rival that it has to beat; `first` leads them."""
    kinds, places = list(FAMILIES), {s.name: place for place, s in enumerate(strategies)}

    def place(s: Strategy) -> tuple[int, bool, int, bool]:
        rival = s.rival if s.rival in places else None
        return (
            kinds.index(s.family),
            s.name not in first,
            places[rival or s.name],
            rival is not None,
        )

    return sorted(strategies, key=place)


def _shared_reason(pick: Pick, rows: Sequence[Strategy]) -> Text | None:
    """Return the one reason why no more of a family can be ticked: it is told once."""
    found = [
        pick.reasons.get(strategy.name) for strategy in rows if strategy.name not in pick.ticks
    ]
    one = next(iter(found), None)
    return one if len(found) > 1 and all(reason == one for reason in found) else None


def heading(
    pick: Pick, name: str, words: str, rows: Sequence[Strategy], *, is_open: bool, found: bool
) -> st.delta_generator.DeltaGenerator:
    """Return what stands under a heading, which tells how many of those that fit are compared."""
    n = sum(s.name in pick.ticks and s.name not in pick.left_out for s in rows)
    fit = sum(s.name not in pick.reasons or s.name in pick.ticks for s in rows)
    told = _("{n} of {all}").format(n=n, all=fit) if fit else _("none fits")
    words = f"**{words}** :gray[{told}]"
    if found:
        st.markdown(words)
        return st.container(gap="small")
    return st.expander(words, expanded=is_open, key=f"{pick.key}_{name}_family", type="compact")


def row(pick: Pick, strategy: Strategy, *, told: bool = False) -> None:
    """Draw one strategy; where its reason is told already, without it."""
    name = strategy.name
    box, reason = f"{pick.key}_tick_{name}", pick.reasons.get(name)
    st.session_state[box] = name in pick.ticks
    # A heading has the mark of its family; the user's own are of any.
    words = f"{mark(strategy.family)} {name}" if strategy.made_of else _(strategy.label)
    off = reason is not None

    def tick() -> None:
        pick.tick(strategy, st.session_state[box])

    if pick.show is None:
        st.checkbox(words, key=box, help=card(strategy), on_change=tick, disabled=off)
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.checkbox(words, key=box, on_change=tick, disabled=off, label_visibility="collapsed")
            st.button(
                f"**{words}**" if name == pick.shown else words,
                key=f"{pick.key}_show_{name}",
                type="tertiary",
                on_click=pick.show,
                args=(strategy,),
                disabled=off,
            )
            # Not on the name: a tooltip there covers the settings while the pointer rests.
            st.markdown("", help=card(strategy), width="content")
    if reason is not None and not told:
        st.caption(plain(sentence(reason), 300))
    elif name in pick.left_out:
        words = _("Left out so far: {reason}")
        st.caption(words.format(reason=plain(sentence(pick.left_out[name]), 300)))


def card(strategy: Strategy) -> str:
    """Return what a user should know of a remedy before ticking it."""
    lines = abouts(strategy)
    wrong = in_a_row(pitfalls(strategy))
    if wrong:
        lines.append(_("What articles get wrong: {pitfall}").format(pitfall=wrong))
    return "  \n".join([*lines, f":gray[{strategy.reference}]"])
