"""Behaviour over time on the Skew page: who and what is new or gone, and whose share moves."""

from __future__ import annotations

import streamlit as st

from app import cache
from app.components.charts import behaviour_words, draw, is_dark
from app.components.texts import count, in_a_row, plain, share
from app.i18n import _, sentence
from rebal_core.data.log_columns import LogGuess
from rebal_core.figures.behaviour import newcomer_bars, rate_map
from rebal_core.wording import UserError


def newcomers(identifier: str, log: LogGuess) -> None:
    """Draw which share of the events is of users and items that were not seen before."""
    st.subheader(_("Cold users and items"), anchor=False)
    if log.moment is None:
        st.caption(_("No column tells the time."))
        return
    columns = {"users": log.user, "items": log.item}
    try:
        found = {
            who: cache.behaviour(identifier, "newcomers", column, log.moment)
            for who, column in columns.items()
            if column
        }
    except UserError as error:
        st.caption(plain(sentence(error.text), 300))
        return
    found = {who: parts for who, parts in found.items() if len(parts)}
    if not found:
        st.caption(_("All events are of one moment."))
        return
    last = {who: share(parts["rate"].iloc[-1]) for who, parts in found.items()}
    told = {
        "users": _("{share} of the newest fifth of the events are of users not seen before."),
        "items": _("{share} of the newest fifth of the events are of items not seen before."),
    }
    st.markdown(in_a_row(told[who].format(share=part) for who, part in last.items()))
    draw(newcomer_bars(found, words=behaviour_words(None), dark=is_dark()), "behaviour_cold")


@st.fragment
def drift(identifier: str, log: LogGuess, label: str | None) -> None:
    """Draw the most frequent values of a column by part of the time."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Drift over time"), anchor=False, width="content")
        column = st.selectbox(
            _("Values of"),
            [name for name in (log.item, *log.others, log.user) if name],
            key=f"behaviour_drift_{identifier}",
            label_visibility="collapsed",
            width=200,
        )
        of_class = label is not None and st.toggle(
            _("Rate of “{label}”").format(label=plain(label, 24)),
            key=f"behaviour_drift_rate_{identifier}",
        )
    if log.moment is None:
        st.caption(_("No column tells the time."))
        return
    try:
        moved = cache.behaviour(identifier, "turnover", column, log.moment)
        found = cache.behaviour(
            identifier, "drift", column, log.moment, label if of_class else None
        )
    except UserError as error:
        st.caption(plain(sentence(error.text), 300))
        return
    if len(moved) < 2:
        st.caption(_("All events are of one moment."))
        return
    newest = moved.iloc[-1]
    words = _(
        "The time is cut into parts of equally many events. Values in the newest: {n}, of which "
        "new (+): {new}; of the part before are gone (−): {gone}."
    )
    told = {name: count(newest[name]) for name in ("new", "gone")}
    st.markdown(words.format(n=count(newest["values"]), **told))
    heads = [f"+{count(part['new'])} −{count(part['gone'])}" for _k, part in moved.iterrows()]
    figure = rate_map(
        found,
        down=column,
        across=behaviour_words(label).since,
        heads=["", *heads[1:]],
        of_class=bool(of_class),
        words=behaviour_words(label),
        dark=is_dark(),
    )
    draw(figure, "behaviour_drift")
