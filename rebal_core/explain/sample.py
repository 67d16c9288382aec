"""Which rows explain and which are explained: the same for every arm of a run."""

from __future__ import annotations

import numpy as np

from rebal_core.arm import Split
from rebal_core.rows import Floats, Ints
from rebal_core.seeding import generator

BACKGROUND = 100
EXPLAINED = 1_000


def background_rows(split: Split, seed: int, size: int = BACKGROUND) -> Ints:
    """Return training rows at their natural prevalence, as row numbers of the table."""
    rng = generator(seed, "explain background", split.repeat, split.fold)
    return rng.choice(split.train, min(size, len(split.train)), replace=False)


def explained_rows(
    y: Ints, split: Split, label: int, seed: int, size: int = EXPLAINED
) -> tuple[Ints, Floats]:
    """Return test rows, half of them of the shown class where there are so many.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Label codes of the whole table.
    split : Split
        Its test rows are explained.
    label : int
        The shown class.
    seed : int
        Of the run. A smaller size gives a part of what a larger one gives.
    size : int
        Rows at most.

    Returns
    -------
    rows : ndarray of shape (m,)
        Row numbers of the table.
    weight : ndarray of shape (m,)
        Test rows that each stands for; a weighted mean over the rows is one over the test fold.
    """
    rng = generator(seed, "explained rows", split.repeat, split.fold)
    order = rng.permutation(split.test)
    shown, others = order[y[order] == label], order[y[order] != label]
    size = min(size, len(order))
    half = min(len(shown), max(size // 2, size - len(others)))
    rows = np.concatenate([shown[:half], others[: size - half]])
    stands = np.ones(size)
    stands[:half] = len(shown) / max(half, 1)
    stands[half:] = len(others) / max(size - half, 1)
    return rows, stands
