"""Repair and thresholds of a whole arm, each fold's taken from the other folds.

No classifier is fitted again. What is used on a fold was learnt from out-of-fold rows of the other
folds of the same repeat, of the earlier ones under a time split; measured against nested folds,
that is unbiased and as good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from rebal_core.decisions.repair import Calibration, calibrate, correct_prior, fit_calibration
from rebal_core.decisions.rules import (
    Cutoff,
    Rule,
    counts_by_tau,
    predict,
    tune_binary,
    tune_many,
)
from rebal_core.types import CellResult, Floats, Ints, SplitRule


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
    cutoff, calibration
        As used on this cell.
    """

    cell: CellResult
    proba: Floats
    default: Ints
    tuned: Ints
    cutoff: Cutoff
    calibration: Calibration


@dataclass(frozen=True)
class Decisions:
    """All cells of an arm, and the cut-off and calibration from all its out-of-fold rows."""

    cells: tuple[Decided, ...]
    cutoff: Cutoff
    calibration: Calibration


def decide(
    cells: Sequence[CellResult], repair: str, rule: Rule, split: SplitRule, positive: int
) -> Decisions:
    """Repair the probabilities of an arm and decide, cross-fitted.

    Parameters
    ----------
    cells : sequence of CellResult
        All cells of the arm.
    repair : {"none", "prior", "prior+sigmoid"}
        How its probabilities are put right.
    rule : Rule
        What the cut-off is tuned for.
    split : {"stratified", "group", "time"}
        Under ``time`` only earlier folds teach a later one.
    positive : int
        Code of the class in focus.
    """
    others = [_teachers(cells, cell, split) for cell in cells]
    proba = [
        c.proba if repair == "none" else correct_prior(c.proba, c.prior_fit, c.prior_train)
        for c in cells
    ]
    everything = range(len(cells))
    maps = [Calibration() for _ in cells]
    overall = Calibration()
    if repair == "prior+sigmoid":
        maps = [_fit(cells, proba, teachers, positive) for teachers in others]
        overall = _fit(cells, proba, everything, positive)
        proba = [calibrate(p, m, positive) for p, m in zip(proba, maps, strict=True)]
    tuner = _Tuner(cells, proba, rule, positive)
    decided = []
    for i, cell in enumerate(cells):
        cutoff = tuner.tune(others[i], cell.prior_train)
        tuned = predict(proba[i], cutoff.value, cell.prior_train, positive)
        default = predict(cell.proba, 0.5 if cell.proba.shape[1] == 2 else 0.0,
                          cell.prior_train, positive)  # fmt: skip
        decided.append(Decided(cell, proba[i], default, tuned, cutoff, maps[i]))
    prior = np.mean([cell.prior_train for cell in cells], axis=0)
    return Decisions(tuple(decided), tuner.tune(list(everything), prior), overall)


def _teachers(cells: Sequence[CellResult], cell: CellResult, split: SplitRule) -> list[int]:
    """Positions of the cells that may teach this one."""
    return [
        i
        for i, other in enumerate(cells)
        if other.repeat == cell.repeat
        and (other.fold < cell.fold if split == "time" else other.fold != cell.fold)
    ]


def _fit(
    cells: Sequence[CellResult], proba: Sequence[Floats], which: Sequence[int], positive: int
) -> Calibration:
    if not which:
        return Calibration()
    y = np.concatenate([cells[i].y for i in which])
    return fit_calibration(y, np.concatenate([proba[i] for i in which]), positive)


class _Tuner:
    """Tunes cut-offs on any choice of cells; many classes are counted once a cell."""

    def __init__(
        self, cells: Sequence[CellResult], proba: Sequence[Floats], rule: Rule, positive: int
    ) -> None:
        self.cells, self.proba, self.rule, self.positive = cells, proba, rule, positive
        self.binary = proba[0].shape[1] == 2
        if not self.binary and rule.kind != "none":
            self.counts = [
                counts_by_tau(c.y, p, c.prior_train) for c, p in zip(cells, proba, strict=True)
            ]

    def tune(self, which: Sequence[int], prior: Floats) -> Cutoff:
        """Return the cut-off from the rows of these cells; the class share where there are none."""
        if self.rule.kind == "none":
            half = 0.5 if self.binary else 0.0
            return Cutoff(half, half, half)
        if not which:
            share = float(prior[self.positive]) if self.binary else 1.0
            return Cutoff(share, share, share, sure=False)
        if not self.binary:
            return tune_many(reduce(add, (self.counts[i] for i in which)), self.rule)
        truth = np.concatenate([self.cells[i].y for i in which]) == self.positive
        p = np.concatenate([self.proba[i][:, self.positive] for i in which])
        return tune_binary(truth, p, self.rule, float(prior[self.positive]))
