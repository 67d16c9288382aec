"""What accuracy is traded for: all arms, their front, and re-ranking as a line to move on."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components.charts import draw, is_dark
from app.components.legend import marked
from app.components.linked import begin
from app.components.lists_words import arm_names, families, model_name
from app.components.texts import bracketed, change, count, number
from app.i18n import _
from rebal_core.experiment.ranked import Ranked
from rebal_core.figures.looks import looks
from rebal_core.figures.ranking import Words, tradeoff
from rebal_core.figures.theme import palette
from rebal_core.ranking.bands import TAIL
from rebal_core.ranking.exposure import list_mean
from rebal_core.ranking.trial import MOST_VISITS
from rebal_core.ranking.verdict import FEWEST_TAIL

#: What may stand beside accuracy: columns of the fronts.
VALUES = ("tail_recall", "aplt", "coverage")


@st.fragment
def trade(ranked: Ranked) -> None:
    """Draw NDCG against what is found of the tail; a slider re-ranks one model live."""
    if not ranked.fronts:
        return
    k = ranked.report["protocol"]["k"]
    st.subheader(
        _("What accuracy is traded for"),
        anchor=False,
        help=_(
            "Right is better ordered, up is more of the tail. Re-ranking takes tau times the "
            "logarithm of an item's popularity from its score: a line for each model, by tau."
        ),
    )
    names = {
        "tail_recall": _("Recall in the tail"),
        "aplt": _("Places that show the tail"),
        "coverage": _("Coverage of the catalogue"),
    }
    begin("lists_value", VALUES[0])
    with st.container(horizontal=True, vertical_alignment="center"):
        value = st.segmented_control(
            _("Against"),
            list(VALUES),
            format_func=names.__getitem__,
            key="lists_value",
            label_visibility="collapsed",
        )
        several = len(ranked.fronts) > 1 and st.toggle(
            _("All models"),
            key="lists_all",
            help=_("Off, the model that is re-ranked is drawn alone, so that its line is seen."),
        )
    value = str(value or VALUES[0])
    grid = st.grid(3, min_column_width=250, gap="medium")
    with grid.cell():
        model, tau = _chosen(ranked)
        front = ranked.fronts[model]
        at = int(np.abs(front["tau"] - tau).argmin())
        _numbers(front, at, k)
    with grid.cell(column_span=2):
        models = [*ranked.fronts] if several else [model]
        _scatter(ranked, value, names[value], models, (model, at))


def preset(ranked: Ranked) -> str:
    """Return the best model that re-ranking moves: what is popular to everybody never moves."""
    best = (ranked.report["models"] or {}).get("best")
    models = sorted(ranked.fronts, key=lambda model: model != best)
    return next((m for m in models if ranked.fronts[m]["aplt"].std() > 0), models[0])


def _chosen(ranked: Ranked) -> tuple[str, float]:
    """Let the reader choose a model and how far it is re-ranked."""
    models = list(ranked.fronts)
    if st.session_state.get("lists_model") not in models:
        st.session_state["lists_model"] = preset(ranked)
    model = str(st.selectbox(_("Re-rank"), models, format_func=model_name, key="lists_model"))
    taus = [float(tau) for tau in ranked.fronts[model]["tau"]]
    told = next(
        (a["tau"] for a in ranked.report["arms"] if a["model"] == model and a["tau"] is not None),
        0.0,
    )
    key = f"lists_tau_{model}"
    if st.session_state.get(key) not in taus:
        st.session_state[key] = told if told in taus else taus[0]
    tau = st.select_slider(
        "tau",
        taus,
        format_func=lambda one: f"{one:g}",
        key=key,
        help=_(
            "0 leaves the order as it is. At 1 an item of ten times the events needs a score "
            "2.3 spreads higher to stand as high."
        ),
    )
    return model, float(tau)


def _numbers(front: pd.DataFrame, at: int, k: int) -> None:
    """Tell what the chosen tau gives and takes."""
    rows = {
        "ndcg": f"NDCG@{k}",
        "recall": _("Recall@{k}").format(k=k),
        "tail_recall": _("Recall in the tail"),
        "aplt": _("Places that show the tail"),
        "coverage": _("Coverage of the catalogue"),
    }
    here, start = front.iloc[at], front.iloc[0]
    lines = pd.DataFrame(
        {
            _("Number"): list(rows.values()),
            _("Here"): [
                number(here[name])
                if not at
                else bracketed(number(here[name]), change(here[name] - start[name]))
                for name in rows
            ],
        }
    )
    st.dataframe(lines, hide_index=True, key="lists_here", height="content")
    st.caption(_("In brackets: against the order that it came from, tau 0."))


def _scatter(
    ranked: Ranked, value: str, title: str, models: list[str], chosen: tuple[str, int]
) -> None:
    names, kinds = arm_names(ranked), families(ranked)
    drawn = [arm for arm in ranked.arms if arm.partition("/")[2] in models]
    sampled = len(ranked.users) > MOST_VISITS
    # Fewer lists show less of the catalogue: such a line would lie too low.
    lines = [] if sampled and value == "coverage" else models
    fronts = {
        model_name(model): ranked.fronts[model].assign(value=ranked.fronts[model][value])
        for model in lines
    }
    model, at = chosen
    here = ranked.fronts[model].iloc[at]
    words = _words()
    figure = tradeoff(
        pd.DataFrame(_points(ranked, value, drawn)),
        fronts,
        kinds,
        title=title,
        point=(float(here["ndcg"]), float(here[value])) if lines else None,
        labels=names,
        words=words,
        dark=is_dark(),
    )
    styles, colors = looks(kinds, is_dark()), palette(is_dark())
    parts = [marked(styles[arm], names[arm]) for arm in drawn]
    signs = [("╌╌", colors.mute, _("re-ranked, by tau"))] * bool(lines)
    signs.append(("▬", colors.focus, words.best))
    parts += [
        f'<span style="color:{ink}">{sign}</span> {html.escape(told)}' for sign, ink, told in signs
    ]
    spans = "".join(f"<span>{part}</span>" for part in parts)
    st.html(f'<div class="lines">{spans}</div>')
    draw(figure, "lists_trade")
    if (
        value == "tail_recall"
        and ranked.report["protocol"]["bands"]["tail"]["visits"] < FEWEST_TAIL
    ):
        st.caption(_("Too few visits end in the tail for a verdict on it."))
    if sampled and lines:
        told = _("The line is drawn from {some} of the {all} users: arms lie beside it by chance.")
        st.caption(told.format(some=count(MOST_VISITS), all=count(len(ranked.users))))


def _points(ranked: Ranked, value: str, arms: list[str]) -> list[dict[str, Any]]:
    tail = ranked.arrays["bands"] == TAIL
    found = []
    for name in arms:
        arm = ranked.arm(name)
        numbers = {
            "tail_recall": arm["metrics"]["recall"]["tail"],
            "coverage": arm["catalogue"]["coverage"],
        }
        if value == "aplt":
            numbers["aplt"] = float(np.nanmean(list_mean(ranked.lists(name), tail)))
        found.append({"arm": name, "ndcg": arm["metrics"]["ndcg"]["all"], "value": numbers[value]})
    return found


def _words() -> Words:
    return Words(
        ndcg=_("NDCG, higher is better"),
        line=_("{model}, re-ranked"),
        tau=_("tau {tau}"),
        best=_("no arm is better in both"),
        here=_("chosen"),
    )
