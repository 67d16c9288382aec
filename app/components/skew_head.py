"""The top of the Skew page: the sentence, the key figures, the one button."""

from __future__ import annotations

import html
from typing import Any

import streamlit as st

from app import cache
from app.components.states import headline, overlong, show_problem
from app.components.texts import (
    count,
    counted,
    explained,
    in_a_row,
    minutes,
    number,
    plain,
    ratio,
    share,
)
from app.components.words import arms_of, folds_of, left_out_label, often_more
from app.i18n import _, sentence
from app.state import look_at, store
from rebal_core.data.dataset import Dataset
from rebal_core.data.goals import GOALS, default_goal
from rebal_core.data.profile import JUDGED, visible_effect
from rebal_core.experiment.client import submit
from rebal_core.experiment.planning import make_plan
from rebal_core.wording import UserError

#: Where only larger differences in average precision show, a table is called short of rare rows.
WEAK = 0.05


def skew_headline(identifier: str, dataset: Dataset) -> dict[str, Any]:
    """Open the page with how rare the class in focus is; return the profile.

    Where there is nothing to compare, it has no ``focus``.
    """
    facts = cache.profile(identifier)
    if not facts["classes"]:
        headline(_("Which column shall be predicted?"), _("This table has no target yet."))
        if st.button(_("Choose the target"), type="primary", key="skew_target"):
            st.switch_page("views/data.py", query_params={"check": identifier})
        return facts
    if len(facts["classes"]) == 1:
        words = _("All rows say “{label}”. There is nothing to compare.")
        headline(words.format(label=plain(facts["classes"][0]["label"])))
        return facts
    if facts["task"] == "binary":
        labels = cache.labels(identifier)
        focus = facts["classes"][labels["positive"]]
        every = round(sum(c["count"] for c in facts["classes"]) / max(1, focus["count"]))
        words = counted(
            "1 “{label}” in every row",
            "1 “{label}” in every {n} rows",
            every,
            label=plain(focus["label"]),
        )
        headline(words, _evidence(focus))
        facts["focus"] = focus
    else:
        rows = cache.bands(identifier)
        words = _("{tail} of {all} classes share {share} of the rows")
        tail = rows[rows["band"] == "tail"].iloc[0]
        rarest = facts["classes"][-1]
        headline(
            words.format(
                tail=count(tail["classes"]), all=len(facts["classes"]), share=share(tail["share"])
            ),
            _evidence(rarest),
        )
        facts["focus"] = rarest
    return facts


def _evidence(focus: dict[str, Any]) -> str:
    effect = visible_effect(focus["count"])
    if focus["count"] < JUDGED or effect is None:
        return counted(
            "Only 1 row of “{label}”: too few for a verdict about this class.",
            "Only {n} rows of “{label}”: too few for a verdict about this class.",
            focus["count"],
            label=plain(focus["label"]),
        )
    if effect > WEAK:
        words = _(
            "Only {n} rows of “{label}”: at worst a comparison cannot tell remedies apart whose "
            "scores (average precision; 1 is perfect) differ by less than {d}."
        )
        words = in_a_row([words, often_more()])
    else:
        words = _(
            "Rare, but {n} rows of “{label}” are enough: a comparison can tell remedies apart "
            "whose scores (average precision; 1 is perfect) differ by {d}, and often by far less."
        )
    return words.format(n=count(focus["count"]), label=plain(focus["label"]), d=number(effect, 2))


def key_figures(facts: dict[str, Any]) -> None:
    """Draw the strip of key figures."""
    common, rarest = facts["classes"][0], facts["classes"][-1]["count"]
    figures = [
        (count(facts["rows"]), _("rows")),
        (
            count(facts["classes"][-1]["count"]),
            counted("row in the rarest class", "rows in the rarest class", rarest),
        ),
        (ratio(facts["imbalance_ratio"]), _("imbalance ratio")),
        (
            share(common["share"]),
            _("accuracy of always saying “{label}”").format(label=common["label"][:24]),
        ),
        (number(facts["gini"], 2), _("unevenness of the classes (Gini)")),
        (number(facts["effective_classes"], 1), _("classes that count (effective number)")),
    ]
    cells = "".join(f"<div><b>{html.escape(a)}</b>{html.escape(b)}</div>" for a, b in figures)
    st.html(f'<div class="facts">{cells}</div>')


def goal_picker(dataset: Dataset, task: Any) -> None:
    """Let the user say what the model is for; it fills metric and threshold rule."""
    goals = [goal.name for goal in GOALS if task in goal.tasks]
    chosen = dataset.goal if dataset.goal in goals else default_goal(task).name

    def remember() -> None:
        dataset.with_goal(st.session_state[key])

    key = f"skew_goal_{dataset.path.name}"
    st.selectbox(
        _("Goal"),
        goals,
        format_func=lambda name: _("Goal: {goal}").format(goal=_(GOALS[name].label)),
        index=goals.index(chosen),
        key=key,
        help="  \n".join(explained(f"**{_(GOALS[g].label)}**", _(GOALS[g].about)) for g in goals),
        label_visibility="collapsed",
        width=310,
        on_change=remember,
    )


def compare_button(identifier: str, dataset: Dataset) -> None:
    """Offer the quick plan: one click from here to a running comparison."""
    try:
        plan, price = cache.quick_plan(identifier)
    except UserError as error:
        show_problem(error.text)
        return
    group = plan.protocol.group
    words = _("Compare strategies, split by “{column}”") if group else _("Compare strategies")
    words = words.format(column=plain(group or ""))
    pressed = st.button(words, type="primary", key="skew_compare", width="stretch")
    parts = (
        _("quick plan"),
        f"{arms_of(len(plan.arms))} × {folds_of(plan.protocol.folds)}",
        _("about {time}").format(time=minutes(price)),
    )
    st.caption(" · ".join(parts), text_alignment="center")
    overlong(price)
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        if group:
            about = _(
                "All rows of one “{column}” stay in one fold: new data will be about new ones. "
                "With the same mix rows are split one by one: new data is about the same ones."
            ).format(column=plain(group))
            if st.button(_("Same mix"), key="skew_same_mix", type="tertiary", help=about):
                plan, pressed = make_plan(dataset, split="stratified"), True
        if plan.left_out:
            reasons = "  \n".join(
                explained(plain(left_out_label(a)), plain(sentence(r), 200))
                for a, r in plan.left_out
            )
            with st.popover(_("Left out: {n}").format(n=len(plan.left_out)), type="tertiary"):
                st.markdown(reasons)
        st.page_link("views/plan.py", label=_("Change the plan"))
    if pressed:
        look_at(dataset=identifier, run=submit(store(), plan))
        st.switch_page("views/run.py")
