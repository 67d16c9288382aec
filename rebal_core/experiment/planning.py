"""From a user's wishes to a plan that can work; what cannot work is refused here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rebal_core.arm import Protocol, SplitRule
from rebal_core.data.at_risk import amounts_at_risk
from rebal_core.data.dataset import Dataset, Labels
from rebal_core.data.formats import count
from rebal_core.data.goals import GOALS, default_goal
from rebal_core.decisions.rules import METRIC_RULES, parse_rule
from rebal_core.experiment.arms import choose_arms, read_classifiers, read_strategies
from rebal_core.experiment.machine import gpu_count, worker_count
from rebal_core.experiment.plan import Plan, with_roles
from rebal_core.experiment.quick import made_quick
from rebal_core.experiment.settings import compared_settings
from rebal_core.experiment.sizes import facts_of
from rebal_core.experiment.split_rule import default_split, time_column, told_of_split
from rebal_core.experiment.splits import splits_of
from rebal_core.metrics import METRICS
from rebal_core.metrics.names import COST
from rebal_core.schema import Schema
from rebal_core.wording import Text, UserError


def make_plan(
    dataset: Dataset,
    *,
    strategies: str | Sequence[str] = "quick",
    classifiers: str | Sequence[str] | None = None,
    metric: str | None = None,
    rule: str | None = None,
    folds: int = 5,
    repeats: int = 1,
    split: SplitRule | None = None,
    group: str | None = None,
    time: str | None = None,
    value: str | None = None,
    false_alarm: float = 1.0,
    seed: int = 0,
    drop: Sequence[str] = (),
    positive: str | None = None,
    margin: float = 0.01,
    params: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plan:
    """Turn a user's wishes into a plan that can work.

    Parameters
    ----------
    dataset : Dataset
        Its folder's name is its id.
    strategies : "quick", "all", names with commas, or a sequence of names
    classifiers : names, optional
        Default: logistic and boosting, less what the quick plan finds too slow.
    metric, rule : str, optional
        Default: those of the dataset's goal, else average precision with F1 for two classes and
        macro F1 for more.
    folds, repeats, seed : int
    split : {"stratified", "group", "time"}, optional
        Default: by time or group where such a column is named, else :func:`default_split`.
    group, time : str, optional
        Columns to split by.
    value : str, optional
        Column of the amounts at risk; default that of this role, if any.
    false_alarm : float
        What it costs to act on a row of the other class, in the unit of the amounts.
    drop : sequence of str
        Columns that no classifier may see.
    positive : str, optional
        Label of the class in focus.
    margin : float
        Differences within are too small to matter.
    params : mapping of str to mapping, optional
        What is set of strategies and classifiers, by their names; what is said of classes, by
        their labels.

    Raises
    ------
    UserError
        One sentence, whatever is wrong.
    """
    wanted, names = read_strategies(strategies), read_classifiers(classifiers)
    _refuse_numbers(folds, repeats, margin, false_alarm)
    schema = with_roles(dataset.schema, drop, group, time, positive, value)
    labels = replace(dataset, schema=schema).labels()
    _refuse_classes(schema, labels)
    kept = group or next(iter(schema.named("group")), None)
    _refuse_contradiction(split, group, time)
    reason = None
    if split is None and group is None and time is None and kept is not None:
        split, reason = default_split(replace(dataset, schema=schema), folds)
    rule_of_split: SplitRule = split or ("time" if time else "group" if group else "stratified")
    if rule_of_split == "group":
        group = kept
    metric, rule = _metric_and_rule(dataset, metric, rule, len(labels.classes))
    priced = _priced(replace(dataset, schema=schema), labels, COST in (metric, rule), false_alarm)
    protocol = Protocol(
        metric=metric,
        rule=rule,
        margin=margin,
        folds=folds,
        repeats=repeats,
        split=rule_of_split,
        group=group if rule_of_split != "stratified" else None,
        time=time_column(schema, time) if rule_of_split == "time" else None,
        seed=seed,
        value=next(iter(schema.named("value")), None),
        false_alarm=false_alarm,
    )
    facts = replace(facts_of(dataset, schema), training=smallest_training(folds, rule_of_split))
    params = compared_settings(params or {}, wanted, names, facts)
    chosen = choose_arms(wanted, names, facts, params)
    rows: int | None = None
    notes: list[Text] = []
    if strategies == "quick" and classifiers is None:
        chosen, rows, notes = made_quick(chosen, wanted, facts, protocol, params)
    notes = [*told_of_split(replace(dataset, schema=schema), protocol), *notes]
    plan = Plan(
        dataset=dataset.path.name,
        fingerprint=dataset.fingerprint,
        schema=schema,
        arms=tuple(chosen.arms),
        protocol=protocol,
        left_out=tuple((name, why.render()) for name, why in chosen.left_out),
        rows=rows,
        notes=tuple(note.render() for note in (*([reason] if reason else []), *notes, *priced)),
    )
    _refuse_splits(dataset, plan)
    return plan


def smallest_training(folds: int, split: SplitRule) -> float:
    """Return the part of the rows that the smallest training part of a comparison holds."""
    return 1 / (folds + 1) if split == "time" else 1 - 1 / folds


def _metric_and_rule(
    dataset: Dataset, metric: str | None, rule: str | None, classes: int
) -> tuple[str, str]:
    task = "binary" if classes == 2 else "multiclass"
    goal = default_goal("binary" if classes == 2 else "multiclass")
    if dataset.goal is not None and task in GOALS[dataset.goal].tasks:
        goal = GOALS[dataset.goal]
    if metric is None:
        metric, rule = goal.metric, rule or goal.rule
    else:
        metric = METRICS.find(metric).name
        fallback = default_goal("binary" if classes == 2 else "multiclass").rule
        rule = rule or (metric if metric in METRIC_RULES else fallback)
    if COST in (metric, rule) and classes > 2:
        raise UserError(
            "{metric} needs two classes and the target has {classes}; choose another metric.",
            metric=COST,
            classes=classes,
        )
    parse_rule(rule, classes)
    if rule == "none" and METRICS[metric].decides:
        raise UserError(
            "{metric} judges decisions, and without a threshold rule none are tuned; "
            "choose a rule, or a metric of probabilities such as average_precision.",
            metric=metric,
        )
    return metric, rule


def _priced(dataset: Dataset, labels: Labels, asked: bool, false_alarm: float) -> list[Text]:
    """Tell what decisions cost, where that is asked for; what is no amount is refused anyhow."""
    amounts = amounts_at_risk(dataset)
    if not asked:
        return []
    if amounts is None:
        raise UserError(
            "{metric} needs the amount at risk in each row; give the column that holds it the role "
            "value (--value COL).",
            metric=COST,
        )
    column, label = dataset.schema.named("value")[0], labels.classes[labels.positive]
    mine = amounts[labels.y == labels.positive]
    if not np.nansum(mine) > 0:
        raise UserError(
            "“{column}” is 0 or missing in every row of “{label}”, so nothing is at risk; choose "
            "another column.",
            column=column,
            label=label,
        )
    notes = [
        Text(
            "A missed row of “{label}” costs its “{column}”, a false alarm {price}; give another "
            "price of a false alarm where yours differs.",
            {"label": label, "column": column, "price": f"{false_alarm:g}"},
        )
    ]
    if missing := int(np.isnan(mine).sum()):
        text = Text(
            "“{column}” is missing in {n} of {rows} rows of “{label}”; to miss one of these counts "
            "as no cost.",
            {"column": column, "n": count(missing), "rows": count(mine.size), "label": label},
        )
        notes.append(text)
    return notes


def _refuse_numbers(folds: int, repeats: int, margin: float, false_alarm: float) -> None:
    if folds < 2:
        raise UserError(
            "A comparison needs at least 2 folds, and {folds} was asked for.", folds=folds
        )
    if repeats < 1:
        raise UserError(
            "A comparison needs at least 1 repeat, and {repeats} was asked for.", repeats=repeats
        )
    if not 0 <= margin < 1:
        raise UserError("The margin is {margin:g}; give a number from 0 to below 1.", margin=margin)
    if not 0 < false_alarm < np.inf:
        raise UserError("A false alarm costs {price:g}; give a number above 0.", price=false_alarm)
    gpu_count()  # a bad REBAL_GPUS or REBAL_WORKERS is told here, not in the engine's log
    worker_count()


def _refuse_contradiction(split: SplitRule | None, group: str | None, time: str | None) -> None:
    if split == "stratified" and (group or time):
        raise UserError(
            "A split by rows does not use “{column}”; leave that column out, or split by {split}.",
            column=group or time,
            split=Text("group" if group else "time"),
        )
    if split == "group" and time:
        raise UserError(
            "A split by group does not use “{time}”; leave that column out, or split by time.",
            time=time,
        )


def _refuse_classes(schema: Schema, labels: Labels) -> None:
    if len(labels.classes) < 2:
        if not labels.classes:
            raise UserError(
                "The target “{target}” holds no value at all; choose a column with at least two "
                "classes.",
                target=schema.target,
            )
        raise UserError(
            "The target “{target}” holds only the class “{label}”; choose a column with at least "
            "two classes.",
            target=schema.target,
            label=labels.classes[0],
        )
    focus = labels.positive if len(labels.classes) == 2 else 1
    if labels.counts[focus] < 2 or (len(labels.classes) == 2 and min(labels.counts) < 2):
        name = labels.classes[int(min(range(len(labels.counts)), key=labels.counts.__getitem__))]
        raise UserError(
            "The class “{name}” of “{target}” has one row, which cannot both train and "
            "test a model; find more rows of it, or choose another target.",
            name=name,
            target=schema.target,
        )


def _refuse_splits(dataset: Dataset, plan: Plan) -> None:
    """Cut the splits once, so that what cannot be split is told now and not in the run."""
    once = replace(plan.protocol, repeats=1)
    splits_of(replace(dataset, schema=plan.schema), once, plan.rows)
    if plan.protocol.split == "time" and plan.protocol.repeats > 1:
        raise UserError("A split by time has one order only; choose 1 repeat.")
