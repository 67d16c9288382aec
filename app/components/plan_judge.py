"""How the arms are judged, what it costs, and Start."""

from __future__ import annotations

import html
import json
from typing import Any

import streamlit as st

from app import cache
from app.components.plan_begun import Begun
from app.components.states import overlong, show_problem
from app.components.texts import (
    count,
    counted,
    explained,
    give_or_take,
    joined,
    memory,
    minutes,
    plain,
)
from app.components.unused import unused_columns
from app.components.words import (
    arms_of,
    folds_of,
    left_out_label,
    metric_help,
    metric_label,
    often_more,
)
from app.i18n import _, message, sentence
from app.state import look_at, store
from rebal_core.data.dataset import Dataset
from rebal_core.data.goals import GOALS, default_goal
from rebal_core.data.profile import visible_effect
from rebal_core.data.unused import unused
from rebal_core.experiment.client import submit
from rebal_core.experiment.machine import worker_count
from rebal_core.metrics import METRICS
from rebal_core.metrics.names import COST
from rebal_core.schema import key_name
from rebal_core.wording import UserError

#: Folds, repeats, and the width of the corrected interval that they give.
EFFORTS = {"quick": (5, 1, 1.50), "normal": (5, 2, 1.32), "thorough": (5, 5, 1.20)}
#: Threshold rules and what they aim at.
RULES = {
    "f1": message("Best F1"),
    "macro_f1": message("Best macro F1"),
    "balanced_accuracy": message("Best balanced accuracy"),
    "g_mean": message("Best G-mean"),
    "mcc": message("Best MCC"),
    COST: message("Lowest cost"),
    "top_k": message("Reviews per 1,000 rows"),
    "recall": message("At least this recall"),
    "none": message("No cut-off"),
}
#: Above this the button asks once.
MANY_CELLS, LONG_SECONDS = 500, 1_800.0


def judge_by(begun: Begun, dataset: Dataset) -> dict[str, Any]:
    """Draw goal, metric, rule, split, effort and margin; return them for ``make_plan``."""
    identifier, judged = begun.place, begun.judged
    labels = dataset.labels()
    task = "binary" if len(labels.classes) == 2 else "multiclass"
    st.subheader(_("Judge by"), anchor=False)
    _goal(begun, dataset, task)
    column = next(iter(dataset.schema.named("value")), None) if task == "binary" else None
    unfit = {*(() if task == "binary" else ("f1",)), *(() if column else (COST,))}
    metrics = [m.name for m in METRICS if m.name not in unfit]
    metric = st.selectbox(
        _("Main metric"),
        metrics,
        format_func=metric_label,
        key=f"plan_metric@{identifier}",
        help=_("Arms are ranked and judged by this one number."),
        on_change=lambda: _follow_costs(identifier),
    )
    st.caption(metric_help(metric).split("  \n")[-1])
    rule = _rule(identifier, task, priced=column is not None)
    costs = {} if column is None else {"false_alarm": _false_alarm(begun, column)}
    split = _split(begun, dataset)
    rates = _rates(begun, dataset)
    folds, repeats, factor = _effort(begun, once=split["split"] == "time")
    st.session_state.setdefault(f"plan_margin@{identifier}", judged.get("margin", 0.01))
    margin = st.number_input(
        _("Too small to matter, ±"),
        min_value=0.0,
        max_value=0.5,
        step=0.005,
        format="%.3f",
        key=f"plan_margin@{identifier}",
        help=_(
            "Differences inside this band would not change what you do. For log loss and Brier "
            "score it is half of this, as a share of the reference's loss: 0.010 means 0.5 %; for "
            "the cost it is a share of the reference's cost."
        ),
    )
    # A mean over many classes hangs on no class alone: nothing is foretold then.
    rows = labels.counts[labels.positive] if len(labels.classes) == 2 else None
    _power(rows, factor, margin, metric, (folds, repeats))
    return {"metric": metric, "rule": rule, "folds": folds, "repeats": repeats, "margin": margin,
            **costs, **rates, **split}  # fmt: skip


def _effort(begun: Begun, *, once: bool) -> tuple[int, int, float]:
    """Draw the effort; return folds, repeats, and the width of the interval that they give."""
    asked = begun.judged.get("folds", 5), begun.judged.get("repeats", 1)
    efforts = {"quick": _("Quick"), "normal": _("Normal"), "thorough": _("Thorough")}
    preset = next((n for n, (f, r, _wide) in EFFORTS.items() if (f, r) == asked), None)
    known = dict(EFFORTS)
    if preset is None:  # the command line takes any
        preset, efforts["run"] = "run", f"{asked[0]} × {asked[1]}"
        fits = asked[0] * asked[1]
        wide = next((w for f, r, w in reversed(EFFORTS.values()) if f * r <= fits), 1.5)
        known["run"] = (*asked, wide)
    key = f"plan_effort@{begun.place}"
    st.session_state.setdefault(key, preset)
    effort = st.segmented_control(
        _("Effort"),
        list(efforts),
        format_func=efforts.__getitem__,
        key=key,
        required=True,
        disabled=once,
        help=_("Folds × repeats: 5 × 1, 5 × 2, 5 × 5. More repeats narrow the intervals."),
    )
    if once:
        st.caption(_("A split by time has one order only and cannot be repeated."))
        folds, _repeats, wide = known.get("run", known["quick"])
        return folds, 1, wide
    return known[str(effort)]


