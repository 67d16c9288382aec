"""The tasks that judge: they fit nothing, and derive everything from stored predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rebal_core.arm import Arm, Protocol, Split
from rebal_core.data.at_risk import at_risk, error_costs
from rebal_core.data.dataset import Dataset
from rebal_core.data.entities import find_entities
from rebal_core.data.split import resampling_units
from rebal_core.data.unused import unused
from rebal_core.evaluation import ArmCells, Evaluation, build_report, evaluate
from rebal_core.evaluation.alarms import COPIES, copied_rows, copy_codes, find_alarms
from rebal_core.evaluation.bootstrap import Progress, no_progress
from rebal_core.evaluation.curves import ClassCurves, class_curves, pooled
from rebal_core.evaluation.decided import decide_arms
from rebal_core.experiment.files import load_cell, reading
from rebal_core.experiment.graph import split_node
from rebal_core.experiment.judged import drawn_classes, save_curves, save_evaluation
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.splits import group_and_time, open_dataset, stored_splits
from rebal_core.experiment.worker import Context
from rebal_core.files import open_array, read_json, write_array, write_json
from rebal_core.strategies import strategy_of
from rebal_core.strategies.fit import UNFINISHED
from rebal_core.strategies.portions import MOST_UNLABELLED
from rebal_core.strategies.rivals import rival_of

#: How much of judging is done once every arm is decided, and once all are scored.
DECIDED, SCORED = 0.3, 0.8


def alarms(params: Mapping[str, Any], context: Context) -> None:
    """Look for what would make every score of the run too good.

    The result is JSON; where rows have copies in training, beside it lies which are alike.
    """
    dataset = open_dataset(context.home, params["dataset"], params["schema"])
    stored, protocol = context.home / params["split"], Protocol(**params["protocol"])
    splits = stored_splits(stored, dataset, protocol, params["rows"], 0)
    labels = dataset.labels()
    frame = dataset.frame([c.name for c in dataset.schema.features])
    context.progress(0.3)
    schema = dataset.schema
    groups = {
        name: group_and_time(dataset, name, None)["groups"]
        for name in find_entities(dataset.table, schema)
    }
    found = find_alarms(frame, schema, splits, labels.y, labels.classes, labels.positive, groups)
    if any(alarm["code"] == COPIES for alarm in found):
        write_array(_beside(context.result), copy_codes(frame, schema.features))
    write_json(context.result, found)


def _beside(alarms: Path) -> Path:
    return alarms.with_suffix(".npy")


def decide(params: Mapping[str, Any], context: Context) -> None:
    """Score and judge a run; write its evaluation, its curves and, last, its report."""
    plan = Plan.from_dict(params["plan"])
    judged = judge(context.home, plan, params, context.result.parent, context.progress)
    write_json(context.result, build_report(judged, run=params["run"], seconds=params["seconds"]))


def judge(
    home: Path,
    plan: Plan,
    outcomes: Mapping[str, Any],
    into: Path,
    progress: Progress = no_progress,
) -> Evaluation:
    """Return the evaluation of a run, and store it with the curves of the classes looked at first.

    Parameters
    ----------
    home : Path
    plan : Plan
    outcomes : mapping
        As :func:`rebal_core.experiment.graph.outcomes_of` tells them: ``arms`` (name to
        ``reason`` and ``paths``) and ``alarms`` (a path).
    into : Path
        The run's folder.
    progress : callable
        Told from 0 to 1 how much is done.
    """
    dataset = open_dataset(home, plan.dataset, plan.schema.to_dict())
    labels = dataset.labels()
    k, positive = len(labels.classes), labels.positive
    found = home / outcomes["alarms"]
    with reading(found):
        alarms, copied = read_json(found), _copied(home, dataset, plan, found)
    facts = {
        "rows": dataset.rows,
        "unlabelled": min(labels.missing, MOST_UNLABELLED),
        "target": plan.schema.target,
        "fingerprint": plan.fingerprint,
        "unused": unused(plan.schema, dataset.source),
        "alarms": alarms,
        "copied": copied,
        "trusted": dataset.trusted,
        "units": _units(dataset, plan.protocol),
        "costs": error_costs(dataset, plan.protocol.false_alarm),
        "at_risk": at_risk(dataset, plan.protocol.false_alarm),
    }
    cells = arm_cells(home, plan, outcomes["arms"])
    deciding = _part(progress, 0.0, DECIDED)
    decisions = decide_arms(
        cells, plan.protocol, k, positive, facts["costs"], facts["at_risk"], deciding
    )
    evaluation = evaluate(
        cells,
        plan.protocol,
        labels.classes,
        positive,
        facts,
        decisions=decisions,
        progress=_part(progress, DECIDED, SCORED),
    )
    drawn = drawn_classes(evaluation)
    for at, label in enumerate(drawn):
        save_curves(into, label, class_curves(decisions, label, evaluation.cutoffs(label)))
        _part(progress, SCORED, 1.0)((at + 1) / len(drawn))
    save_evaluation(into, evaluation)
    return evaluation


def draw(
    home: Path,
    plan: Plan,
    outcomes: Mapping[str, Any],
    into: Path,
    evaluation: Evaluation,
    label: int,
    progress: Progress = no_progress,
) -> ClassCurves:
    """Return the curves of one more class of a run, and store them; nothing is judged again."""
    done = [arm for arm in plan.arms if arm.name in evaluation.decisions]
    arms, cutoffs = {}, evaluation.cutoffs(label)
    for k, arm in enumerate(done):
        paths = outcomes["arms"][arm.name]["paths"]
        cells = sorted((load_cell(home / p) for p in paths), key=lambda c: (c.repeat, c.fold))
        repairs = evaluation.decisions[arm.name].repairs
        arms[arm.name] = pooled(
            [
                (c.y, repair.apply(c.proba, c.prior_fit, c.prior_train))
                for c, repair in zip(cells, repairs, strict=True)
            ],
            label,
            cutoffs.get(arm.name),
        )
        progress((k + 1) / len(done))
    curves = ClassCurves(plan.protocol.repeats, arms)
    save_curves(into, label, curves)
    return curves


def _part(progress: Progress, start: float, end: float) -> Progress:
    """Return what tells a part of the work as that part of the whole."""
    return lambda share: progress(start + (end - start) * share)


def arm_cells(home: Path, plan: Plan, outcomes: Mapping[str, Any]) -> list[ArmCells]:
    """Return every arm of a run, also those that failed or were left out, with its cells."""
    found = []
    for arm in plan.arms:
        told = outcomes[arm.name]
        cells = tuple(load_cell(home / path) for path in told["paths"])
        found.append(described(arm, told["status"], told["reason"], cells, plan.arms))
    for name, reason in plan.left_out:
        found.append(described(Arm.bare(name), "skipped", reason, ()))
    return found


def planned_arms(plan: Plan) -> dict[str, ArmCells]:
    """Return every arm of a plan by name, as if it had been skipped: with nothing of its own."""
    arms = [*plan.arms, *(Arm.bare(name) for name, _ in plan.left_out)]
    return {arm.name: described(arm, "skipped", None, (), plan.arms) for arm in arms}


def described(
    arm: Arm,
    status: Any,
    reason: str | None,
    cells: tuple[Any, ...],
    among: Sequence[Arm] = (),
) -> ArmCells:
    """Return an arm as an evaluation takes it, with what its strategy says about it.

    Parameters
    ----------
    among : sequence of Arm
        Of the same run: one of these is its rival, as that was set.
    """
    strategy = strategy_of(arm)
    rival = rival_of(arm, among)
    return ArmCells(
        arm=arm,
        repair=strategy.repair,
        threshold=strategy.threshold,
        family=strategy.family,
        # A cut-off with a goal of its own is compared with the usual one.
        untreated=strategy.untreated and not arm.params,
        status=status,
        reason=reason,
        cells=cells,
        rival=None if rival is None else rival.name,
        decision=strategy.decision,
        remedy=strategy.remedy,
        unfinished=2 * sum(UNFINISHED.render() in cell.notes for cell in cells) > len(cells),
    )


def _copied(home: Path, dataset: Dataset, plan: Plan, alarms: Path) -> Any:
    """Return which test rows have a copy in training, in every repeat; None where hardly any."""
    if not _beside(alarms).exists():
        return None
    code = open_array(_beside(alarms))
    return copied_rows(code, splits_of_plan(home, dataset, plan))


def splits_of_plan(home: Path, dataset: Dataset, plan: Plan) -> list[Split]:
    """Return every split of a run, as it was stored."""
    found = []
    for repeat in range(plan.protocol.repeats):
        path = home / split_node(plan, repeat).path
        found += stored_splits(path, dataset, plan.protocol, plan.rows, repeat)
    return found


def _units(dataset: Dataset, protocol: Protocol) -> Any:
    return resampling_units(protocol, **group_and_time(dataset, protocol.group, protocol.time))
