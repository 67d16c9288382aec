"""What samplers share: how many rows of each class they leave, and ``fit_resample``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from rebal_core.params import Counts as CountsParam
from rebal_core.params import Number, Param
from rebal_core.rows import Layout, TypedRows
from rebal_core.samplers.neighbors import Graphs
from rebal_core.step import Fold, Sampler
from rebal_core.wording import Unsuitable

#: Rows per class asked for: a mapping of label code to rows, or its items.
Counts = Mapping[int, int] | Iterable[tuple[int, int]] | None

RATIO = Number(
    "ratio",
    "Ratio to the most frequent class",
    "Rows of a rarer class per row of a more frequent one.",
    1.0,
    0.001,
    1.0,
)
COUNTS = CountsParam()


class RowSampler(Sampler):
    """Base of the samplers of this room, which also serve plain arrays and frames."""

    random_state: int | None

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
        made = self.recipe(fold_of(rows, seed, Graphs(values, rows.y)))
        self.sample_indices_ = made.base
        result: Any = made.between(values)
        target: Any = labels[made.label]
        if isinstance(X, pd.DataFrame):
            result = pd.DataFrame(result, columns=X.columns)
        if isinstance(y, pd.Series):
            target = pd.Series(target, name=y.name)
        return result, target


class ToCounts(RowSampler):
    """Base of samplers that take the classes to a ratio, or to numbers of rows of their own.

    Attributes
    ----------
    direction : {"over", "under"}
    """

    direction: ClassVar[Literal["over", "under"]]
    parameters: ClassVar[tuple[Param, ...]] = (RATIO, COUNTS)
    ratio: float
    counts: Counts

    def counts_after(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return the rows of each class after it; see :func:`counts_after`."""
        return counts_after(counts, self.ratio, self.direction, self.counts)


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
        now = counts[label] if label < len(counts) else 0
        if direction == "over" and target < now:
            raise Unsuitable(
                "Oversampling cannot take a class of {now} rows down to {target}; ask for more "
                "rows, or choose undersampling.",
                now=now,
                target=target,
            )
        if direction == "under" and target > now:
            raise Unsuitable(
                "Undersampling cannot take a class of {now} rows up to {target}; ask for fewer "
                "rows, or choose oversampling.",
                now=now,
                target=target,
            )
        if now:
            after[label] = target
    return tuple(after)
