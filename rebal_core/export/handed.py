"""The one fold of a run whose data and model leave the house, and are explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rebal_core.arm import Split
from rebal_core.data.dataset import Dataset, Labels
from rebal_core.data.prepare import Preparation
from rebal_core.decisions import (
    Cutoff,
    Decided,
    Decisions,
    Repair,
    Tallies,
    decide,
    parse_rule,
)
from rebal_core.decisions.crossfit import teachers
from rebal_core.evaluation import ArmCells
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.results import (
    dataset_of,
    load_cells,
    model_of,
    plan_of,
    report,
    splits_of,
)
from rebal_core.export.bundle import Rules
from rebal_core.metrics import count, decision_scores, probability_scores
from rebal_core.rows import Floats, Ints
from rebal_core.seeding import child_seed
from rebal_core.store import Store
from rebal_core.strategies import FittedArm, fit_arm, load_arm
from rebal_core.wording import UserError

#: A model and its stored predictions are the same model when they differ by less.
SAME = 1e-6


@dataclass(frozen=True)
class Handed:
    """One arm of a run on the fold that is handed over.

    It is fold 1 of repeat 1; under a time split the last window, which is nearest to tomorrow.

    Parameters
    ----------
    name : str
        As the run calls the arm.
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

    @property
    def decided(self) -> Decided:
        """What became of the fold's cell."""
        return _of_split(self.decisions, self.split)

    @property
    def rules(self) -> Rules:
        """The fold's own rules, cross-fitted on the other folds."""
        decided, cells = self.decided, [d.cell for d in self.decisions.cells]
        others = [cells[i] for i in teachers(cells, decided.cell, self.plan.protocol.split)]
        proba = [
            decided.repair.apply(cell.proba, cell.prior_fit, cell.prior_train) for cell in others
        ]
        return self._rules(decided.repair, decided.cutoff, [c.y for c in others], proba)

    @property
    def rules_of_all(self) -> Rules:
        """The rules from all out-of-fold rows."""
        every = self.decisions.cells
        ys, proba = [d.cell.y for d in every], [d.proba for d in every]
        return self._rules(self.decisions.repair, self.decisions.cutoff, ys, proba)

    def metrics(self) -> dict[str, float | None]:
        """Return the fold's own scores, as they come again from its test rows and the model."""
        decided, k = self.decided, len(self.labels.classes)
        positive = self.labels.positive if k == 2 else None
        scores = probability_scores(decided.cell.y, decided.proba, positive)
        scores |= decision_scores(count(decided.cell.y, decided.tuned, k), positive)
        values = {name: float(np.ravel(value)[0]) for name, value in scores.items()}
        return {name: v if np.isfinite(v) else None for name, v in values.items()}

    def _rules(
        self, repair: Repair, cutoff: Cutoff, ys: Sequence[Ints], proba: Sequence[Floats]
    ) -> Rules:
        """Return the rules, with what other cut-offs do on the rows that this one was tuned on."""
        rule, positive, tallies = self.plan.protocol.rule, self.labels.positive, None
        if len(self.labels.classes) == 2 and rule != "none" and cutoff.sure:
            truth = np.concatenate(list(ys)) == positive
            tallies = Tallies.of(truth, np.concatenate(list(proba))[:, positive]).thinned()
        return Rules(self.labels.classes, positive, repair, cutoff.value, rule, tallies)


def hand_over(store: Store, run: int, name: str | None = None) -> Handed:
    """Open one arm of a finished run.

    Parameters
    ----------
    store : Store
    run : int
    name : str, optional
        ``strategy/classifier``; default the run's best arm.

    Raises
    ------
    UserError
        When there is no such run or arm, or it did not finish.
    """
    told = report(store, run)
    arms = {cells.name: cells for cells in load_cells(store, run)}
    name = name or told["verdict"]["best_arm"]
    if name is None:
        raise UserError(f"Run {run} names no best arm; choose one with --arm.")
    if name not in arms:
        raise UserError(f"Run {run} has no arm “{name}”; it has {', '.join(arms)}.")
    arm = arms[name]
    if arm.status != "done":
        raise UserError(f"{name} was {arm.status} in run {run}: {arm.reason}")
    plan = plan_of(store, run)
    dataset = dataset_of(store, plan)
    labels = dataset.labels()
    fold = plan.protocol.folds - 1 if plan.protocol.split == "time" else 0
    split = next(s for s in splits_of(plan, dataset) if (s.repeat, s.fold) == (0, fold))
    rule = parse_rule(plan.protocol.rule, len(labels.classes))
    cells = sorted(arm.cells, key=lambda cell: (cell.repeat, cell.fold))
    decisions = decide(cells, arm.repair, rule, plan.protocol.split, labels.positive)
    fitted, preparation = (_stored(store, run, name) if fold == 0 else None) or _fitted_again(
        arm, plan, dataset, labels, split
    )
    handed = Handed(name, arm, plan, dataset, labels, split, fitted, preparation, decisions, told)
    _refuse_another_model(handed)
    return handed


def _stored(store: Store, run: int, name: str) -> tuple[FittedArm, Preparation] | None:
    """Return the model that the engine kept; None where it is damaged or gone."""
    try:
        return load_arm(model_of(store, run, name))
    except UserError:
        return None


def _fitted_again(
    arm: ArmCells, plan: Plan, dataset: Dataset, labels: Labels, split: Split
) -> tuple[FittedArm, Preparation]:
    """Fit as the engine did, from the same seeds."""
    seed = plan.protocol.seed
    preparation, rows = Preparation.fit(
        dataset.frame(rows=split.train),
        labels.y[split.train],
        dataset.schema,
        seed=child_seed(seed, "prepare", split.repeat, split.fold),
    )
    fit_seed = child_seed(seed, "split", split.repeat, split.fold)
    fitted = fit_arm(arm.arm, rows, seed=fit_seed, n_classes=len(labels.classes))
    return fitted, preparation


def _refuse_another_model(handed: Handed) -> None:
    """Make sure that this is the model whose numbers the run shows."""
    cell = handed.decided.cell
    typed = handed.preparation.transform(handed.dataset.frame(rows=cell.rows))
    gap = float(np.abs(handed.fitted.predict_proba(typed) - cell.proba).max())
    if not gap <= SAME:
        raise UserError(
            f"The model of {handed.name} does not give the run's own numbers on this machine (off "
            f"by {gap:.1g}); compare again here."
        )


def _of_split(decisions: Decisions, split: Split) -> Decided:
    return next(
        d for d in decisions.cells if (d.cell.repeat, d.cell.fold) == (split.repeat, split.fold)
    )
