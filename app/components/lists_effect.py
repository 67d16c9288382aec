"""What a remedy does to lists: one user's before and after, and how often items are shown."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components.charts import is_dark
from app.components.linked import begin
from app.components.lists_words import arm_names, band_colors, band_names
from app.components.texts import change, count, counted, plain, share
from app.i18n import _
from rebal_core.experiment.ranked import Ranked
from rebal_core.figures.theme import palette, translucent
from rebal_core.ranking.exposure import band_counts, exposure
from rebal_core.rows import Ints

#: Items of a user, latest last, and lines of the table of items.
LATEST, MOST_ITEMS = 12, 200


def effect(ranked: Ranked) -> None:
    """Let the reader set two arms side by side, for one user and for each item."""
    if len(ranked.arms) < 2:
        return
    st.subheader(
        _("See the effect"),
        anchor=False,
        help=_("Two arms side by side: the lists of one user, and how often each item is shown."),
    )
    _effect(ranked)


@st.fragment
def _effect(ranked: Ranked) -> None:
    before, after = _pair(ranked)
    old, new = ranked.lists(before), ranked.lists(after)
    if before == after:
        st.caption(_("Choose two arms that differ."))
        return
    if np.array_equal(old, new):
        st.caption(_("Both make the same lists for everybody."))
        return
    _user(ranked, old, new)
    _items(ranked, old, new)


def _pair(ranked: Ranked) -> tuple[str, str]:
    names, (first, second) = arm_names(ranked), preset(ranked)
    for key, value in (("lists_before", first), ("lists_after", second)):
        if st.session_state.get(key) not in ranked.arms:
            st.session_state[key] = value
    with st.container(horizontal=True):
        before = st.selectbox(
            _("Before"), ranked.arms, format_func=names.__getitem__, key="lists_before", width=330
        )
        after = st.selectbox(
            _("After"), ranked.arms, format_func=names.__getitem__, key="lists_after", width=330
        )
    return str(before), str(after)


def preset(ranked: Ranked) -> tuple[str, str]:
    """Return an untreated arm, and what was done about it that helps, or else changes its lists.

    Of several it is the one that finds most in the tail, of the best model first.
    """
    best = (ranked.report["models"] or {}).get("best")
    arms = [ranked.arm(name) for name in ranked.arms]
    treated = [arm for arm in arms if arm["verdict"]["code"] is not None]
    moved = [arm for arm in treated if _moves(ranked, arm)] or treated
    if not moved:
        return ranked.arms[0], ranked.arms[1]
    helps = [arm for arm in moved if arm["verdict"]["code"] == "HELPS"]
    after = max(helps or [arm for arm in moved if arm["model"] == best] or moved, key=_gain)
    return f"none/{after['model']}", str(after["arm"])


def _moves(ranked: Ranked, arm: Mapping[str, Any]) -> bool:
    lists = ranked.lists(arm["arm"]), ranked.lists(f"none/{arm['model']}")
    return not np.array_equal(*lists)


def _gain(arm: Mapping[str, Any]) -> float:
    return float(np.nan_to_num(arm["verdict"]["tail_recall"]["delta"], nan=-1.0))


def _user(ranked: Ranked, old: Ints, new: Ints) -> None:
    place = _asked_user(ranked, old, new)
    held, true = ranked.held(place), ranked.true(place)
    words = _("What {user} had before, the latest last")
    st.markdown(f"**{words.format(user=plain(ranked.users[place], 40))}**")
    more = len(held) - LATEST
    chips = [_chip(ranked, item) for item in held[-LATEST:]]
    if more > 0:
        told = counted("1 earlier", "{n} earlier", more)
        chips.insert(0, f"<span style='color:{palette(is_dark()).mute}'>{told}</span>")
    row = "display:flex;flex-wrap:wrap;gap:.35rem;font-size:.86rem"
    st.html(f'<div style="{row}">{"".join(chips)}</div>')
    st.caption(_where(ranked, true, old[place], new[place]))
    grid = st.grid(2, min_column_width=320, gap="medium")
    with grid.cell():
        _list(ranked, _("Before"), old[place], new[place], true, after=False)
    with grid.cell():
        _list(ranked, _("After"), new[place], old[place], true, after=True)


def _asked_user(ranked: Ranked, old: Ints, new: Ints) -> int:
    """Return the user that is looked for; else the one whose list changes most."""
    begin("lists_user", "")
    wanted = st.text_input(
        _("User"),
        key="lists_user",
        type="search",
        placeholder=_("Find a user; without a name, the one whose list changes most"),
        width=420,
    )
    wanted = str(wanted or "").strip().casefold()
    most = int(changed(old, new).argmax())
    if not wanted:
        return most
    found = [k for k, user in enumerate(ranked.users) if wanted in str(user).casefold()]
    if not found:
        st.caption(_("Nobody is called that; shown is the one whose list changes most."))
        return most
    if len(found) > 1:
        st.caption(_("{n} users are called so; shown is the first.").format(n=count(len(found))))
    whole = [k for k in found if str(ranked.users[k]).casefold() == wanted]
    return (whole or found)[0]


def changed(old: Ints, new: Ints) -> Ints:
    """Return how many items of each list are not in the other one, shape (n,)."""
    there = (new[:, :, None] == old[:, None, :]).any(axis=2)
    found: Ints = ((new >= 0) & ~there).sum(axis=1)
    return found


def _chip(ranked: Ranked, item: int) -> str:
    """Return an item on the colour of its band, as HTML."""
    band = int(ranked.arrays["bands"][item])
    shade = translucent(band_colors()[band], 0.35)
    style = f"background:{shade};border-radius:4px;padding:.05rem .4rem"
    title = html.escape(" · ".join(filter(None, (band_names()[band], str(ranked.about[item])))))
    return f'<span style="{style}" title="{title}">{html.escape(str(ranked.items[item]))}</span>'


def _where(ranked: Ranked, true: Ints, old: Ints, new: Ints) -> str:
    """Say what came next, and on which place of each list it stands."""
    told = []
    for item in true:
        text = _("What came next: {item} ({band}). Before: {old}; after: {new}.")
        name, band = plain(ranked.items[item], 40), band_names()[ranked.arrays["bands"][item]]
        told.append(text.format(item=name, band=band, old=_place(item, old), new=_place(item, new)))
    return "  \n".join(told)


def _place(item: int, shown: Ints) -> str:
    at = np.flatnonzero(shown == item)
    return _("place {n}").format(n=at[0] + 1) if at.size else _("not shown")


def _list(ranked: Ranked, title: str, shown: Ints, other: Ints, true: Ints, *, after: bool) -> None:
    """Draw one list: place, item, band, what became of it, and whether it came next."""
    colors = palette(is_dark())
    lines = []
    for place, item in enumerate(shown[shown >= 0]):
        at = np.flatnonzero(other == item)
        moved, tone = _moved(place, int(at[0]) if at.size else None, after=after)
        next_ = f' <b style="color:{colors.better}">★ {_("came next")}</b>' if item in true else ""
        about = html.escape(str(ranked.about[item]))
        cells = (
            f'<td style="width:2rem">{place + 1}</td>',
            f"<td>{_chip(ranked, item)} <small>{about}</small>{next_}</td>",
            f'<td style="color:{getattr(colors, tone)};text-align:right;white-space:nowrap">'
            f"{moved}</td>",
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    head = f'<tr><th colspan="3">{title}</th></tr>'
    st.html(f'<table class="words">{head}{"".join(lines)}</table>')


def _moved(place: int, other: int | None, *, after: bool) -> tuple[str, str]:
    """Return what became of an item and its tone: it came, went, rose, fell or stayed."""
    if other is None:
        return (_("new"), "better") if after else (_("gone"), "worse")
    if not after or other == place:
        return "", "mute"
    rose = other - place
    return (f"↑{rose}", "better") if rose > 0 else (f"↓{-rose}", "mute")


def _items(ranked: Ranked, old: Ints, new: Ints) -> None:
    """Tell how often items are shown before and after, those that change most first."""
    st.subheader(
        _("How often each item is shown"),
        anchor=False,
        help=_("In the lists of all users who are asked; the items that change most come first."),
    )
    bands, names = ranked.arrays["bands"], band_names()
    st.caption(_places(ranked, old, new))
    wanted = st.text_input(
        _("Item"), key="lists_item", type="search", placeholder=_("Find an item"), width=420
    )
    was, now = exposure(old, len(bands)), exposure(new, len(bands))
    order = np.argsort(-np.abs(now - was), kind="stable")
    if wanted := str(wanted or "").strip().casefold():
        order = np.array([k for k in order if wanted in str(ranked.items[k]).casefold()], int)
        if not order.size:
            st.caption(_("No item is called that."))
            return
    shown = order[:MOST_ITEMS]
    frame = pd.DataFrame(
        {
            _("Item"): ranked.items[shown],
            _("What it is"): ranked.about[shown],
            _("Band"): [names[band] for band in bands[shown]],
            _("Events"): ranked.arrays["popularity"][shown],
            _("Shown before"): was[shown],
            _("Shown after"): now[shown],
            _("Change"): (now - was)[shown],
        }
    )
    if not any(ranked.about):
        frame = frame.drop(columns=_("What it is"))
    style: Any = frame.style
    style = style.format(partial(change, digits=0), subset=[_("Change")])
    st.dataframe(style, hide_index=True, key="lists_items", height=318)
    if len(order) > len(shown):
        words = _("The {n} items that change most, of {all}.")
        st.caption(words.format(n=count(len(shown)), all=count(len(order))))


def _places(ranked: Ranked, old: Ints, new: Ints) -> str:
    """Return which share of all places shows head, mid and tail, before and after."""
    parts = []
    both = [band_counts(lists, ranked.arrays["bands"]).sum(axis=0) for lists in (old, new)]
    was, now = (counts / max(counts.sum(), 1) for counts in both)
    for band, name in enumerate(band_names()):
        parts.append(f"{name} {share(was[band])} → {share(now[band])}")
    return _("Places of all lists: {parts}").format(parts=" · ".join(parts))
