"""How sure a difference is: corrected row-level intervals, Nadeau-Bengio, Holm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import betaincinv

from rebal_core.arm import Protocol
from rebal_core.evaluation.bootstrap import Score, Series, spread
from rebal_core.metrics import Metric
from rebal_core.metrics.probabilities import mean_defined
from rebal_core.rows import Floats

LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """A gain with its standard error; more is better, whatever the metric.

    Parameters
    ----------
    gain : float
        Difference of the displayed scores, turned so that more is better; nan where undefined.
    se : float
        Standard error; 0 only for arms that do not differ in any row, nan where it is unknown.
    df : float
        Degrees of freedom of its t distribution; infinite for the normal one.
    """

    gain: float
    se: float
    df: float = np.inf

    @property
    def p(self) -> float:
        """Two-sided p-value, unadjusted; 1 where nothing differs or nothing is known."""
        if not self.se > 0:
            return 1.0
        return float(2.0 * stats.t.sf(abs(self.gain / self.se), self.df))

    def interval(self, alpha: float) -> tuple[float, float]:
        """Return the interval that misses the truth with probability ``alpha``."""
        half = float(stats.t.ppf(1.0 - alpha / 2.0, self.df)) * self.se
        return self.gain - half, self.gain + half


def train_test_ratio(folds: int, split: str) -> float:
    """Return n_test / n_train, under a time split the mean over its growing training parts."""
    if split == "time":
        return float(np.mean(1.0 / np.arange(1, folds + 1)))
    return 1.0 / (folds - 1)


def widening(folds: int, repeats: int, split: str = "stratified") -> float:
    """Return c = sqrt(K (1/J + n_test/n_train)), by which row-level errors are widened.

    A row bootstrap does not know that the folds' models share training rows; c puts in what
    Nadeau and Bengio found for the variance over folds. 1.50 for 5x1, 1.32 for 5x2, 1.20 for 5x5.

    References
    ----------
    Nadeau, Bengio (2003), Machine Learning 52, 239-281.
    """
    return float(np.sqrt(folds * (1.0 / (folds * repeats) + train_test_ratio(folds, split))))


def nadeau_bengio(differences: ArrayLike, ratio: float) -> Difference:
    """Return the corrected resampled t test of paired fold differences.

    Parameters
    ----------
    differences : array-like of shape (J,)
        Arm minus reference, fold by fold; nan where a fold could not be scored.
    ratio : float
        n_test / n_train.
    """
    d = np.asarray(differences, dtype=float)
    d = d[~np.isnan(d)]
    if d.size < 2:
        return Difference(float(d.mean()) if d.size else np.nan, np.nan)
    se = float(np.sqrt((1.0 / d.size + ratio) * d.var(ddof=1)))
    if se <= 1e-12 and abs(d.mean()) > 1e-12:
        se = np.nan
    return Difference(float(d.mean()), se, d.size - 1.0)


def holm(p: ArrayLike) -> Floats:
    """Return Holm's step-down adjusted p-values, in the order of the input."""
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def holm_levels(p: ArrayLike, alpha: float = LEVEL) -> Floats:
    """Return the level of each interval such that it excludes 0 exactly where Holm rejects.

    A rejected difference is shown at the level of its own step; all others at that of the first
    step that failed.
    """
    p = np.asarray(p, dtype=float)
    rejected = holm(p) <= alpha
    as_large = (p[None, :] >= p[:, None]).sum(1)
    return np.where(rejected, alpha / as_large, alpha / max(1, int((~rejected).sum())))


def clopper_pearson(k: ArrayLike, n: ArrayLike, alpha: float = LEVEL) -> tuple[Any, Any]:
    """Return the exact interval of shares of which ``k`` of ``n`` were seen; (0, 1) for n = 0."""
    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(invalid="ignore"):
        low = np.where(k == 0, 0.0, betaincinv(k, n - k + 1, alpha / 2.0))
        high = np.where(k == n, 1.0, betaincinv(k + 1, n - k, 1.0 - alpha / 2.0))
    return (float(low), float(high)) if k.ndim == 0 else (low, high)


def compare(arm: Series, reference: Series, metric: Metric, protocol: Protocol) -> Difference:
    """Return how much better the arm is than the reference, paired, with its corrected error.

    The error is the standard deviation of a repeat's difference under the paired draws (variances
    averaged over the repeats), widened by :func:`widening`, with the degrees of freedom that the
    drawn units leave: few of them tell too small an error of themselves. Where no draw tells the
    two apart, the folds do (Nadeau-Bengio).
    """
    gains = metric.utility(arm.repeats) - metric.utility(reference.repeats)
    gain = float(mean_defined(gains))
    if np.isnan(gain):
        return Difference(np.nan, np.nan)
    repeats, folds = arm.folds.shape
    drawn = metric.utility(arm.draws) - metric.utility(reference.draws)
    row = spread(drawn)
    if row > 1e-12:
        se = widening(folds, repeats, protocol.split) * row
        return Difference(gain, se, min(arm.df, reference.df))
    between = metric.utility(arm.folds) - metric.utility(reference.folds)
    folded = nadeau_bengio(between.ravel(), train_test_ratio(folds, protocol.split))
    return Difference(gain, folded.se, folded.df)


def score_interval(score: Score, metric: Metric, protocol: Protocol) -> tuple[float, float]:
    """Return the 95 % interval of a displayed score, kept inside what the metric can be."""
    repeats, folds = score.folds.shape
    se = widening(folds, repeats, protocol.split) * score.error
    low, high = Difference(score.mean, se, score.df).interval(LEVEL)
    bottom = -1.0 if metric.name == "mcc" else 0.0
    top = 1.0 if metric.better == "higher" else np.inf
    return max(low, bottom), min(high, top)
