"""Repair and thresholds of a whole arm, each fold's taken from the other folds.

No classifier is fitted again. What is used on a fold was chosen and learnt on out-of-fold rows of
the other folds of the same repeat, of the earlier ones under a time split; measured against nested
folds, that is unbiased and as good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add

import numpy as np

from rebal_core.arm import CellResult, SplitRule
from rebal_core.data.at_risk import AtRisk
from rebal_core.decisions.choice import Chooser
from rebal_core.decisions.decision import Decision
from rebal_core.decisions.policy import Policy
from rebal_core.decisions.prices import Prices
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
    cutoff, repair, prices
        As used on this cell.
    """

    cell: CellResult
    proba: Floats
    default: Ints
    tuned: Ints
    cutoff: Cutoff
    repair: Repair
    prices: Prices | None = None


@dataclass(frozen=True)
class Decisions:
    """All cells of an arm, and the cut-off and repair from all its out-of-fold rows.

    Parameters
    ----------
    rule : Rule
        What the cut-offs were tuned for.
    prices : Prices or None
        What answers cost, where these gave the decisions.
    """

    cells: tuple[Decided, ...]
    cutoff: Cutoff
    repair: Repair
    rule: Rule
    prices: Prices | None = None


def decide(
    cells: Sequence[CellResult],
    repair: str,
    rule: Rule,
    split: SplitRule,
    positive: int,
    costs: Floats | None = None,
    decision: Decision | None = None,
    at_risk: AtRisk | None = None,
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
    decision : Decision, optional
        What the arm's strategy does beyond that.
    at_risk : AtRisk, optional
        What is at risk in each row of the table.
    """
    way = decision or Decision()
    others = [teachers(cells, cell, split) for cell in cells]
    repairs, overall = [Repair()] * len(cells), Repair()
    if repair == "chosen":
        repairs, overall = _chosen(cells, others, way)
    repairs = [way.meant_for(r, [cell]) for r, cell in zip(repairs, cells, strict=True)]
    overall = way.meant_for(overall, cells)
    rule = way.rule(rule, cells[0].proba.shape[1])
    tuner = _Tuner(cells, repairs, rule, positive, costs)
    usual = 0.0 if at_risk is None else float(np.median(at_risk.amounts))

    def cutoff_of(
        which: Sequence[int], prior: Floats, repair: Repair | None
    ) -> tuple[Cutoff, Prices | None]:
        mix = prior if repair is None else repair.mix(prior)
        prices, known = way.prices(mix, at_risk), way.cutoff(mix, positive)
        if prices is not None:
            value = prices.cutoff(positive, usual) if tuner.binary else 0.0
            known = Cutoff(value, value, value)
        return known or tuner.tune(which, prior, repair), prices

    decided = []
    for i, cell in enumerate(cells):
        found = cutoff_of(others[i], cell.prior_train, repairs[i])
        amounts = None if at_risk is None else at_risk.amounts[cell.rows]
        decided.append(_decided(cell, tuner.proba[i], repairs[i], positive, *found, amounts))
    prior = np.mean([cell.prior_train for cell in cells], axis=0)
    cutoff, prices = cutoff_of(range(len(cells)), prior, overall if overall.shares else None)
    return Decisions(tuple(decided), cutoff, overall, rule, prices)


def _decided(
    cell: CellResult,
    proba: Floats,
    repair: Repair,
    positive: int,
    cutoff: Cutoff,
    prices: Prices | None,
    amounts: Floats | None,
) -> Decided:
    """Return a cell with its answers, by the usual cut-off and by the one that was found."""
    plain = Policy(positive, cutoff=0.5 if cell.proba.shape[1] == 2 else 0.0)
    policy = Policy(positive, repair, cutoff.value, prices=prices)
    default = plain.answers(cell.proba, cell.prior_train)
    tuned = policy.answers(proba, cell.prior_train, amounts=amounts)
    return Decided(cell, proba, default, tuned, cutoff, repair, prices)


def _chosen(
    cells: Sequence[CellResult], others: Sequence[Sequence[int]], way: Decision
) -> tuple[list[Repair], Repair]:
    """Return the repair of each cell, and that of all rows, which a single repeat holds."""
    repairs = [Repair()] * len(cells)
    overall, wanted = Repair(), way.recalibration(cells[0].proba.shape[1])
    for repeat in sorted({cell.repeat for cell in cells}, reverse=True):
        where = [i for i, cell in enumerate(cells) if cell.repeat == repeat]
        chooser = Chooser([cells[i] for i in where])
        choose = chooser.choose if wanted is None else partial(chooser.named, wanted)
        for i in where:
            repairs[i] = choose([where.index(j) for j in others[i]])
        overall = choose(range(len(where)))
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
                _by_tau(c, p, r) for c, p, r in zip(cells, self.proba, repairs, strict=True)
            ]

    def tune(self, which: Sequence[int], prior: Floats, repair: Repair | None = None) -> Cutoff:
        """Return the cut-off from the rows of these cells; the class share where there are none.

        Their probabilities are put right by ``repair`` where one is given: what serves the cell
        that the cut-off is for, and has not seen it, as their own repairs have.
        """
        if self.rule.kind == "none":
            half = 0.5 if self.binary else 0.0
            return Cutoff(half, half, half)
        moved = repair is not None and bool(repair.shares)
        mix = repair.mix(prior) if repair is not None else prior
        if not which:
            share = float(mix[self.positive]) if self.binary else 1.0
            return Cutoff(share, share, share, sure=False)
        if not self.binary:
            return tune_many(reduce(add, (self._counts(i, repair) for i in which)), self.rule)
        truth = np.concatenate([self.cells[i].y for i in which]) == self.positive
        p = np.concatenate([self._proba(i, repair) for i in which])[:, self.positive]
        rows = np.concatenate([self.cells[i].rows for i in which])
        costs = None if self.costs is None else self.costs[rows]
        share = float(mix[self.positive])
        return tune_binary(truth, p, self.rule, share, costs, share if moved else None)

    def _proba(self, i: int, repair: Repair | None) -> Floats:
        if repair is None or repair == self.repairs[i]:
            return self.proba[i]
        return self._repaired(repair, self.cells[i])

    def _counts(self, i: int, repair: Repair | None) -> Counts:
        proba = self._proba(i, repair)
        if repair is None or proba is self.proba[i]:
            return self.counts[i]
        return _by_tau(self.cells[i], proba, repair)

    def _repaired(self, repair: Repair, cell: CellResult) -> Floats:
        return repair.apply(cell.proba, cell.prior_fit, cell.prior_train)


def _by_tau(cell: CellResult, proba: Floats, repair: Repair) -> Counts:
    """Count what each tau does; rows weigh as their class does where the decision will be used."""
    weight = None
    if repair.shares:
        seen = np.where(cell.prior_train > 0, cell.prior_train, 1.0)
        weight = (np.asarray(repair.shares) / seen)[cell.y]
    return counts_by_tau(cell.y, proba, repair.mix(cell.prior_train), weight)
