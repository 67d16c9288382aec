"""``rebal compare``: plan, run in the engine, wait, tell the verdict."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rebal_core.cli.output import Bar, answer, check_json, columns, note
from rebal_core.cli.settings import by_owner
from rebal_core.codes import ALARMS, STATES, VERDICTS
from rebal_core.scratch import scratch
from rebal_core.wording import UserError, listed

if TYPE_CHECKING:
    from rebal_core.data.dataset import Dataset
    from rebal_core.experiment.plan import Plan
    from rebal_core.store import RunRow, Store

_LEGEND = (
    "Difference: to the untreated model of the same kind; interval: 95%, corrected for all arms."
)

#: Notes on fits that are told; the JSON has all.
_NOTES = 6


def compare(arguments: argparse.Namespace) -> int:
    """Judge remedies; 1 when the reference or every other arm failed."""
    if arguments.tune:
        raise UserError("--tune above 0 is not available in this version; leave it at 0.")
    both = [name for name in arguments.drop if name in arguments.trust]
    if both:
        raise UserError(
            "“{column}” is in --drop and in --trust, which contradict each other; leave "
            "it in one of them.",
            column=both[0],
        )
    check_json(arguments.json, arguments.data)
    params = by_owner(arguments.params)
    from rebal_core.cli.frame import INTERRUPTED
    from rebal_core.cli.tables import reading_notes, unused_notes
    from rebal_core.experiment.client import cancel, submit
    from rebal_core.experiment.machine import require_settings
    from rebal_core.experiment.results import report
    from rebal_core.store import Store

    require_settings()
    store = Store()
    dataset, plan = _planned(store, arguments, params)
    run = submit(store, plan)
    try:
        with store.database.told():
            row = _waited(store, run)
    except KeyboardInterrupt:
        cancel(store, run)
        note(f"Run {run} was cancelled.")
        return INTERRUPTED
    if row.state != "done":
        note(row.error or f"Run {run} was {STATES[row.state]}.")
        return 1
    told = report(store, run)
    answer(told, arguments.json, lambda: _text(told))
    left = unused_notes(told["unused"])
    for sentence in (
        *reading_notes(dataset),
        *left,
        *_fit_notes(told),
        *plan.notes,
        *_advice(dataset, plan, arguments),
    ):
        note(sentence)
    return _code(told)


def _fit_notes(told: dict[str, Any]) -> list[str]:
    """Say what fits wanted to be known, each sentence once, with the arms that it is about."""
    about: dict[str, list[str]] = {}
    for arm in told["arms"]:
        for one in arm["notes"]:
            about.setdefault(one["note"], []).append(f"{arm['arm']} ({one['cells']} fits)")
    lines = [f"{listed(arms, 3)}: {note}" for note, arms in about.items()]
    more = len(lines) - _NOTES
    return lines[:_NOTES] + [f"{more} more notes on fits stand in the JSON."] * (more > 0)


def _advice(dataset: Dataset, plan: Plan, arguments: argparse.Namespace) -> list[str]:
    """Say which options would split the rows otherwise, or answer for a column."""
    from rebal_core.checks import doubts_of_plan
    from rebal_core.metrics.names import COST

    notes = []
    if plan.protocol.split == "group" and arguments.split is None and arguments.group is None:
        notes.append("See --split rows to split them one by one.")
    if COST in (plan.protocol.metric, plan.protocol.rule):
        notes.append("See --false-alarm for the price of one.")
    mixed, logged = doubts_of_plan(replace(dataset, schema=plan.schema), plan.protocol)
    notes += [f"{f.message} See --time {f.columns[0]}." for f in mixed]
    return notes + [f"{f.message} See --drop and --trust." for f in logged]


def _planned(
    store: Store, arguments: argparse.Namespace, params: dict[str, dict[str, str]]
) -> tuple[Dataset, Plan]:
    """Take the table into the store and plan; a table that cannot be compared is not kept."""
    from rebal_core.cli.tables import read
    from rebal_core.experiment.planning import make_plan
    from rebal_core.strategies import saved_strategies

    with scratch() as folder:
        dataset = read(arguments, folder / "table").trusting(arguments.trust)
        plan = make_plan(
            dataset,
            strategies=_whole(arguments.strategies),
            classifiers=arguments.classifiers,
            metric=arguments.metric,
            folds=arguments.folds,
            repeats=arguments.repeats,
            split={"rows": "stratified"}.get(arguments.split, arguments.split),
            group=arguments.group,
            time=arguments.time,
            value=arguments.value,
            false_alarm=arguments.false_alarm,
            seed=arguments.seed,
            drop=arguments.drop,
            rates=arguments.rates,
            positive=arguments.positive,
            params=params,
            known=saved_strategies(store.home.path).beside(),
        )
        dataset = store.adopt_dataset(dataset)
    return dataset, replace(plan, dataset=dataset.path.name)


def _whole(words: list[str]) -> str | list[str]:
    return words[0] if words in (["quick"], ["all"]) else words


def _waited(store: Store, run: int) -> RunRow:
    from rebal_core.experiment.client import wait

    bar = Bar(f"Run {run}")
    told = None

    def show(row: RunRow) -> None:
        nonlocal told
        if row.live and row.detail and row.detail != told:
            bar.clear()
            note(row.detail)
        told = row.detail
        bar.show(row.fraction, 1.0)

    try:
        return wait(store, run, show)
    finally:
        bar.clear()


def _code(told: dict[str, Any]) -> int:
    """Return 1 for a comparison in which the reference or every other arm failed."""
    status = {arm["arm"]: arm["status"] for arm in told["arms"]}
    references = told["protocol"]["reference"]["arms"]
    others = [
        arm["status"]
        for arm in told["arms"]
        if arm["strategy"] not in ("dummy", "none", "threshold") and arm["status"] != "skipped"
    ]
    lost = not references or any(status.get(name) != "done" for name in references)
    return int(lost or (bool(others) and "done" not in others))


def _text(told: dict[str, Any]) -> str:
    metric = told["protocol"]["metric"]
    rows = []
    for arm in told["arms"]:
        score, verdict = arm["score"], arm["verdict"] or {}
        words = VERDICTS[verdict["code"]].render() if verdict else ""
        if not arm.get("remedy", True):
            words = "no remedy for imbalance"
        if arm["status"] != "done":
            words = f"{STATES[arm['status']]}: {arm['reason']}"
        gain, low, high = (_change(verdict.get(name)) for name in ("delta", "low", "high"))
        span = f"{low} to {high}" if low and high else None
        rows.append((arm["arm"], score and score["mean"], gain, span, words))
    heads = ("arm", metric, "difference", "interval", "verdict")
    lines = [told["verdict"]["sentence"], "", columns(rows, heads)]
    if any(row[2] for row in rows):
        lines.append(_LEGEND)
    lines += [f"{ALARMS[alarm['code']]}: {alarm['message']}" for alarm in told["alarms"]]
    return "\n".join(lines)


def _change(value: float | None) -> str | None:
    """Write a difference with its sign; by plain ASCII, which every terminal has."""
    return None if value is None else f"{value:+.3f}"
