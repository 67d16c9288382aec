"""What a ranking found: the sentence first, then every arm with its numbers and its verdict."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.components.charts import draw, is_dark
from app.components.lists_made import log_told
from app.components.lists_words import (
    arm_name,
    arm_names,
    band_names,
    families,
    marks,
    metrics_said,
    remedy_name,
)
from app.components.texts import change, count, counted, in_a_row, number, plain, share
from app.components.words import verdict_told
from app.i18n import _
from app.i18n import sentence as translated
from rebal_core.experiment.ranked import Ranked
from rebal_core.figures.ranking import recall_bands
from rebal_core.figures.theme import family_style, palette
from rebal_core.ranking.scored import OVER

#: Below so many visits even large differences are within chance.
FEW = 300
#: Where the page is narrow, what is cut off is not the verdict.
WIDTHS = {"mark": 28, "arm": 200, "verdict": 106, "ndcg": 84, "recall": 84, "head": 66, "mid": 66,
          "tail": 66, "beside": 96, "cold": 66, "coverage": 84, "gini": 64,
          "popularity_lift": 100}  # fmt: skip


def said_first(ranked: Ranked) -> None:
    """Say in one sentence what was found, and on what it rests."""
    log, protocol = ranked.report["log"], ranked.report["protocol"]
    said = html.escape(translated(ranked.report["verdict"]))
    st.html(f'<div class="v"><div class="s">{said}</div></div>')
    words = _(
        "{events} events of {users} users on {items} items; judged by the last event of each of "
        "{visits} users."
    )
    told = words.format(
        events=count(log["events"]),
        users=count(log["users"]),
        items=count(log["items"]),
        visits=count(protocol["visits"]),
    )
    few = _("So few tell only large differences.") if protocol["visits"] < FEW else ""
    beside = [protocol.get("repeats"), ranked.report["windows"]]
    more = [plain(translated(one["sentence"]), 400) for one in beside if one and one["sentence"]]
    st.caption(in_a_row([told, few, *more]))
    log_told(ranked)


def arms_told(ranked: Ranked) -> None:
    """Draw the table of arms, their recall by band, and say what is said of each."""
    if not ranked.arms:
        _left_out(ranked)
        return
    k, bands = ranked.report["protocol"]["k"], ranked.report["protocol"]["bands"]
    st.subheader(
        _("Arms, each remedy against re-ranking at its price"),
        anchor=False,
        help=_(
            "A remedy has to find more of the tail than the untreated model re-ranked as far as "
            "costs the same NDCG; re-ranking itself is judged against the order that it came from."
        ),
    )
    _table(ranked, k)
    _left_out(ranked)
    st.subheader(
        _("Recall in head, mid and tail"),
        anchor=False,
        help=_(
            "The head are the most popular items that have half of the events, the tail begins "
            "after 80%. Bars are 95% intervals."
        ),
    )
    titles = dict(zip(OVER, (_("all items"), *band_names()), strict=True))
    for band, held in bands.items():
        visits = counted("1 user", "{n} users", held["visits"])
        titles[band] = f"{titles[band]} · {visits}"
    figure = recall_bands(
        pd.DataFrame(_recalls(ranked)),
        {arm: family for arm, family in families(ranked).items() if arm in ranked.arms},
        titles,
        labels=arm_names(ranked),
        dark=is_dark(),
    )
    draw(figure, "lists_recall", letters=30)
    _sentences(ranked)


def _table(ranked: Ranked, k: int) -> None:
    said, (head, mid, tail) = metrics_said(k), band_names()
    done = [arm for arm in ranked.report["arms"] if arm["status"] == "done"]
    signs, kinds = marks(ranked), families(ranked)
    frame = pd.DataFrame([_row(arm, signs) for arm in done], columns=list(WIDTHS))
    cold = ranked.report["protocol"]["cold"]["visits"]
    if not cold:
        frame = frame.drop(columns="cold")
    recall, about = said["recall"]
    names = {
        **{name: said[name] for name in ("ndcg", "coverage", "gini", "popularity_lift")},
        "mark": (" ", None),
        "arm": (_("Remedy · model"), None),
        "recall": (recall, about),
        "head": (head, _("Recall where the item that came next is in the head.")),
        "mid": (mid, _("Recall where it is in the middle.")),
        "tail": (tail, _("Recall where it is in the tail.")),
        "beside": (
            _("judged against"),
            _(
                "Recall in the tail of what the arm is judged against: the untreated model, "
                "re-ranked in the better of two ways as far as costs the same NDCG; for re-ranking "
                "itself the order that it came from."
            ),
        ),
        "cold": (_("cold"), _cold(cold)),
        "verdict": (_("Verdict"), None),
    }
    numbers = ("ndcg", "recall", "head", "mid", "tail", "beside", *(["cold"] if cold else []))
    style: Any = frame.style
    style = style.format(number, subset=list(numbers))
    style = style.format(partial(number, digits=2), subset=["gini"])
    style = style.format(share, subset=["coverage"]).format(_lift, subset=["popularity_lift"])
    st.dataframe(
        style.apply(_paint, axis=1, done=done, kinds=kinds),
        key="lists_arms",
        hide_index=True,
        height="content",
        placeholder="–",
        column_config={
            name: st.column_config.Column(names[name][0], help=names[name][1], width=width)
            for name, width in WIDTHS.items()
            if name in frame
        },
    )


def _row(arm: Mapping[str, Any], signs: Mapping[str, str]) -> list[Any]:
    recall, shown, code = arm["metrics"]["recall"], arm["catalogue"], arm["verdict"]["code"]
    beside = arm["verdict"]["reference"]["metrics"]["recall"]["tail"]
    told = "★ " + _("reference") if code is None else verdict_told(code)
    return [
        signs[arm["arm"]],
        arm_name(arm["arm"]),
        told,
        arm["metrics"]["ndcg"]["all"],
        *(recall[band] for band in OVER),
        None if code is None else beside,
        (arm["cold"] or {}).get("recall"),
        *(shown[name] for name in ("coverage", "gini", "popularity_lift")),
    ]


def _cold(visits: int) -> str:
    return counted(
        "Recall of items that nobody had in training, of 1 user.",
        "Recall of items that nobody had in training, of {n} users.",
        visits,
    )


def _lift(value: float) -> str:
    return "–" if value != value else f"{change(100 * value, 0)}%"


def _paint(row: Any, done: list[Mapping[str, Any]], kinds: Mapping[str, str]) -> list[str]:
    """Shade what others are judged against, and colour marks by family, verdicts by direction."""
    colors, arm = palette(is_dark()), done[row.name]
    code = arm["verdict"]["code"]
    tone = {"HELPS": colors.better, "HURTS": colors.worse}.get(code or "")
    shade = f"background-color: {colors.panel};" if code is None else ""
    written = []
    for column in row.index:
        ink = colors.ink
        if column == "mark":
            ink = family_style(kinds[arm["arm"]]).color(is_dark())
        elif column in ("tail", "beside", "verdict") and tone:
            ink = f"{tone}; font-weight: 600"
        written.append(f"{shade} color: {ink}")
    return written


def _left_out(ranked: Ranked) -> None:
    for arm in ranked.report["arms"]:
        if arm["status"] != "done" and arm["reason"]:
            told = plain(translated(arm["reason"]), 400)
            words = _("{arm} is left out: {reason}")
            st.caption(words.format(arm=arm_name(arm["arm"]), reason=told))


def _recalls(ranked: Ranked) -> list[dict[str, Any]]:
    return [
        {
            "arm": arm["arm"],
            "band": band,
            "value": arm["metrics"]["recall"][band],
            "low": arm["intervals"]["recall"][band][0],
            "high": arm["intervals"]["recall"][band][1],
        }
        for arm in ranked.report["arms"]
        if arm["status"] == "done"
        for band in OVER
    ]


def _sentences(ranked: Ranked) -> None:
    done = [arm for arm in ranked.report["arms"] if arm["status"] == "done"]
    with st.expander(_("What is said of each arm")):
        for arm in done:
            parts = [arm["verdict"]["sentence"], *arm["rules"]]
            told = plain(in_a_row([translated(part) for part in parts]), 600)
            st.markdown(f"**{arm_name(arm['arm'])}** · {told}")
            if arm.get("note"):
                st.caption(plain(translated(arm["note"]), 600))
            if arm.get("negatives"):
                st.caption(translated(arm["negatives"]))
            if arm["tau"] is not None:
                words = _("{remedy} went as far as tau {tau}, chosen on earlier events.")
                told = words.format(remedy=remedy_name(arm["strategy"]), tau=f"{arm['tau']:g}")
                st.caption(told)
