"""What a sampler is: it answers with a recipe, and everything made follows from that."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from rebal_core.data.prepare import is_indicator
from rebal_core.data.restore import between, picked
from rebal_core.rows import (
    DUPLICATE,
    INTERPOLATED,
    ORIGINAL,
    Floats,
    Ints,
    Layout,
    Recipe,
    TypedRows,
)
from rebal_core.samplers.neighbors import Graphs
from rebal_core.wording import Unsuitable

#: Rows per class asked for: a mapping of label code to rows, or its items.
Counts = Mapping[int, int] | Iterable[tuple[int, int]] | None


class RowSampler(BaseEstimator):  # type: ignore[misc]
    """Base of all samplers; a subclass defines :meth:`recipe`.

    A sampler holds parameters only, so that it prints, pickles, clones and hashes by value.
    """

    random_state: int | None

    @abstractmethod
    def recipe(self, rows: TypedRows, graph: Graphs, rng: np.random.Generator) -> Recipe:
        """Tell how each row of the resampled set comes from ``rows``.

        Parameters
        ----------
        rows : TypedRows
            Training rows of one fold; never changed.
        graph : Graphs
            Their neighbours.
        rng : numpy Generator

        Raises
        ------
        Unsuitable
            When these rows cannot be served.
        """

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Resample plain data, as the samplers of imbalanced-learn do.

        Parameters
        ----------
        X : array-like of shape (n, p), numbers
        y : array-like of shape (n,)

        Returns
        -------
        X_resampled, y_resampled
            Of the kind that was given (array, or DataFrame and Series).
        """
        values = np.asarray(X, dtype=np.float64)
        labels, codes = np.unique(np.asarray(y), return_inverse=True)
        width = tuple(str(j) for j in range(values.shape[1]))
        rows = TypedRows(
            numbers=values.astype(np.float32),
            codes=np.zeros((len(values), 0), dtype=np.int32),
            y=codes.astype(np.int64),
            layout=Layout(numbers=width, players=width),
        )
        seed = check_random_state(self.random_state).randint(2**31)
        made = self.recipe(rows, Graphs(values, rows.y), np.random.default_rng(seed))
        self.sample_indices_ = made.base
        result: Any = between(values, made)
        target: Any = labels[codes[made.base]]
        if isinstance(X, pd.DataFrame):
            result = pd.DataFrame(result, columns=X.columns)
        if isinstance(y, pd.Series):
            target = pd.Series(target, name=y.name)
        return result, target


def counts_after(
    counts: tuple[int, ...],
    ratio: float,
    direction: Literal["over", "under"],
    asked: Counts = None,
) -> tuple[int, ...]:
    """Return the rows of each class after resampling.

    Parameters
    ----------
    counts : tuple of int
        Rows of each class now; a class without rows keeps none.
    ratio : float
        Rows of a rarer class per row of the most frequent one. ``"over"`` grows every class to
        at least ``ratio`` times the largest; ``"under"`` cuts every class to at most the smallest
        divided by ``ratio``.
    direction : {"over", "under"}
    asked : mapping of label code to rows, or its items, optional
        Wins over the ratio for the classes that it names.

    Raises
    ------
    Unsuitable
        When a class is asked to shrink by oversampling, or to grow by undersampling.
    """
    present = [n for n in counts if n]
    if direction == "over":
        after = [n and max(n, round(ratio * max(present))) for n in counts]
    else:
        after = [min(n, max(1, round(min(present) / ratio))) for n in counts]
    for label, target in dict(asked or ()).items():
        now = counts[label]
        if direction == "over" and target < now:
            raise Unsuitable(
                f"Oversampling cannot take a class of {now} rows down to {target}; "
                "ask for more rows, or choose undersampling."
            )
        if direction == "under" and target > now:
            raise Unsuitable(
                f"Undersampling cannot take a class of {now} rows up to {target}; "
                "ask for fewer rows, or choose oversampling."
            )
        after[label] = target if now else 0
    return tuple(after)


def kept(rows: Ints, notes: tuple[str, ...] = ()) -> Recipe:
    """Return the recipe that keeps rows as they are."""
    return _alone(rows, ORIGINAL, notes)


def copies(rows: Ints, notes: tuple[str, ...] = ()) -> Recipe:
    """Return the recipe that repeats rows."""
    return _alone(rows, DUPLICATE, notes)


def _alone(rows: Ints, origin: int, notes: tuple[str, ...]) -> Recipe:
    size = len(rows)
    return Recipe(
        base=np.asarray(rows, dtype=np.int64),
        mate=np.full(size, -1, dtype=np.int64),
        step=np.zeros(size, dtype=np.float32),
        pick=np.zeros(size, dtype=bool),
        origin=np.full(size, origin, dtype=np.int8),
        notes=notes,
    )


def interpolations(base: Ints, mate: Ints, rng: np.random.Generator) -> Recipe:
    """Return rows at a random place between pairs of parents; categories of a random parent."""
    return Recipe(
        base=base,
        mate=mate,
        step=rng.random(len(base), dtype=np.float32),
        pick=rng.random(len(base)) < 0.5,
        origin=np.full(len(base), INTERPOLATED, dtype=np.int8),
    )


def joined(*recipes: Recipe) -> Recipe:
    """Return recipes one after the other."""
    fields = ("base", "mate", "step", "pick", "origin")
    arrays = {name: np.concatenate([getattr(r, name) for r in recipes]) for name in fields}
    return Recipe(**arrays, notes=tuple(note for r in recipes for note in r.notes))


def chosen(recipe: Recipe, where: Ints | NDArray[np.bool_]) -> Recipe:
    """Return some rows of a recipe."""
    return replace(
        recipe,
        base=recipe.base[where],
        mate=recipe.mate[where],
        step=recipe.step[where],
        pick=recipe.pick[where],
        origin=recipe.origin[where],
    )


def materialise(rows: TypedRows, recipe: Recipe) -> TypedRows:
    """Return the rows that a recipe describes.

    Numbers lie between the parents; categories, text and "was missing" come from one of them.
    """
    made = rows.take(picked(recipe))
    numbers = between(rows.numbers, recipe)
    flags = is_indicator(rows.layout)
    numbers[:, flags] = made.numbers[:, flags]
    weight: Floats | None = None if rows.weight is None else between(rows.weight, recipe)
    return replace(made, numbers=numbers, weight=weight)
