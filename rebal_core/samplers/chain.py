"""Steps on rows: what one is given, and several of which each sees what the one before made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rebal_core.rows import Recipe, TypedRows
from rebal_core.samplers.neighbors import Graphs
from rebal_core.step import Fold, Sampler


def run_steps(
    steps: Sequence[Sampler],
    rows: TypedRows,
    neighbors: Graphs,
    n_classes: int,
    rng_of: Callable[[int], np.random.Generator],
) -> Recipe:
    """Return what the steps together make of the rows, told in these rows.

    Parameters
    ----------
    steps : sequence of Sampler
        At least one.
    rows : TypedRows
    neighbors : Graphs
        Of the rows.
    n_classes : int
    rng_of : callable
        Gives the random numbers of the step at a position.
    """
    made: Recipe | None = None
    current, origin = rows, np.zeros(len(rows), dtype=np.int8)
    for place, step in enumerate(steps):
        if made is not None:
            current, origin = rows.made(made), made.origin
            neighbors = neighbors.after(made, current)
        recipe = step.recipe(Fold(current, neighbors, n_classes, rng_of(place), origin))
        made = recipe if made is None else recipe.after(made, current)
    assert made is not None
    return made


def fold_of(
    rows: TypedRows,
    seed: int | np.random.Generator,
    neighbors: Graphs | None = None,
    n_classes: int | None = None,
) -> Fold:
    """Return rows as a sampler takes them, with neighbours searched when they are asked for."""
    size = int(rows.y.max(initial=-1)) + 1 if n_classes is None else n_classes
    origin = np.zeros(len(rows), dtype=np.int8)
    return Fold(rows, neighbors or Graphs.of(rows), size, np.random.default_rng(seed), origin)