def _goal(begun: Begun, dataset: Dataset, task: Any) -> None:
    """Let a goal fill metric and rule; both stay open to change."""
    identifier, goals = begun.place, [g.name for g in GOALS if task in g.tasks]
    key = f"plan_goal@{identifier}"
    chosen = dataset.goal if dataset.goal in goals else default_goal(task).name
    metric, rule = GOALS[chosen].metric, GOALS[chosen].rule
    if "metric" in begun.judged:
        metric, rule = begun.judged["metric"], begun.judged["rule"]
        same = [g for g in goals if (GOALS[g].metric, GOALS[g].rule) == (metric, rule)]
        chosen = chosen if chosen in same else next(iter(same), chosen)

    def fill() -> None:
        goal = GOALS[st.session_state[key]]
        dataset.with_goal(goal.name)
        _fill(identifier, goal.metric, goal.rule)

    if f"plan_metric@{identifier}" not in st.session_state:
        _fill(identifier, metric, rule)
    st.session_state.setdefault(key, chosen)
    st.selectbox(
        _("Goal"),
        goals,
        format_func=lambda name: _(GOALS[name].label),
        key=key,
        help="  \n".join(explained(f"**{_(GOALS[g].label)}**", _(GOALS[g].about)) for g in goals),
        on_change=fill,
    )


def _fill(identifier: str, metric: str, rule: str) -> None:
    kind, value = rule, 0.0
    for sign, name in (("top_k:", "top_k"), ("recall>=", "recall")):
        if rule.startswith(sign):
            kind, value = name, float(rule.removeprefix(sign))
    st.session_state[f"plan_metric@{identifier}"] = metric
    st.session_state[f"plan_rule@{identifier}"] = kind
    if kind == "top_k":
        st.session_state[f"plan_top@{identifier}"] = int(value)
    elif kind == "recall":
        st.session_state[f"plan_floor@{identifier}"] = value


def _follow_costs(identifier: str) -> None:
    """Tune the cut-off for the lowest cost where that is judged; it stays open to change."""
    if st.session_state[f"plan_metric@{identifier}"] == COST:
        st.session_state[f"plan_rule@{identifier}"] = COST


def _false_alarm(begun: Begun, column: str) -> float:
    key = f"plan_alarm@{begun.place}"
    st.session_state.setdefault(key, float(begun.judged.get("false_alarm", 1.0)))
    words = _("In the unit of “{column}”, which is what a missed row costs.")
    price = st.number_input(
        _("Cost of a false alarm"),
        min_value=1e-6,
        format="%.6g",
        key=key,
        help=words.format(column=plain(column)),
    )
    return float(price)


def _rule(identifier: str, task: str, *, priced: bool) -> str:
    rules = [r for r in RULES if task == "binary" or r not in ("f1", "top_k", "recall")]
    rules = [r for r in rules if priced or r != COST]
    rule = st.selectbox(
        _("Cut-off"),
        rules,
        format_func=lambda name: _(RULES[name]),
        key=f"plan_rule@{identifier}",
        help=_("What the cut-off is tuned for, on rows that the model has not seen."),
    )
    if rule == "top_k":
        key = f"plan_top@{identifier}"
        st.session_state.setdefault(key, 20)
        return f"top_k:{st.number_input(_('Reviews per 1,000 rows'), 1, 1_000, key=key)}"
    if rule == "recall":
        key = f"plan_floor@{identifier}"
        st.session_state.setdefault(key, 0.8)
        floor = st.number_input(_("At least this recall"), 0.05, 1.0, step=0.05, key=key)
        return f"recall>={floor:.3g}"
    return str(rule)


def _split(begun: Begun, dataset: Dataset) -> dict[str, Any]:
    schema, judged = dataset.schema, begun.judged
    groups = [*schema.named("group"), *schema.named("item")]
    groups += [c.name for c in schema.columns if c.kind == "category" and c.role == "feature"]
    groups += schema.named("id")  # last: most of them are different in every row
    times = [*schema.named("time"), *(c.name for c in schema.columns if c.kind == "time")]
    kinds = {"stratified": _("Same mix"), "group": _("New users"), "time": _("Later days")}
    key = f"plan_split@{begun.place}"
    st.session_state.setdefault(key, judged["split"])
    chosen = st.segmented_control(
        _("New data will be"),
        list(kinds),
        format_func=kinds.__getitem__,
        key=key,
        required=True,
        help=_("All rows of a user stay on one side, or the test rows come after the others."),
    )
    kind = str(chosen)
    if kind == "stratified":
        return {"split": "stratified"}
    options = list(dict.fromkeys(groups if kind == "group" else times))
    if not options:
        st.caption(_("No column could say so; give one the role on the Data page."))
        return {"split": kind}
    key = f"plan_split_{kind}@{begun.place}"
    st.session_state.setdefault(key, judged[kind] if judged.get(kind) in options else options[0])
    name = st.selectbox(_("Split by"), options, format_func=str, key=key)
    return {"split": kind, kind: name}


