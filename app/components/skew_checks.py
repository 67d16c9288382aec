"""The side of the Skew page: what the checks found, and what usually works here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from app import cache
from app.components.texts import plain
from app.i18n import _
from app.state import store
from rebal_core.checks import CHECKS
from rebal_core.checks.base import Finding
from rebal_core.data.unused import left_out_by_user

_ICONS = {"issue": ":material/block:", "tip": ":material/warning:"}


def checks(identifier: str) -> None:
    """Draw a card for each thing to look at, and count what passed."""
    found = cache.findings(identifier)
    cards = [f for f in found if f.severity != "passed"]
    passed = [f for f in found if f.severity == "passed"]
    st.subheader(_("Checks"), anchor=False)
    words = _("{n} to look at, {m} passed")
    st.caption(words.format(n=len(cards), m=len(passed)))
    for number, finding in enumerate(cards):
        _card(identifier, finding, number)
    _left_out(identifier)
    if passed:
        with st.popover(_("What passed"), type="tertiary"):
            for finding in passed:
                st.markdown(f":gray[{finding.code}] {sentence(finding)}")


def sentence(finding: Finding) -> str:
    """Return what was found, in the reader's language, with strangers' words escaped."""
    values = {
        k: plain(v, 200) if isinstance(v, str) else v
        for k, v in finding.values.items()
        if k != "text"
    }
    return _(str(finding.values.get("text", finding.message))).format(**values)


def _card(identifier: str, finding: Finding, number: int) -> None:
    check = CHECKS.find(finding.code)
    with st.container(border=True):
        icon = _ICONS[finding.severity]
        st.markdown(f"{icon} **{_(check.title)}** :gray[{finding.code}]  \n{sentence(finding)}")
        with st.popover(_("Why it matters"), type="tertiary", key=f"skew_why_{number}"):
            st.markdown(f"{_(check.why)}\n\n{_(check.fix)}")
        if check.answerable and finding.columns:
            _answers(identifier, finding.columns[0], number)


def _answers(identifier: str, column: str, number: int) -> None:
    """Offer the two answers to a column that may not be known, before anything is run."""
    dataset = store().dataset(identifier)
    schema = dataset.schema
    with st.container(horizontal=True):
        if st.button(_("Leave it out"), key=f"skew_drop_{number}"):
            # What was noted of it is no longer the reason.
            columns = [replace(c, note="") if c.name == column else c for c in schema.columns]
            schema = replace(schema, columns=tuple(columns))
            dataset.with_schema(schema.with_role("ignore", column))
            st.rerun()
        if st.button(_("It is known before"), key=f"skew_trust_{number}", type="tertiary"):
            dataset.trusting([column])
            st.rerun()


def _left_out(identifier: str) -> None:
    """List the columns that the user left out, each with the way back."""
    dataset = store().dataset(identifier)
    names = [c.name for c in dataset.schema.columns if left_out_by_user(c)]
    if not names:
        return
    with st.popover(_("Left out by you: {n}").format(n=len(names)), type="tertiary"):
        for number, name in enumerate(names):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{plain(name)}**")
                if st.button(_("Take it back"), key=f"skew_undo_{number}"):
                    dataset.with_schema(dataset.schema.with_role("feature", name))
                    st.rerun()


def advice(facts: dict[str, Any]) -> None:
    """Say what usually works for a table like this, before anything was measured."""
    rare = facts["focus"]["count"]
    lines = [
        _("**Leave the data alone, tune the cut-off.** It is in every comparison."),
        _(
            "**Under-sample with prior correction**: often the same quality in a fraction of the "
            "time."
        )
        if facts["rows"] > 20_000
        else _("**Class weights**: no row is added or lost."),
    ]
    if rare < 100:
        lines.append(
            _(
                "**More rows of the rare class**, if they would settle it: with fewer than 100 "
                "small differences seldom show, and the comparison says how many would."
            )
        )
    st.subheader(_("What usually works here"), anchor=False)
    st.markdown("\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1)))
