"""Areas under curves with their 95 % intervals, by the same draws of rows as all scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rebal_core.evaluation.bootstrap import row_weights, spread
from rebal_core.evaluation.intervals import LEVEL, Difference, widening
from rebal_core.metrics.probabilities import mean_defined, rank_scores
from rebal_core.rows import Floats
from rebal_core.seeding import generator

#: Draws of the rows behind an interval.
DRAWS = 200


@dataclass(frozen=True)
class Area:
    """How often a row of one kind is ranked above a row of the other.

    Parameters
    ----------
    value : float
        .5 where the two cannot be told apart; nan where it is not known.
    low, high : float
        95 % interval.
    """

    value: float
    low: float
    high: float


UNKNOWN = Area(np.nan, np.nan, np.nan)


def area(folds: Sequence[tuple[Floats, np.ndarray]], seed: int) -> Area:
    """Return the mean AUC of folds.

    Parameters
    ----------
    folds : sequence of (score, positive)
        Of several folds the interval is widened by what their models share.
    seed : int
    """
    values, draws = [], []
    for i, (score, positive) in enumerate(folds):
        rng = generator(seed, "area", i)
        values.append(rank_scores(score, positive, np.ones((len(score), 1)))[0])
        parts = row_weights(np.arange(len(score)), None, DRAWS, rng)
        draws.append(np.concatenate([rank_scores(score, positive, w)[0] for _, w in parts]))
    value = float(mean_defined(np.array(values))[0]) if values else np.nan
    if np.isnan(value):
        return UNKNOWN
    factor = widening(len(folds), 1) if len(folds) > 1 else 1.0
    ones = sum(int(positive.sum()) for _, positive in folds)
    others = sum(len(positive) for _, positive in folds) - ones
    se = factor * max(
        spread(mean_defined(np.array(draws))[None]), _least_error(value, ones, others)
    )
    low, high = Difference(value, se, max(1.0, min(ones, others) - 1.0)).interval(LEVEL)
    return Area(value, max(low, 0.0), min(high, 1.0))


def _least_error(value: float, n: int, m: int) -> float:
    """Return the usual standard error of an AUC that one more pair of rows would have pulled to .5.

    Where few rows happen to be ranked without fault, all draws of them are, and tell no error.

    References
    ----------
    Hanley, McNeil (1982), Radiology 143, 29-36.
    """
    a = (max(value, 1 - value) * n * m + 0.5) / (n * m + 1)
    one, two = a / (2 - a) - a**2, 2 * a**2 / (1 + a) - a**2
    return float(np.sqrt((a * (1 - a) + (n - 1) * one + (m - 1) * two) / (n * m)))
