"""What the fields of the Plan page begin with: the quick plan, or the plan of a chosen run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from app import cache
from app.components.texts import joined, plain
from app.components.words import strategy_label
from app.i18n import _
from app.state import chosen_run, leave_run, saved, store
from rebal_core.data.at_risk import amounts_at_risk
from rebal_core.data.dataset import Dataset
from rebal_core.experiment.arms import CLASSIFIERS_BY_DEFAULT
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.planning import smallest_training
from rebal_core.experiment.sizes import facts_of
from rebal_core.experiment.wishes import wishes_of
from rebal_core.facts import TableFacts
from rebal_core.metrics.names import COST
from rebal_core.strategies import ALWAYS, DUMMY, STRATEGIES
from rebal_core.wording import UserError


@dataclass(frozen=True)
class Begun:
    """Where a plan begins.

    Parameters
    ----------
    place : str
        Ends the keys of all fields: each run that is looked at has its own.
    judged : mapping
        How arms are judged, as ``make_plan`` takes it; what is not there is the dataset's own.
    classifiers : sequence of str
    """

    place: str
    judged: Mapping[str, Any] = field(default_factory=dict)
    classifiers: Sequence[str] = CLASSIFIERS_BY_DEFAULT


def begun(identifier: str, dataset: Dataset) -> Begun:
    """Return where the plan begins; of a chosen run say so, and offer the way back."""
    run = chosen_run()
    plan = None if run is None else Plan.from_dict(store().run(run).plan)
    if run is None or plan is None or plan.schema.target != dataset.schema.target:
        return Begun(identifier, {"split": cache.default_split(identifier)})
    place, wishes = f"{identifier}/{run}", wishes_of(plan, dataset.labels().classes)
    ticks, params, gone = _ticked(wishes)
    judged = _judged(wishes, dataset)
    if f"plan_ticks@{place}" not in st.session_state:
        mode = _mode(identifier, dataset, plan, judged, ticks)
        st.session_state[f"plan_mode@{place}"] = mode
        st.session_state[f"plan_ticks@{place}"] = ticks
        st.session_state[f"plan_params@{place}"] = {} if mode == "quick" else params
    with st.container(horizontal=True, vertical_alignment="center", key="plan_begun"):
        st.markdown(_("Begun with the settings of run {run}.").format(run=run))
        st.button(
            _("Start from the quick plan"),
            type="tertiary",
            icon=":material/undo:",
            key="plan_afresh",
            on_click=leave_run,
        )
    if gone:
        words = _("Not saved under a name, and so not ticked: {names}.")
        st.caption(words.format(names=joined(plain(strategy_label(name), 80) for name in gone)))
    return Begun(place, judged, wishes["classifiers"])


def quick_settings(
    identifier: str, dataset: Dataset, judged: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return what the quick plan sets of strategies by itself: of many classes a ratio.

    Parameters
    ----------
    judged : mapping
        How it is judged, as ``make_plan`` takes it.
    """
    quick, classes = _quick(identifier, judged), dataset.labels().classes
    arms = () if quick is None else quick.arms
    return {arm.strategy: arm.params_by_label(classes) for arm in arms if arm.params}


def _quick(identifier: str, judged: Mapping[str, Any]) -> Plan | None:
    """Return the quick plan; None where the table cannot be judged so."""
    wishes = {"strategies": "quick", "classifiers": None, "params": {}, "saved": [], **judged}
    try:
        plan: Plan = cache.plan(identifier, json.dumps(wishes, sort_keys=True))[0]
    except UserError:
        return None
    return plan


def _ticked(wishes: Mapping[str, Any]) -> tuple[list[str], dict[str, Any], list[str]]:
    """Return what is ticked, what is set of it, and the combinations that have no name here."""
    ticks, gone, params = [], [], dict(wishes["params"])
    known = saved().strategies
    for name in wishes["strategies"]:
        mine = [one for one in known if one.made_of == name]
        one = next((o for o in mine if o.params == params.get(name, {})), next(iter(mine), None))
        if "+" not in name and (one is None or one.params != params.get(name)):
            ticks.append(name)
        elif one is None:
            gone.append(name)
            params.pop(name, None)
        else:
            ticks.append(one.name)
            usual = {n: STRATEGIES[name].params[n] for n in one.params}
            own = {**usual, **params.pop(name, {})}
            params[one.name] = {n: v for n, v in own.items() if one.params.get(n) != v}
    return ticks, {name: values for name, values in params.items() if values}, gone


def _judged(wishes: Mapping[str, Any], dataset: Dataset) -> dict[str, Any]:
    names = ("metric", "rule", "folds", "repeats", "margin", "split", "group", "time",
             "false_alarm", "rates")  # fmt: skip
    judged = {name: wishes[name] for name in names if name in wishes}
    if COST in (judged["metric"], judged["rule"]) and amounts_at_risk(dataset) is None:
        del judged["metric"], judged["rule"]  # the amounts have lost their role since
    return judged


def compared_facts(dataset: Dataset) -> TableFacts:
    """Return what a strategy is asked about: the table, of which the usual folds learn a part."""
    part = smallest_training(5, "stratified")
    return replace(facts_of(dataset, dataset.schema), training=part)


def _mode(
    identifier: str, dataset: Dataset, plan: Plan, judged: Mapping[str, Any], ticks: Sequence[str]
) -> str:
    """Return the preset that a plan was made of."""
    quick = _quick(identifier, judged)
    if quick is not None and (quick.arms, quick.rows) == (plan.arms, plan.rows):
        return "quick"
    facts = compared_facts(dataset)
    every = {s.name for s in STRATEGIES if s.name not in (*ALWAYS, DUMMY.strategy)}
    fitting = {name for name in every if STRATEGIES[name].reason(facts) is None}
    return "all" if fitting <= {*ticks} else "mine"
