"""From a user's wishes to a plan that can work; what cannot work is refused here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rebal_core.arm import Protocol, Split, SplitRule
from rebal_core.data.at_risk import MOST, amounts_at_risk
from rebal_core.data.dataset import Dataset, Labels
from rebal_core.data.formats import count
from rebal_core.data.goals import GOALS, default_goal
from rebal_core.data.measured import refuse_measurement
from rebal_core.decisions.rules import METRIC_RULES, parse_rule
from rebal_core.experiment.arms import (
    ArmList,
    arm_of,
    choose_arms,
    read_classifiers,
    read_strategies,
)
from rebal_core.experiment.machine import gpu_count, worker_count
from rebal_core.experiment.plan import Plan, with_roles
from rebal_core.experiment.possible import with_possible_arms
from rebal_core.experiment.quick import made_quick
from rebal_core.experiment.rates import refuse_split_by_key, timed_by_rates, told_of_rates
from rebal_core.experiment.settings import compared_settings
from rebal_core.experiment.sizes import facts_of
from rebal_core.experiment.split_rule import default_split, time_column, told_of_split
from rebal_core.experiment.splits import splits_of
from rebal_core.facts import TableFacts
from rebal_core.metrics import METRICS
from rebal_core.metrics.names import COST
from rebal_core.strategies import STRATEGIES, Strategies, Strategy
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
    rates: Sequence[str] = (),
    positive: str | None = None,
    margin: float = 0.01,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    known: Strategies = STRATEGIES,
) -> Plan:
    """Turn a user's wishes into a plan that can work.

    Parameters
    ----------
    dataset : Dataset
    strategies, classifiers : names in a sequence or with commas; strategies also "quick" or "all"
        Default logistic and boosting, less what the quick plan finds too slow.
    metric, rule : str, optional
        Default those of the dataset's goal.
    split, group, time : str, optional
        ``"stratified"``, ``"group"`` or ``"time"``, and the columns; else :func:`default_split`.
    value, false_alarm : str and float, optional
        Column of the amounts at risk; what it costs to act on a row of the other class.
    drop, rates : sequence of str
        Columns that no classifier may see; keys of added rates so far, such as ``user+category``.
    params : mapping of str to mapping, optional
        What is set of strategies and classifiers, by name; what is said of classes, by label.
    known : Strategies
        The registry, perhaps with what a user saved.

    Raises
    ------
    UserError
        One sentence, whatever is wrong.
    """
    _refuse_numbers(folds, repeats, margin, false_alarm)
    added, time, why = timed_by_rates(dataset.schema, rates, split, group, time)
    schema = replace(with_roles(dataset.schema, drop, group, time, positive, value), rates=added)
    table = replace(dataset, schema=schema)
    labels = _labels(table)
    cut, group, when, reasons = _split_of(table, folds, split, group, time)
    metric, rule = _metric_and_rule(dataset, metric, rule, len(labels.classes))
    protocol = Protocol(metric, rule, margin, folds, repeats, cut, group, when, seed)
    protocol, priced = _with_prices(protocol, table, labels, false_alarm)
    chosen, rows, notes = _chosen(table, protocol, strategies, classifiers, params or {}, known)
    plan = _plan(table, protocol, chosen, rows, (*reasons, *why), (*notes, *priced))
    splits, strict = _splits(table, plan), strategies != "all"
    return with_possible_arms(plan, splits, table, labels.y, strict=strict)


def _split_of(
    table: Dataset, folds: int, split: SplitRule | None, group: str | None, time: str | None
) -> tuple[SplitRule, str | None, str | None, list[Text]]:
    """Return how rows are split, by which group or time, and why, where nobody said."""
    _refuse_contradiction(split, group, time)
    kept = group or next(iter(table.schema.named("group")), None)
    reasons: list[Text] = []
    if split is None and group is None and time is None and kept is not None:
        split, reason = default_split(table, folds)
        reasons += [reason] if reason else []
    rule: SplitRule = split or ("time" if time else "group" if group else "stratified")
    when = time_column(table.schema, time) if rule == "time" else None
    by = {"group": kept, "time": group, "stratified": None}[rule]
    refuse_split_by_key(table.schema.rates, by)
    return rule, by, when, reasons


def _chosen(
    table: Dataset,
    protocol: Protocol,
    strategies: str | Sequence[str],
    classifiers: str | Sequence[str] | None,
    params: Mapping[str, Mapping[str, Any]],
    known: Strategies,
) -> tuple[ArmList, int | None, list[Text]]:
    """Return the arms, how many rows they look at (None: all), and what was decided about them."""
    wanted, names = read_strategies(strategies, known), read_classifiers(classifiers)
    training = smallest_training(protocol.folds, protocol.split)
    facts = replace(facts_of(table, table.schema), training=training)
    params = compared_settings(params, wanted, names, facts, known)
    chosen = choose_arms(wanted, names, facts, params, strategies == "all", known)
    if strategies == "quick" and classifiers is None:
        return made_quick(chosen, wanted, facts, protocol, params)
    saved = [known[name] for name in wanted if known[name].made_of]
    told = [_made_of(spec, names[0], params, facts, known) for spec in saved]
    return chosen, None, [note for note in told if note is not None]


def _made_of(
    spec: Strategy,
    classifier: str,
    params: Mapping[str, Mapping[str, Any]],
    facts: TableFacts,
    known: Strategies,
) -> Text | None:
    """Tell under which name the arms of a saved strategy stand; None where it is left out."""
    try:
        arm = arm_of(spec.name, spec.learner or classifier, params, facts, known)
    except UserError:
        return None
    called = arm.called(facts.labels).rpartition("/")[0]
    return Text("“{name}” is what you saved: {strategy}.", {"name": spec.name, "strategy": called})


def _plan(
    table: Dataset,
    protocol: Protocol,
    chosen: ArmList,
    rows: int | None,
    reasons: Sequence[Text],
    notes: Sequence[Text],
) -> Plan:
    """Return the plan; its notes tell of the split, then of the arms, of prices and of rates."""
    split, rates = told_of_split(table, protocol), told_of_rates(table.schema.rates)
    return Plan(
        dataset=table.path.name,
        fingerprint=table.fingerprint,
        schema=table.schema,
        arms=tuple(chosen.arms),
        protocol=protocol,
        left_out=tuple((name, why.render()) for name, why in chosen.left_out),
        rows=rows,
        notes=tuple(n.render() for n in (*reasons, *split, *notes, *rates)),
    )


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
            "choose a rule, or a metric of probabilities such as {metric2}.",
            metric=metric,
            metric2="average_precision",
        )
    return metric, rule


def _with_prices(
    protocol: Protocol, table: Dataset, labels: Labels, false_alarm: float
) -> tuple[Protocol, list[Text]]:
    """Return the protocol that knows what decisions cost, and what is told of that."""
    asked = COST in (protocol.metric, protocol.rule)
    notes = _priced(table, labels, asked, false_alarm)
    amount = next(iter(table.schema.named("value")), None)
    return replace(protocol, value=amount, false_alarm=false_alarm), notes


def _priced(dataset: Dataset, labels: Labels, asked: bool, false_alarm: float) -> list[Text]:
    """Tell what decisions cost, where that is asked for; what is no amount is refused anyhow."""
    amounts = amounts_at_risk(dataset)
    if not asked and amounts is None and false_alarm != 1:
        raise UserError(
            "A false alarm is said to cost {price:g}, but no column says what a missed row costs; "
            "give the column that does the role value (--value COL), or leave the price out.",
            price=false_alarm,
        )
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
    if not 0 < false_alarm < MOST:
        raise UserError(
            "A false alarm costs {price:g}; give a number above 0 and below {most:g}.",
            price=false_alarm,
            most=MOST,
        )
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


def _labels(table: Dataset) -> Labels:
    """Return the target as codes, if there is something to tell apart, and rows to do so."""
    schema, labels = table.schema, table.labels()
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
    refuse_measurement(schema.target, labels.classes)
    focus = labels.positive if len(labels.classes) == 2 else 1
    if labels.counts[focus] < 2 or (len(labels.classes) == 2 and min(labels.counts) < 2):
        name = labels.classes[int(min(range(len(labels.counts)), key=labels.counts.__getitem__))]
        raise UserError(
            "The class “{name}” of “{target}” has one row, which cannot both train and "
            "test a model; find more rows of it, or choose another target.",
            name=name,
            target=schema.target,
        )
    return labels


def _splits(table: Dataset, plan: Plan) -> list[Split]:
    """Cut one repeat, so that what cannot be split is told now and not in the run."""
    splits = splits_of(table, replace(plan.protocol, repeats=1), plan.rows)
    if plan.protocol.split == "time" and plan.protocol.repeats > 1:
        raise UserError("A split by time has one order only; choose 1 repeat.")
    return splits