def _rates(begun: Begun, dataset: Dataset) -> dict[str, Any]:
    """Let rates so far be added, where a column tells what came before."""
    schema = dataset.schema
    if not any(c.kind == "time" or c.role == "time" for c in schema.columns):
        return {}
    who = [*schema.named("group"), *schema.named("item")]
    categories = [c.name for c in schema.features if c.kind == "category"]
    alone = [(name,) for name in (*who, *categories, *schema.named("id"))]
    keys = [*alone, *((one, name) for one in who for name in categories)]
    named = {"+".join(key): f"{key_name(key)}: rate before" for key in keys}
    key = f"plan_rates@{begun.place}"
    asked = [name for name in begun.judged.get("rates", ()) if name in named]
    st.session_state.setdefault(key, asked)
    chosen = st.multiselect(
        _("Add rates so far"),
        list(named),
        format_func=named.__getitem__,
        key=key,
        help=_(
            "Adds how often the class in focus occurred in earlier rows of the same value. Each "
            "fold counts its training rows; no row counts its own label or a later one."
        ),
    )
    return {"rates": chosen} if chosen else {}


def _power(
    rows: int | None, factor: float, margin: float, metric: str, effort: tuple[int, int]
) -> None:
    """Say how small a difference this plan could see with so many rows of the class in focus."""
    effect = None if rows is None else visible_effect(rows, factor)
    small = give_or_take(effect)
    lines = [(_("Folds × repeats"), f"{effort[0]} × {effort[1]}")]
    if metric == "average_precision" and rows is not None:
        lines.append((_("Smallest visible effect at worst (average precision)"), small))
    body = "".join(f"<tr><td>{html.escape(a)}</td><td>{html.escape(b)}</td></tr>" for a, b in lines)
    st.html(f'<table class="hits" style="width:100%">{body}</table>')
    if rows is None:
        return
    if effect is None:
        words = counted(
            "With 1 row of the rare class this plan will probably say “can't tell”.",
            "With {n} rows of the rare class this plan will probably say “can't tell”.",
            rows,
        )
        st.markdown(f"**{words}**")
    elif metric == "average_precision" and effect > 5 * margin:
        words = counted(
            "With 1 row of the rare class this plan may at worst say “can't tell”.",
            "With {n} rows of the rare class this plan may at worst say “can't tell”.",
            rows,
        )
        st.markdown(f"**{words}**\n\n{often_more()}")


def start(identifier: str, dataset: Dataset, wishes: dict[str, Any]) -> None:
    """Draw what the plan costs and the button that freezes and starts it."""
    st.caption(_("Metric, reference and margin are frozen when you press Start."))
    try:
        plan, price = cache.plan(identifier, json.dumps(wishes, sort_keys=True))
    except UserError as error:
        show_problem(error.text)
        st.button(_("Start"), type="primary", disabled=True, key="plan_start", width="stretch")
        return
    arms, splits = len(plan.arms), plan.protocol.folds * plan.protocol.repeats
    st.subheader(f"{arms_of(arms)} × {folds_of(splits)}", anchor=False)
    cores = counted("1 core", "{n} cores", worker_count())
    words = _("On {cores} · tables of up to {memory} in memory")
    st.caption(words.format(cores=cores, memory=memory(price.memory_bytes)))
    if wishes["strategies"] == "quick" and wishes["classifiers"] is None:
        overlong(price.seconds)
    for note in plan.notes:
        st.caption(plain(sentence(note), 400))
    if plan.left_out:
        with st.popover(_("Left out: {n}").format(n=len(plan.left_out)), type="tertiary"):
            for reason in dict.fromkeys(why for _arm, why in plan.left_out):
                names = (left_out_label(arm) for arm, why in plan.left_out if why == reason)
                bold = joined(f"**{plain(name)}**" for name in dict.fromkeys(names))
                st.markdown(explained(bold, plain(sentence(reason), 300)))
    unused_columns(unused(plan.schema, dataset.source))
    _button(identifier, plan, price)


def _button(identifier: str, plan: Any, price: Any) -> None:
    asked = "plan_asked"
    long = price.cells > MANY_CELLS or price.seconds > LONG_SECONDS
    words = counted(
        "Start 1 arm · {cells} cells · about {time}",
        "Start {n} arms · {cells} cells · about {time}",
        len(plan.arms),
        cells=count(price.cells),
        time=minutes(price.seconds),
    )
    if long and st.session_state.get(asked) == plan:
        words = _("Yes, start: about {time}").format(time=minutes(price.seconds))
    if st.button(words, type="primary", key="plan_start", width="stretch"):
        if long and st.session_state.get(asked) != plan:
            st.session_state[asked] = plan
            st.rerun()
        st.session_state.pop(asked, None)
        look_at(dataset=identifier, run=submit(store(), plan))
        st.switch_page("views/run.py")
