"""How well a classifier tells made rows from real ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rebal_core.evaluation.synthetic.fast import (
    classifier_for,
    fitted,
    folds_by_class,
    joined,
    some,
)
from rebal_core.evaluation.synthetic.ranked import UNKNOWN, Area, area
from rebal_core.rows import TypedRows
from rebal_core.seeding import child_seed

#: Rows of each kind that are told apart at most; more change the third digit.
MOST = 2_500
#: Fewer of a kind say nothing.
FEWEST = 10
#: An AUC that fails: next to every made row shows at a glance that it is none, as where numbers lie
#: between those that can be. Good generators are told from real rows far better than by guessing.
TOLD = 0.99


@dataclass(frozen=True)
class Detection:
    """How well made rows are told from real ones.

    Parameters
    ----------
    classifier : str
        Which classifier tries; empty where nothing could be tried.
    auc : Area
        Cross-validated; .5 where it guesses.
    """

    classifier: str
    auc: Area

    @property
    def failed(self) -> bool:
        """Whether made rows are told from real ones nearly always."""
        return self.auc.low >= TOLD


def detection(real: TypedRows, made: TypedRows, seed: int = 0) -> Detection:
    """Return how well made rows of a class are told from its real rows.

    As many of each kind are taken, :data:`MOST` at most, in folds that hold as many of both. Real
    rows that the generator never saw are better: copies of the others make folds that are no test.
    """
    size = min(len(real), len(made), MOST)
    if size < FEWEST:
        return Detection("", UNKNOWN)
    rows = joined(some(real, size, seed), some(made, size, seed))
    rows = replace(rows, y=np.repeat([0, 1], size), weight=None)
    name = classifier_for(rows.y, 2)
    folds = []
    for train, test in folds_by_class(rows.y, child_seed(seed, "detection")):
        proba = fitted(name, rows.take(train), 2, seed).predict_proba(rows.take(test))
        folds.append((proba[:, 1], rows.y[test] == 1))
    return Detection(name, area(folds, seed))
