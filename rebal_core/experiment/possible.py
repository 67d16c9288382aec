"""Which arms can have the rows that were asked for of single classes, in the parts that train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rebal_core.arm import Arm, Split
from rebal_core.experiment.plan import Plan
from rebal_core.params import Counts
from rebal_core.rows import Ints
from rebal_core.strategies import STRATEGIES, strategy_of, taught_rows
from rebal_core.wording import Text, Unsuitable, UserError


def with_possible_arms(plan: Plan, splits: Sequence[Split], y: Ints, *, strict: bool) -> Plan:
    """Return a plan without the arms that would fail for the rows that they ask for.

    Parameters
    ----------
    plan : Plan
    splits : sequence of Split
        Of its first repeat: another moves rows or like groups to other folds, but each of its
        training parts has as many rows of each class.
    y : ndarray of shape (n,)
        Labels 0..K-1 of the table; -1 where there is none.
    strict : bool
        Refuse a strategy of which no arm is left, instead of leaving it out with its reason.

    Raises
    ------
    UserError
    """
    told = {arm: reason for arm in plan.arms if (reason := _reason(arm, splits, y)) is not None}
    kept = tuple(arm for arm in plan.arms if arm not in told)
    for arm, reason in told.items():
        if strict and arm.strategy not in [other.strategy for other in kept]:
            raise UserError(
                "{strategy} cannot serve a training part of this comparison: {reason}",
                strategy=arm.strategy,
                reason=reason,
            )
    left = tuple((arm.name, reason.render()) for arm, reason in told.items())
    return replace(plan, arms=kept, left_out=(*plan.left_out, *left))


def _reason(arm: Arm, splits: Sequence[Split], y: Ints) -> Text | None:
    """Return why an arm cannot have the rows that it asks for; None where it can, or asks none."""
    parameters = STRATEGIES[arm.strategy].parameters
    if not any(isinstance(parameters[name], Counts) for name, _value in arm.params):
        return None
    strategy, size = strategy_of(arm), int(y.max()) + 1
    for split in splits:
        trained = y[split.train]
        taught = trained[taught_rows(arm, trained, 0)]  # the seed moves rows, no numbers of them
        try:
            strategy.counts_after(np.bincount(taught, minlength=size).tolist())
        except Unsuitable as error:
            return error.text
    return None
