"""Which rows train and which test: stratified rows, whole groups, or later days."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.arm import Protocol, Split
from rebal_core.rows import Ints
from rebal_core.seeding import generator
from rebal_core.wording import Text, UserError

#: Blocks of neighbouring times that a bootstrap draws as one, where the days are too few.
BLOCKS_A_WINDOW = 20
#: Steps in which groups that are alike are given to a fold.
HANDFULS = 20


def make_splits(
    y: Ints,
    protocol: Protocol,
    *,
    groups: NDArray[Any] | None = None,
    times: NDArray[Any] | None = None,
) -> list[Split]:
    """Return every split of a run; all arms share them.

    Rows without a label (``y == -1``) or, under a time split, without a time stand in no split.
    A class of one row only ever trains. A class of fewer rows than folds has each row tested once.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Label codes, -1 where the label is missing.
    protocol : Protocol
        ``split``, ``folds``, ``repeats`` and ``seed`` matter here.
    groups : ndarray of shape (n,), optional
        Under a group split all rows of a group stay on one side; under a time split the groups of
        a test window are taken out of its training part.
    times : ndarray of shape (n,), optional
        Numbers or ``datetime64``; needed by a time split.

    Returns
    -------
    list of Split
        Sorted by repeat and fold; row numbers ascending.

    Raises
    ------
    UserError
        When the table cannot be split in the way that is asked for.
    """
    columns = {"groups": groups, "times": times}
    repeats = range(protocol.repeats)
    return [s for repeat in repeats for s in splits_of_repeat(y, protocol, repeat, **columns)]


def splits_of_repeat(
    y: Ints,
    protocol: Protocol,
    repeat: int,
    *,
    groups: NDArray[Any] | None = None,
    times: NDArray[Any] | None = None,
) -> list[Split]:
    """Return the splits of one repeat, which do not depend on how many repeats there are.

    As :func:`make_splits`.
    """
    if protocol.folds < 2:
        raise UserError("A comparison needs at least 2 folds; choose 2 or more.")
    rng = generator(protocol.seed, "split", repeat)
    if protocol.split == "time":
        splits = _time_splits(y, protocol, groups, times)
    elif protocol.split == "group":
        fold = group_folds(y, protocol.folds, _needed(groups, Text("group")), rng)
        splits = [_split_at(fold, repeat, k) for k in range(protocol.folds)]
    else:
        fold = _stratified_folds(y, protocol.folds, rng)
        splits = [_split_at(fold, repeat, k) for k in range(protocol.folds)]
    for split in splits:
        _refuse_bad(split, y)
    return splits


def resampling_units(
    protocol: Protocol,
    *,
    groups: NDArray[Any] | None = None,
    times: NDArray[Any] | None = None,
) -> Ints | None:
    """Return what the bootstrap of the evaluation draws as one: rows, groups or blocks of time.

    Returns
    -------
    ndarray of shape (n,) or None
        A code per row; None means that rows are drawn one by one. Under a time split the unit is
        the day, or one of 20 equal blocks a window where there are fewer than 10 days a window.
    """
    if protocol.split == "group":
        return np.unique(_needed(groups, Text("group")), return_inverse=True)[1].astype(np.int64)
    if protocol.split == "time":
        times = np.asarray(_needed(times, Text("time")))
        windows = protocol.folds + 1
        if times.dtype.kind == "M":
            days, code = np.unique(times.astype("datetime64[D]"), return_inverse=True)
            if days.size >= 10 * windows:
                return code.astype(np.int64)
        return time_blocks(times, BLOCKS_A_WINDOW * windows)
    return None


def _needed(values: NDArray[Any] | None, what: Text) -> NDArray[Any]:
    if values is None:
        raise UserError(
            "A split by {what} needs a {what} column; name one or split by rows.", what=what
        )
    return values


def _stratified_folds(y: Ints, folds: int, rng: np.random.Generator) -> Ints:
    """Deal the shuffled rows of one class after the other round the folds.

    Every class, and the whole table, then differs by at most one row between any two folds.
    """
    fold = np.where(y < 0, -2, -1).astype(np.int64)
    dealt = 0
    for label in range(int(y.max(initial=-1)) + 1):
        rows = rng.permutation(np.flatnonzero(y == label))
        if rows.size < 2:
            continue
        fold[rows] = (dealt + np.arange(rows.size)) % folds
        dealt += rows.size
    return fold


def group_folds(y: Ints, folds: int, groups: NDArray[Any], rng: np.random.Generator) -> Ints:
    """Give whole groups, largest first, to the fold that has least of what the group holds.

    That choice keeps the sum of squared class shares over the folds smallest, which is what makes
    them alike; the size of a fold counts as one more class. A group that holds the whole of a
    class only trains, for no other group could teach that class.
    """
    labelled = np.flatnonzero(y >= 0)
    names, code = np.unique(groups[labelled], return_inverse=True)
    counts = np.zeros((names.size, int(y.max(initial=0)) + 1))
    np.add.at(counts, (code, y[labelled]), 1.0)
    total = counts.sum(0)
    movable = ~((counts == total) & (total > 0)).any(1)
    if movable.sum() < folds:
        raise UserError(
            "A split by group needs at least {folds} groups, and there are {groups} "
            "that do not hold all rows of a class; choose fewer folds or another column.",
            folds=folds,
            groups=int(movable.sum()),
        )
    load = np.column_stack([counts, counts.sum(1)])
    load /= np.maximum(load.sum(0), 1.0)
    order = rng.permutation(np.flatnonzero(movable))
    alike, kind = np.unique(load[order], axis=0, return_inverse=True)
    parts = np.split(order[np.argsort(kind, kind="stable")], np.cumsum(np.bincount(kind))[:-1])
    held = np.zeros((folds, load.shape[1]))
    fold_of = np.full(names.size, -1, dtype=np.int64)
    for k in np.argsort(-alike[:, -1], kind="stable"):
        # Groups of the same rows of each class may be very many: they are given by the handful.
        handful = max(1, parts[k].size // (HANDFULS * folds))
        for start in range(0, parts[k].size, handful):
            some = parts[k][start : start + handful]
            chosen = int(np.argmin(held @ alike[k]))
            fold_of[some] = chosen
            held[chosen] += some.size * alike[k]
    fold = np.full(y.size, -2, dtype=np.int64)
    fold[labelled] = fold_of[code]
    return fold


def _split_at(fold: Ints, repeat: int, k: int) -> Split:
    return Split(repeat, k, np.flatnonzero((fold != k) & (fold != -2)), np.flatnonzero(fold == k))


def _time_splits(
    y: Ints, protocol: Protocol, groups: NDArray[Any] | None, times: NDArray[Any] | None
) -> list[Split]:
    """Roll the origin: each window is tested by a model of everything before it."""
    times = np.asarray(_needed(times, Text("time")))
    if protocol.repeats > 1:
        raise UserError("A split by time has one order only; choose 1 repeat.")
    usable = np.flatnonzero((y >= 0) & (times == times))
    if np.unique(y[usable]).size < min(2, np.unique(y[y >= 0]).size):
        raise UserError(
            "Only rows of one class have a time, all others none or one before 1500 or after 2400; "
            "name another time column or split by rows."
        )
    block = np.full(y.size, -1, dtype=np.int64)
    block[usable] = time_blocks(times[usable], protocol.folds + 1)
    count = np.bincount(y[usable], minlength=int(y.max(initial=0)) + 1)
    lonely = (y >= 0) & (count[np.maximum(y, 0)] < 2)
    splits = []
    for k in range(protocol.folds):
        test = np.flatnonzero((block == k + 1) & ~lonely)
        train = np.flatnonzero((block >= 0) & (block <= k))
        if groups is not None:
            train = train[~np.isin(groups[train], groups[test])]
        splits.append(Split(0, k, train, test))
    return splits


def time_blocks(times: NDArray[Any], blocks: int) -> Ints:
    """Cut the times into blocks of nearly equal numbers of rows; equal times stay together."""
    _, code, count = np.unique(times, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    return np.minimum((middle * blocks / times.size).astype(np.int64), blocks - 1)[code]


def _refuse_bad(split: Split, y: Ints) -> None:
    if split.test.size == 0:
        raise UserError(
            "Fold {fold} would have no row to test; choose fewer folds or another split.",
            fold=split.fold + 1,
        )
    if np.unique(y[split.train]).size < 2:
        raise UserError(
            "The training part of fold {fold} would hold fewer than two classes; choose "
            "fewer folds or another split.",
            fold=split.fold + 1,
        )
