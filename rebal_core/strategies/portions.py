"""Which rows of a fold an arm is taught, and which it learns from without a label."""

from __future__ import annotations

import numpy as np

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.rows import Ints
from rebal_core.seeding import child_seed

#: Part of the real rows that a classifier which stops early is judged on.
HELD_OUT = 0.15
#: Below this many such rows their loss is noise: no early stopping then.
HELD_LEAST = 20
#: Of more rows without a label a part is learned from.
MOST_UNLABELLED = 50_000


def taught_rows(arm: Arm, y: Ints, seed: int) -> Ints:
    """Return the positions of the training rows that an arm is taught; its steps see no other.

    A classifier that stops early is judged on the rest meanwhile: real rows, the same part of every
    class, that are set aside before a step could copy them or make children of them. They follow
    from the split's seed alone, so that all such arms of a fold are judged on the same.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels of the training rows.
    seed : int
        Of the split.
    """
    held = np.zeros(0, dtype=np.int64)
    if CLASSIFIERS[arm.classifier].holds_out:
        held = _held_rows(y, child_seed(seed, "held rows"))
    return np.delete(np.arange(len(y)), held)


def unlabelled_rows(y: Ints, seed: int) -> Ints:
    """Return the positions of rows without a label, of many a part drawn by lot; ascending."""
    free = np.flatnonzero(y < 0)
    if len(free) <= MOST_UNLABELLED:
        return free
    rng = np.random.default_rng(child_seed(seed, "unlabelled"))
    return np.sort(rng.choice(free, MOST_UNLABELLED, replace=False))


def _held_rows(y: Ints, seed: int) -> Ints:
    """Return real rows to stop early on, the same part of every class; none when too few."""
    rng = np.random.default_rng(seed)
    parts = []
    for label in np.unique(y):
        own = np.flatnonzero(y == label)
        parts.append(rng.choice(own, size=int(len(own) * HELD_OUT), replace=False))
    held = np.sort(np.concatenate(parts))
    return held if len(held) >= HELD_LEAST else np.zeros(0, dtype=np.int64)
