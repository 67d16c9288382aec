"""Where the rows of a resampled set come from, and where those went that are not in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rebal_core.arm import Arm
from rebal_core.rows import GENERATED, Floats, Ints, Recipe, TypedRows
from rebal_core.samplers.searching import nearest_of
from rebal_core.samplers.spaces import space_of
from rebal_core.strategies.fit import step_seed, strategy_of


def fits(arm: Arm, recipe: Recipe, classes: Sequence[str], seed: int) -> list[str | None] | None:
    """Return from which fit each row was drawn that has no parents; None where none was.

    A fit is named by its step, the class and the seed: ``rose(class=fraud, seed=71)``. With them
    and the training rows the same rows are drawn again.

    Parameters
    ----------
    recipe : Recipe of m rows
        As :func:`rebal_core.strategies.resample` answered for the arm and this seed.
    classes : sequence of str
        Labels by code.
    seed : int
        Of the split.

    Returns
    -------
    list of m str or None
        None for a row that has parents, or is the user's own.
    """
    if recipe.drawn_by is None:
        return None
    steps = strategy_of(arm).samplers
    seeds = [step_seed(seed, steps[: place + 1]) for place in range(len(steps))]
    return [
        None if by < 0 else f"{steps[by].name}(class={classes[label]}, seed={seeds[by]})"
        for by, label in zip(recipe.drawn_by.tolist(), recipe.label.tolist(), strict=True)
    ]


def distances(rows: TypedRows, recipe: Recipe) -> Floats | None:
    """Return how far each row that was drawn lies from the nearest training row of its class.

    In the space in which neighbours are searched: standard deviations, and 1 for a category that
    differs.

    Parameters
    ----------
    rows : TypedRows
        The training rows, n.
    recipe : Recipe of m rows

    Returns
    -------
    ndarray of shape (m,) or None
        nan of rows that have parents or are the user's own; None where no row was drawn.
    """
    drawn = recipe.origin == GENERATED
    if not drawn.any():
        return None
    result = np.full(len(recipe), np.nan)
    for label in np.unique(recipe.label[drawn]).tolist():
        own, at = rows.take(np.flatnonzero(rows.y == label)), drawn & (recipe.label == label)
        if len(own):
            made = space_of(rows.made(recipe.take(at)))
            result[at] = nearest_of(space_of(own), made, 1)[0][:, 0]
    return result


def removed(arm: Arm, recipe: Recipe) -> tuple[Ints, list[str]]:
    """Return the rows that a strategy took away, and by which step.

    Returns
    -------
    positions : ndarray of int64
        Among the rows that the recipe was made of, ascending.
    steps : list of str
        The name of the step that took each.
    """
    if recipe.removed_by is None:
        return np.zeros(0, dtype=np.int64), []
    gone = np.flatnonzero(recipe.removed_by >= 0)
    steps = [step.name for step in strategy_of(arm).samplers]
    return gone, [steps[place] for place in recipe.removed_by[gone].tolist()]
