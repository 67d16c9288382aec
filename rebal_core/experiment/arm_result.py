"""One arm of a finished run, opened: the fold whose rows and model leave the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rebal_core.arm import Arm, CellResult, Split
from rebal_core.codes import STATES
from rebal_core.data.at_risk import at_risk, error_costs
from rebal_core.data.dataset import Dataset, Labels
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.decisions import (
    Cutoff,
    Decided,
    Decisions,
    Policy,
    Prices,
    Repair,
    Tallies,
    decide,
    parse_rule,
)
from rebal_core.decisions.crossfit import teachers
from rebal_core.evaluation import ArmCells
from rebal_core.experiment.graph import split_node
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.results import (
    NO_MODEL,
    dataset_of,
    load_cells,
    model_of,
    plan_of,
    report,
)
from rebal_core.experiment.splits import stored_splits
from rebal_core.files import remove
from rebal_core.metrics import count, decision_scores, probability_scores
from rebal_core.metrics.names import COST
from rebal_core.rows import Floats
from rebal_core.seeding import child_seed
from rebal_core.store import Store
from rebal_core.strategies import FittedArm, SavedStrategy, load_arm, saved_strategies
from rebal_core.wording import UserError

#: A model and its stored predictions are the same model when they differ by less.
SAME = 1e-6


@dataclass(frozen=True)
class ArmResult:
    """One arm of a run on the fold that is handed over: its rows, its model, its decisions.

    Parameters
    ----------
    name : str
        As the run stores the arm.
    arm : ArmCells
    plan : Plan
    dataset : Dataset
        With the roles of the plan.
    labels : Labels
    split : Split
    fitted : FittedArm
        Fitted on exactly the training rows of ``split``.
    preparation : Preparation
    decisions : Decisions
        Of the whole arm; ``decided`` is the fold's own part.
    report : mapping
        The run's report.
    costs : ndarray of shape (n,) or None
        What a wrong decision on each row of the table costs, where that is known.
    """

    name: str
    arm: ArmCells
    plan: Plan
    dataset: Dataset
    labels: Labels
    split: Split
    fitted: FittedArm
    preparation: Preparation
    decisions: Decisions
    report: Mapping[str, Any]
    costs: Floats | None = None

    @property
    def called(self) -> str:
        """What people call the arm."""
        return self.arm.arm.called(self.labels.classes)

    @property
    def seed(self) -> int:
        """The seed of the split, from which all draws of the arm follow."""
        seed, split = self.plan.protocol.seed, self.split
        return child_seed(seed, "split", split.repeat, split.fold)

    @property
    def decided(self) -> Decided:
        """What became of the fold's cell."""
        return _of_split(self.decisions, self.split)

    @property
    def policy(self) -> Policy:
        """The fold's own policy, cross-fitted on the other folds."""
        decided, cells = self.decided, [d.cell for d in self.decisions.cells]
        others = [cells[i] for i in teachers(cells, decided.cell, self.plan.protocol.split)]
        proba = [
            decided.repair.apply(cell.proba, cell.prior_fit, cell.prior_train) for cell in others
        ]
        return self._policy(decided.repair, decided.cutoff, others, proba, decided.prices)

    @property
    def policy_of_all_rows(self) -> Policy:
        """The policy from all out-of-fold rows."""
        every = self.decisions.cells
        cells, proba = [d.cell for d in every], [d.proba for d in every]
        repair = self.decisions.repair
        if repair.shares:  # of the whole population, not of each fold's
            proba = [repair.apply(c.proba, c.prior_fit, c.prior_train) for c in cells]
        return self._policy(repair, self.decisions.cutoff, cells, proba, self.decisions.prices)

    def metrics(self) -> dict[str, float | None]:
        """Return the fold's own scores, as they come again from its test rows and the model."""
        decided, k = self.decided, len(self.labels.classes)
        positive = self.labels.positive if k == 2 else None
        scores = probability_scores(decided.cell.y, decided.proba, positive)
        costs = None if self.costs is None else self.costs[decided.cell.rows]
        counts = count(decided.cell.y, decided.tuned, k, costs=costs)
        scores |= decision_scores(counts, positive)
        values = {name: float(np.ravel(value)[0]) for name, value in scores.items()}
        return {name: v if np.isfinite(v) else None for name, v in values.items()}

    def _policy(
        self,
        repair: Repair,
        cutoff: Cutoff,
        cells: Sequence[CellResult],
        proba: Sequence[Floats],
        prices: Prices | None,
    ) -> Policy:
        """Return a policy, with what other cut-offs do on the rows that this one was tuned on."""
        positive, tallies = self.labels.positive, None
        known = self.arm.decision and self.arm.decision.cutoff(cells[0].prior_train, positive)
        if prices is not None or known is not None:  # nothing was tuned
            return Policy(positive, repair, cutoff.value, prices=prices)
        rule = self.decisions.rule.text
        if len(self.labels.classes) == 2 and rule != "none" and cutoff.sure:
            truth = np.concatenate([cell.y for cell in cells]) == positive
            p = np.concatenate(list(proba))[:, positive]
            costs = None
            if rule == COST and self.costs is not None:
                costs = self.costs[np.concatenate([cell.rows for cell in cells])]
            tallies = Tallies.of(truth, p, costs).thinned()
        return Policy(positive, repair, cutoff.value, rule, tallies)


