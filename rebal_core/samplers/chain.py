"""Steps on rows: what one is given, and several of which each sees what the one before made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from rebal_core.rows import ORIGINAL, Recipe, TypedRows
from rebal_core.samplers.nearness import seen_by
from rebal_core.samplers.neighbors import Graphs
from rebal_core.step import Aids, Fold, Sampler
from rebal_core.wording import Text


def run_steps(
    steps: Sequence[Sampler],
    rows: TypedRows,
    neighbors: Graphs,
    n_classes: int,
    rng_of: Callable[[int], np.random.Generator],
    aids: Aids = Aids(),  # noqa: B008
) -> Recipe:
    """Return what the steps together make of the rows, told in these rows.

    It says which step drew a row without parents, and which took a row away.

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
    aids : Aids
    """
    made, recall = None, 1.0
    current, origin = rows, np.zeros(len(rows), dtype=np.int8)
    removed_by, left = np.full(len(rows), -1, dtype=np.int8), np.ones(len(rows), dtype=bool)
    for place, step in enumerate(steps):
        graphs = neighbors
        if made is not None:
            # What is made so far is told in the rows before the first step, whose graphs these are.
            current, origin = rows.made(made), made.origin
            graphs = neighbors.after(made, current)
        near = seen_by(step, graphs)
        recipe = step.recipe(Fold(current, near, n_classes, rng_of(place), origin, aids))
        recall = min(recall, near.recall)
        recipe = recipe.drawn_at(place)
        made = recipe if made is None else recipe.after(made, current)
        still = np.zeros(len(rows), dtype=bool)
        still[made.base[made.origin == ORIGINAL]] = True
        removed_by[left & ~still] = place
        left &= still
    assert made is not None
    if len(steps) > 1 and any(step.keep_prevalence for step in steps):
        made = keeping_shares(made, rows)  # whatever a step after it took away
    made = made if recall == 1 else made.noted(_approximate_note(recall))
    return made if left.all() else replace(made, removed_by=removed_by)


def keeping_shares(made: Recipe, rows: TypedRows) -> Recipe:
    """Return the recipe with weights under which each class weighs what it did in the rows."""
    own, size = rows.weight, int(rows.y.max()) + 1
    before = np.bincount(rows.y, own, minlength=size)
    weights = made.weights if own is None else made.weights * made.between(own)
    after = np.bincount(made.label, weights, minlength=size)
    factor = np.divide(before, after, out=np.ones(size), where=after > 0)
    return replace(made, weight=made.weights * factor[made.label])


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


def _approximate_note(recall: float) -> Text:
    return Text(
        "Near rows were searched where most of them are, as there are so many rows: {recall:.1%} "
        "of those used are the nearest, measured on a part of the rows.",
        {"recall": recall},
    )
