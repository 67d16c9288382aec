"""One split into rows to balance and rows to leave untouched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Ints
from rebal_core.seeding import generator
from rebal_core.wording import UserError


def hold_out(
    y: Ints,
    share: float,
    *,
    groups: NDArray[Any] | None = None,
    times: NDArray[Any] | None = None,
    seed: int = 0,
) -> tuple[Ints, Ints]:
    """Return the rows that train and the rows that test.

    Rows without a label, or without a time where time splits, are in neither. A class of one row
    only trains.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Label codes, -1 where the label is missing.
    share : float
        Of the labelled rows that test, above 0 and below 1.
    groups : ndarray of shape (n,), optional
        All rows of a group stay on one side.
    times : ndarray of shape (n,), optional
        The latest rows test; groups that occur in them leave the training part.
    seed : int

    Returns
    -------
    train, test : ndarray of int64
        Row numbers, ascending.

    Raises
    ------
    UserError
        When no such split leaves rows to test and two classes to learn.
    """
    if times is not None:
        train, test = _later(y, share, np.asarray(times))
        if groups is not None:
            train = train[~np.isin(groups[train], groups[test])]
    else:
        rng = generator(seed, "holdout")
        chosen = _rows(y, share, rng) if groups is None else _groups(y, share, groups, rng)
        train, test = np.flatnonzero((y >= 0) & ~chosen), np.flatnonzero(chosen)
    if not len(test) or len(np.unique(y[train])) < 2:
        raise UserError(
            "Holding out {share:g} of these rows leaves nothing to test or fewer than "
            "two classes to learn; choose another share or column.",
            share=share,
        )
    return train, test


def _rows(y: Ints, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    chosen = np.zeros(len(y), dtype=bool)
    seen = 0
    for label in range(int(y.max()) + 1):
        rows = rng.permutation(np.flatnonzero(y == label))
        if len(rows) < 2:
            continue
        # Rounded on the running sum: the whole comes out right, each class within one row.
        wanted = round(share * (seen + len(rows))) - round(share * seen)
        seen += len(rows)
        chosen[rows[: min(max(wanted, 1), len(rows) - 1)]] = True
    return chosen


def _groups(
    y: Ints, share: float, groups: NDArray[Any], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Give each group, largest first, to the side that lacks most of what the group holds."""
    labelled = np.flatnonzero(y >= 0)
    names, code = np.unique(groups[labelled].astype(str), return_inverse=True)
    counts = np.zeros((len(names), int(y.max()) + 1))
    np.add.at(counts, (code, y[labelled]), 1.0)
    total = counts.sum(axis=0)
    load = np.column_stack([counts, counts.sum(axis=1)])
    load /= np.maximum(load.sum(axis=0), 1.0)
    only = ((counts == total) & (total > 0)).any(axis=1)
    room = np.array([1 - share, share])
    held = load[only].sum(axis=0) * np.array([[1.0], [0.0]])
    tests = np.zeros(len(names), dtype=bool)
    movable = rng.permutation(np.flatnonzero(~only))
    for group in movable[np.argsort(-load[movable, -1], kind="stable")]:
        side = int(np.argmin((held @ load[group]) / room))
        held[side] += load[group]
        tests[group] = bool(side)
    chosen = np.zeros(len(y), dtype=bool)
    chosen[labelled] = tests[code]
    return chosen


def _later(y: Ints, share: float, times: NDArray[Any]) -> tuple[Ints, Ints]:
    usable = np.flatnonzero((y >= 0) & (times == times))
    if not len(usable):
        return usable, usable
    ordered = np.sort(times[usable])
    first = ordered[min(len(ordered) - 1, round((1 - share) * len(ordered)))]
    late = times[usable] >= first
    counts = np.bincount(y[usable], minlength=1)
    test = usable[late]
    return usable[~late], test[counts[y[test]] > 1]