def open_arm(store: Store, run: int, name: str | None = None) -> ArmResult:
    """Open one arm of a finished run; nothing is fitted.

    Parameters
    ----------
    store : Store
    run : int
    name : str, optional
        As the run stores the arm, or as people call it, also by the name under which they saved its
        strategy; default the run's best arm.

    Raises
    ------
    UserError
        When there is no such run or arm, it did not finish, or its model is not there any more.
    """
    told, plan = report(store, run), plan_of(store, run)
    dataset = dataset_of(store, plan)
    labels = dataset.labels()
    asked = name or told["verdict"]["best_arm"]
    if asked is None:
        raise UserError("Run {run} names no best arm; choose one with --arm.", run=run)
    saved = saved_strategies(store.home.path).strategies
    arm = _named(load_cells(store, run), asked, labels.classes, run, saved)
    name, called = arm.name, arm.arm.called(labels.classes)
    if arm.status != "done":
        raise UserError(
            "{arm} has no model in run {run} ({status}): {reason}",
            arm=called,
            run=run,
            status=STATES[arm.status],
            reason=arm.reason,
        )
    repeat, fold = plan.protocol.handed_over
    stored = store.home.path / split_node(plan, repeat).path
    split = stored_splits(stored, dataset, plan.protocol, plan.rows, repeat)[fold]
    rule = parse_rule(plan.protocol.rule, len(labels.classes))
    cells = sorted(arm.cells, key=lambda cell: (cell.repeat, cell.fold))
    costs = error_costs(dataset, plan.protocol.false_alarm)
    decisions = decide(
        cells,
        arm.repair,
        rule,
        plan.protocol.split,
        labels.positive,
        costs,
        arm.decision,
        at_risk(dataset, plan.protocol.false_alarm),
    )
    folder = model_of(store, run, name)
    fitted, preparation = _model(folder, called, run)
    result = ArmResult(
        name, arm, plan, dataset, labels, split, fitted, preparation, decisions, told, costs
    )
    _refuse_another_model(result, folder)
    return result


def _named(
    arms: Sequence[ArmCells],
    asked: str,
    classes: Sequence[str],
    run: int,
    saved: Sequence[SavedStrategy],
) -> ArmCells:
    """Return the arm of that name: the stored one, that for people, or by a saved strategy."""
    by_name = {
        Arm(one.name, arm.arm.classifier, settings=arm.arm.settings).called(classes): arm
        for one in saved
        for arm in arms
        if one.made(arm.arm, classes)
    }
    by_name |= {arm.arm.called(classes): arm for arm in arms} | {arm.name: arm for arm in arms}
    if asked not in by_name:
        known = ", ".join(arm.arm.called(classes) for arm in arms)
        raise UserError("Run {run} has no arm “{arm}”; it has {known}.", run=run, arm=asked,
                        known=known)  # fmt: skip
    return by_name[asked]


def _model(folder: Path, arm: str, run: int) -> tuple[FittedArm, Preparation]:
    """Return the model that the engine kept; what is damaged is removed, to be fitted again."""
    try:
        return load_arm(folder)
    except UserError as error:
        remove(folder)
        raise UserError(NO_MODEL, arm=arm, run=run) from error


def _refuse_another_model(result: ArmResult, folder: Path) -> None:
    """Make sure that this is the model whose numbers the run shows."""
    cell = result.decided.cell
    typed = result.preparation.transform(result.dataset.frame(rows=cell.rows))
    gap = float(np.abs(result.fitted.predict_proba(typed) - cell.proba).max())
    if not gap <= SAME:
        remove(folder)
        raise UserError(
            "The model of {arm} does not give the run's own numbers on this machine (off by "
            "{gap}); compare again here.",
            arm=result.called,
            gap=f"{gap:.1g}",
        )


def _of_split(decisions: Decisions, split: Split) -> Decided:
    return next(
        d for d in decisions.cells if (d.cell.repeat, d.cell.fold) == (split.repeat, split.fold)
    )
