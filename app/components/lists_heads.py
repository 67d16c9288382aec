"""How well the chances that a model tells are what happens: of a click, of a purchase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.components.lists_words import arm_name
from app.components.texts import count, number, plain, share
from app.i18n import _
from app.i18n import sentence as translated
from rebal_core.experiment.ranked import Ranked


def chances_told(ranked: Ranked) -> None:
    """Show, of each arm that tells chances, how those of the last fifth of the time came out."""
    told = [arm for arm in ranked.report["arms"] if arm.get("heads")]
    if not told:
        return
    st.subheader(
        _("Chances of a click and of a purchase"),
        anchor=False,
        help=_(
            "Learned from what was before the last fifth of the time, and judged on that. A "
            "normalised entropy below 1 knows more than the mean rate; E/O above 1 is too high."
        ),
    )
    for arm in told:
        _of_arm(arm)


def _of_arm(arm: Mapping[str, Any]) -> None:
    heads = arm["heads"]
    st.markdown(f"**{arm_name(arm['arm'])}**")
    if heads["reason"]:
        st.caption(plain(translated(heads["reason"]), 400))
        return
    rows = [_row(name, one) for name, one in heads["tasks"].items()]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key=f"chances_{arm['arm']}")
    for name, one in heads["tasks"].items():
        st.caption(f"{_named(name)} · {plain(translated(one['sentence']), 400)}")


def _named(task: str) -> str:
    return {"click": _("Click"), "buy": _("Purchase")}[task]


def _row(name: str, one: Mapping[str, Any]) -> dict[str, str]:
    scores, (low, high) = one["scores"], one["intervals"]["normalised_entropy"]
    return {
        _("Chance of"): _named(name),
        _("Shown"): count(one["shown"]),
        _("Happened"): count(one["happened"]),
        _("Foretold (E/O)"): number(scores["calibration_ratio"], 2),
        _("Normalised entropy"): number(scores["normalised_entropy"]),
        _("Interval"): f"{number(low)} {_('to')} {number(high)}",
        _("Average precision"): number(scores["average_precision"]),
        _("Rate"): share(one["rate"]),
    }
