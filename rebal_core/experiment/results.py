"""What became of a run: its report, its evaluation, its fitted arms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rebal_core.codes import STATES, WORK
from rebal_core.data.dataset import Dataset
from rebal_core.evaluation import ArmCells, Evaluation, build_report
from rebal_core.evaluation.bootstrap import Progress, no_progress
from rebal_core.evaluation.curves import ClassCurves
from rebal_core.experiment.client import ensure_engine
from rebal_core.experiment.files import Damaged
from rebal_core.experiment.graph import STOPPED, arm_outcome, handed_over, model_path
from rebal_core.experiment.judged import load_curves, load_evaluation
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.reported import REPORT, written_report
from rebal_core.experiment.tasks.judging import arm_cells, draw, judge, planned_arms
from rebal_core.files import read_json, remove, write_json
from rebal_core.store.rows import RunRow
from rebal_core.store.store import Store
from rebal_core.wording import Text, UserError

UNFINISHED = Text("This arm has not been computed.").render()
#: The engine fits it again, and nothing else: without its model no cell is whole.
NO_MODEL = (
    "The model of {arm} in run {run} is gone or damaged; compare again, which fits only what "
    "is missing."
)


def plan_of(store: Store, run: int) -> Plan:
    """Return the plan of a comparison."""
    return Plan.from_dict(_compared(store, run).plan)


def dataset_of(store: Store, plan: Plan) -> Dataset:
    """Open the dataset of a plan with the roles of the plan."""
    return replace(store.dataset(plan.dataset), schema=plan.schema)


def load_cells(store: Store, run: int) -> list[ArmCells]:
    """Return every arm of a run with its cells; arms that are not complete count as failed."""
    with _made_again(store, run):
        return arm_cells(store.home.path, plan_of(store, run), _outcomes(store, run)["arms"])


def stored_evaluation(store: Store, run: int) -> Evaluation | None:
    """Return the evaluation that a finished run keeps; None where it must be made again.

    Raises
    ------
    UserError
        When the run has not come to its end.
    """
    _ended(store, run)
    plan = plan_of(store, run)
    trusted = store.dataset(plan.dataset).trusted
    folder = store.home.run_folder(run)
    return load_evaluation(folder, plan.protocol, planned_arms(plan), trusted)


def evaluation(store: Store, run: int, progress: Progress = no_progress) -> Evaluation:
    """Return the evaluation of a run; where it keeps none, judge it from its stored predictions.

    Raises
    ------
    UserError
        When the run has not come to its end; also when what it computed is damaged: then it is
        computed again.
    """
    found = stored_evaluation(store, run)
    if found is None:
        folder = store.home.run_folder(run)
        with _made_again(store, run):
            outcomes = _outcomes(store, run)
            told = _while_known(store, run, progress)
            found = judge(store.home.path, plan_of(store, run), outcomes, folder, told)
        remove(folder / REPORT)
    return found


def stored_curves(store: Store, run: int, label: int) -> ClassCurves | None:
    """Return the curves of a class that a run keeps; None where they must be made."""
    return load_curves(store.home.run_folder(run), label)


def curves(store: Store, run: int, label: int, progress: Progress = no_progress) -> ClassCurves:
    """Return the curves of a class, by code, for every arm of a run that was scored.

    Raises
    ------
    UserError
        As :func:`evaluation`; also when the run has no such class.
    """
    judged = evaluation(store, run)
    found = stored_curves(store, run, label)
    if found is not None:
        return found
    if not 0 <= label < len(judged.classes):
        raise UserError("Run {run} has no class of the code {code}.", run=run, code=label)
    with _made_again(store, run):
        home, plan, outcomes = store.home, plan_of(store, run), _outcomes(store, run)
        told = _while_known(store, run, progress)
        return draw(home.path, plan, outcomes, home.run_folder(run), judged, label, told)


def stored_report(store: Store, run: int) -> dict[str, Any] | None:
    """Return the report of a run, if it is written or need only be; None where it must be judged.

    Raises
    ------
    UserError
        When the run has not come to its end.
    """
    folder = store.home.run_folder(run)
    row, found = _ended(store, run), written_report(folder, run)
    if found is None and (judged := stored_evaluation(store, run)) is not None:
        path = folder / REPORT
        remove(path)
        write_json(path, build_report(judged, run=run, seconds=row.seconds))
        found = read_json(path)
    return found


def report(store: Store, run: int) -> dict[str, Any]:
    """Return the report of a run: the ``compare`` JSON of the command line.

    Raises
    ------
    UserError
        As :func:`evaluation`.
    """
    found = stored_report(store, run)
    if found is None:
        evaluation(store, run)
        found = stored_report(store, run)
    assert found is not None
    return found


def trust(store: Store, run: int, column: str) -> None:
    """Remember that a column of a run's dataset is known before the event.

    The verdicts of all runs of the dataset no longer depend on it; nothing is judged again.

    Raises
    ------
    UserError
        When the dataset has no such column.
    """
    dataset = store.dataset(plan_of(store, run).dataset)
    dataset.trusting([column])
    for row in store.runs():
        if row.dataset == dataset.path.name and row.state == "done":
            with suppress(UserError):  # what is damaged is told where it is opened
                if stored_evaluation(store, row.run) is not None:
                    remove(store.home.run_folder(row.run) / REPORT)


def model_of(store: Store, run: int, arm: str) -> Path:
    """Return the folder of an arm fitted on the training part of the fold that is handed over.

    ``rebal_core.strategies.persist.load_arm`` opens it.

    Raises
    ------
    UserError
        When the run has no such arm, or its model is not there.
    """
    plan = plan_of(store, run)
    folder = store.home.path / model_path(handed_over(store, run, arm))
    if not folder.exists():
        classes = dataset_of(store, plan).labels().classes
        called = {a.name: a.called(classes) for a in plan.arms}
        raise UserError(NO_MODEL, arm=called[arm], run=run)
    return folder


def _outcomes(store: Store, run: int) -> dict[str, Any]:
    """Return what judging must know, as it was computed then: keys change with the code."""
    tasks, stopped = store.tasks(run).set_index("key"), store.stopped_arms(run)
    arms = {arm.name: arm_outcome("done", None) for arm in plan_of(store, run).arms}
    arms |= {name: arm_outcome("skipped", STOPPED) for name in stopped}
    for cell in store.cells(run).itertuples():
        if cell.arm in stopped:
            continue
        path, arm = str(tasks.at[cell.key, "path"]), arms[str(cell.arm)]
        if (store.home.path / path).exists():
            arm["paths"].append(path)
        elif tasks.at[cell.key, "state"] == "done":
            raise Damaged(store.home.path / path)
        else:
            error = tasks.at[cell.key, "error"]
            arm |= {"status": "failed", "reason": error or UNFINISHED}
    for arm in arms.values():
        arm["paths"] = arm["paths"] if arm["status"] == "done" else []
    return {"arms": arms, "alarms": tasks.loc[tasks["kind"] == "alarms", "path"].item()}


def _while_known(store: Store, run: int, progress: Progress) -> Progress:
    """Let work end with a sentence once its run is deleted, so that nothing is left of it."""

    def told(share: float) -> None:
        store.run(run)
        progress(share)

    return told


@contextmanager
def _made_again(store: Store, run: int) -> Iterator[None]:
    """Let a run go on that turns out to lack what it had computed."""
    try:
        yield
    except Damaged as error:
        remove(error.path)
        remove(store.home.run_folder(run) / REPORT)  # it is what says that nothing is left to do
        store.reopen_run(run)
        ensure_engine(store)
        raise UserError(
            "A part of run {run} was damaged and is computed again; come back when it is done.",
            run=run,
        ) from error


def _compared(store: Store, run: int) -> RunRow:
    row = store.run(run)
    if row.kind != "compare":
        raise UserError(
            "Run {run} is no comparison: its work is to {what}. Take the number of a comparison, "
            "as `rebal runs` lists them.",
            run=run,
            what=WORK[row.kind],
        )
    return row


def _ended(store: Store, run: int) -> RunRow:
    row = _compared(store, run)
    if row.state != "done":
        if not row.error:
            raise UserError(
                "Run {run} is {state}; it has no result.", run=run, state=STATES[row.state]
            )
        raise UserError(
            "Run {run} is {state}: {reason}; it has no result.",
            run=run,
            state=STATES[row.state],
            reason=row.error,
        )
    return row
