"""Which arms can have what was asked for of rows to be made, in the parts that train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rebal_core.arm import Arm, Split
from rebal_core.data.dataset import Dataset, label_text
from rebal_core.experiment.plan import Plan
from rebal_core.params import Counts
from rebal_core.rows import Ints
from rebal_core.samplers.generators.marginal import Marginal, MarginalText, read_marginal
from rebal_core.schema import Column
from rebal_core.strategies import STRATEGIES, strategy_of, taught_rows
from rebal_core.wording import Text, Unsuitable, UserError

#: Two numbers are one where they differ by less than this part of the largest.
NEAR = 1e-6


def with_possible_arms(
    plan: Plan, splits: Sequence[Split], table: Dataset, y: Ints, *, strict: bool
) -> Plan:
    """Return a plan without the arms that would fail for the rows that they ask for.

    These are more or fewer rows of a class than it can have, and rows of a value that none has.

    Parameters
    ----------
    plan : Plan
    splits : sequence of Split
        Of its first repeat: another moves rows or like groups to other folds, but each of its
        training parts has as many rows of each class.
    table : Dataset
    y : ndarray of shape (n,)
        Labels 0..K-1 of the table; -1 where there is none.
    strict : bool
        Refuse a strategy of which no arm is left, instead of leaving it out with its reason.

    Raises
    ------
    UserError
    """
    absent = {text: _absent(text, splits, table) for arm in plan.arms for text in _shares(arm)}
    reasons = {
        arm: next(filter(None, (absent[text] for text in _shares(arm))), _reason(arm, splits, y))
        for arm in plan.arms
    }
    told = {arm: reason for arm, reason in reasons.items() if reason is not None}
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


def _shares(arm: Arm) -> list[str]:
    """Return the shares of values that an arm asks for, as they are written."""
    parameters = STRATEGIES[arm.strategy].parameters
    return [value for name, value in arm.params if isinstance(parameters[name], MarginalText)]


def _absent(text: str, splits: Sequence[Split], table: Dataset) -> Text | None:
    """Return which value of shares a training part has not; None where each has all, or unknown."""
    shares = read_marginal(text)
    features = {column.name: column for column in table.schema.features}
    column = None if shares is None else features.get(shares.column)
    if shares is None or column is None or column.kind not in ("number", "category"):
        return None
    known, which = _values(shares, column, table)
    for split in splits:
        there = set(which[split.train].tolist())
        for k, value in enumerate(shares.values):
            if k not in there:
                return shares.absent(value, known).text
    return None


def _values(shares: Marginal, column: Column, table: Dataset) -> tuple[list[str], Ints]:
    """Return a category's values, frequent ones first, and the place of each row's in the shares.

    A row whose value is not among them has -1; of numbers no values are told.
    """
    values, known = table.frame([column.name])[column.name], list[str]()
    if column.kind == "category":
        if column.fill == "constant":
            values = values.fillna(column.constant or "")
        known = [label_text(value) for value in values.value_counts().index]
        texts = values.map(label_text, na_action="ignore")
        held = [np.asarray(texts == value.word) for value in shares.values]
    else:
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        near = NEAR * float(np.nanmax(np.abs(numbers), initial=0))
        held = [value.held(numbers, near) for value in shares.values]
    which = np.full(len(values), -1, dtype=np.int64)
    for k, here in enumerate(held):
        which[here & (which < 0)] = k
    return known, which
