"""Repair and thresholds of a whole arm, each fold's taken from the other folds.

No classifier is fitted again. What is used on a fold was chosen and learnt on out-of-fold rows of
the other folds of the same repeat, of the earlier ones under a time split; measured against nested
folds, that is unbiased and as good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from rebal_core.arm import CellResult, SplitRule
from rebal_core.decisions.choice import Chooser
from rebal_core.decisions.policy import Policy
from rebal_core.decisions.repair import Repair
from rebal_core.decisions.rules import (
    Cutoff,
    Rule,
    counts_by_tau,
    tune_binary,
    tune_many,
)
from rebal_core.metrics import Counts
from rebal_core.rows import Floats, Ints


@dataclass(frozen=True)
class Decided:
    """What became of one cell.

    Parameters
    ----------
    proba : ndarray of shape (m, K)
        Repaired probabilities; rows sum to 1. Of two classes they order the rows as the raw output
        does.
    default : ndarray of shape (m,)
        What the model itself says: the most likely class of its own, unrepaired output.
    tuned : ndarray of shape (m,)
        Decisions of the repaired probabilities at ``cutoff``.
    cutoff, repair
        As used on this cell.
    """

    cell: CellResult
    proba: Floats
    default: Ints
    tuned: Ints
    cutoff: Cutoff
    repair: Repair


@dataclass(frozen=True)
class Decisions:
    """All cells of an arm, and the cut-off and repair from all its out-of-fold rows."""

    cells: tuple[Decided, ...]
    cutoff: Cutoff
    repair: Repair


def decide(
    cells: Sequence[CellResult],
    repair: str,
    rule: Rule,
    split: SplitRule,
    positive: int,
    costs: Floats | None = None,
) -> Decisions:
    """Repair the probabilities of an arm and decide, cross-fitted.

    Parameters
    ----------
    cells : sequence of CellResult
        All cells of the arm.
    repair : {"none", "chosen"}
        Whether its probabilities are left as they are.
    rule : Rule
        What the cut-off is tuned for.
    split : {"stratified", "group", "time"}
        Under ``time`` only earlier folds teach a later one.
    positive : int
        Code of the class in focus.
    costs : ndarray of shape (n,), optional
        What a wrong decision on each row of the table costs.
    """
    others = [teachers(cells, cell, split) for cell in cells]
    repairs, overall = [Repair()] * len(cells), Repair()
    if repair == "chosen":
        repairs, overall = _chosen(cells, others)
    tuner = _Tuner(cells, repairs, rule, positive, costs)
    decided = []
    for i, cell in enumerate(cells):
        proba, cutoff = tuner.proba[i], tuner.tune(others[i], cell.prior_train, repairs[i])
        plain = Policy(positive, cutoff=0.5 if cell.proba.shape[1] == 2 else 0.0)
        policy = Policy(positive, repairs[i], cutoff.value)
        default = plain.answers(cell.proba, cell.prior_train)
        tuned = policy.answers(proba, cell.prior_train)
        decided.append(Decided(cell, proba, default, tuned, cutoff, repairs[i]))
    prior = np.mean([cell.prior_train for cell in cells], axis=0)
    return Decisions(tuple(decided), tuner.tune(list(range(len(cells))), prior), overall)


def _chosen(
    cells: Sequence[CellResult], others: Sequence[Sequence[int]]
) -> tuple[list[Repair], Repair]:
    """Return the repair of each cell, and that of all rows, which a single repeat holds."""
    repairs = [Repair()] * len(cells)
    overall = Repair()
    for repeat in sorted({cell.repeat for cell in cells}, reverse=True):
        where = [i for i, cell in enumerate(cells) if cell.repeat == repeat]
        chooser = Chooser([cells[i] for i in where])
        for i in where:
            repairs[i] = chooser.choose([where.index(j) for j in others[i]])
        overall = chooser.choose(range(len(where)))
    return repairs, overall


def teachers(cells: Sequence[CellResult], cell: CellResult, split: SplitRule) -> list[int]:
    """Positions of the cells that may teach this one."""
    return [
        i
        for i, other in enumerate(cells)
        if other.repeat == cell.repeat
        and (other.fold < cell.fold if split == "time" else other.fold != cell.fold)
    ]


class _Tuner:
    """Tunes cut-offs on any choice of cells; many classes are counted once a cell and repair."""

    def __init__(
        self,
        cells: Sequence[CellResult],
        repairs: Sequence[Repair],
        rule: Rule,
        positive: int,
        costs: Floats | None,
    ) -> None:
        self.cells, self.repairs, self.rule, self.positive = cells, repairs, rule, positive
        self.costs = costs
        self.proba = [self._repaired(r, c) for r, c in zip(repairs, cells, strict=True)]
        self.binary = cells[0].proba.shape[1] == 2
        if not self.binary and rule.kind != "none":
            self.counts = [
                counts_by_tau(c.y, p, c.prior_train) for c, p in zip(cells, self.proba, strict=True)
            ]

    def tune(self, which: Sequence[int], prior: Floats, repair: Repair | None = None) -> Cutoff:
        """Return the cut-off from the rows of these cells; the class share where there are none.

        Their probabilities are put right by ``repair`` where one is given: what serves the cell
        that the cut-off is for, and has not seen it, as their own repairs have.
        """
        if self.rule.kind == "none":
            half = 0.5 if self.binary else 0.0
            return Cutoff(half, half, half)
        if not which:
            share = float(prior[self.positive]) if self.binary else 1.0
            return Cutoff(share, share, share, sure=False)
        if not self.binary:
            return tune_many(reduce(add, (self._counts(i, repair) for i in which)), self.rule)
        truth = np.concatenate([self.cells[i].y for i in which]) == self.positive
        p = np.concatenate([self._proba(i, repair) for i in which])[:, self.positive]
        rows = np.concatenate([self.cells[i].rows for i in which])
        costs = None if self.costs is None else self.costs[rows]
        return tune_binary(truth, p, self.rule, float(prior[self.positive]), costs)

    def _proba(self, i: int, repair: Repair | None) -> Floats:
        if repair is None or repair == self.repairs[i]:
            return self.proba[i]
        return self._repaired(repair, self.cells[i])

    def _counts(self, i: int, repair: Repair | None) -> Counts:
        proba = self._proba(i, repair)
        if proba is self.proba[i]:
            return self.counts[i]
        return counts_by_tau(self.cells[i].y, proba, self.cells[i].prior_train)

    def _repaired(self, repair: Repair, cell: CellResult) -> Floats:
        policy = Policy(self.positive, repair)
        return policy.repaired(cell.proba, cell.prior_fit, cell.prior_train)
