"""What a remedy that is aimed at one segment does to each: who gains, and who pays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.components.charts import is_dark
from app.components.lists_words import arm_name
from app.components.texts import bracketed, change, count, counted, interval, number, plain
from app.components.words import verdict_told
from app.i18n import _
from rebal_core.experiment.ranked import Ranked
from rebal_core.figures.theme import palette


def segments_told(ranked: Ranked) -> None:
    """Show, of each arm that is aimed at a segment, the NDCG of every segment."""
    aimed = [arm for arm in ranked.report["arms"] if arm.get("segments")]
    if not aimed:
        return
    st.subheader(
        _("By segment"),
        anchor=False,
        help=_(
            "Users by the last value that is known before what they are asked for; each segment "
            "beside the untreated model. A gain that another segment pays for is no help."
        ),
    )
    for arm in aimed:
        _table(arm, ranked.report["protocol"]["k"])


def _table(arm: Mapping[str, Any], k: int) -> None:
    told = arm["segments"]
    rows = [_row(one, told, k) for one in told["values"]]
    aim = f"{plain(told['column'], 60)} = {plain(told['target'], 60)}"
    st.markdown(f"**{arm_name(arm['arm'])}** · {aim} · {verdict_told(told['code'])}")
    if rows:
        style: Any = pd.DataFrame(rows).style
        st.dataframe(
            style.apply(_paint, axis=1, told=told), hide_index=True, key=f"segments_{arm['arm']}"
        )
    if told["left_out"]:
        words = counted(
            "1 segment is not judged: too few of its users are asked.",
            "{n} segments are not judged: too few of their users are asked, or there are too many.",
            told["left_out"],
        )
        st.caption(words)


def _row(one: Mapping[str, Any], told: Mapping[str, Any], k: int) -> dict[str, str]:
    ndcg = one["ndcg"]
    name = one["value"]
    return {
        _("Segment"): bracketed(name, _("the aim")) if name == told["target"] else name,
        _("Users asked"): count(one["visits"]),
        f"NDCG@{k}": number(ndcg["untreated"]),
        _("Treated"): number(ndcg["arm"]),
        _("Change"): change(ndcg["delta"]),
        _("Interval"): interval(ndcg["low"], ndcg["high"], to=_("to")),
        _("Change in recall"): change(one["recall"]["delta"]),
    }


def _paint(row: Any, told: Mapping[str, Any]) -> list[str]:
    """Colour the line of a segment that gains or loses beyond chance."""
    colors, one = palette(is_dark()), told["values"][row.name]
    gains = any(one[metric]["low"] > 0 for metric in ("ndcg", "recall"))
    tone = colors.worse if one["value"] in told["worse"] else colors.better if gains else None
    return [f"color: {tone}; font-weight: 600" if tone else f"color: {colors.ink}"] * len(row)
