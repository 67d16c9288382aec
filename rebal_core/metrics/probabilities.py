"""Metrics of probabilities, for plain scoring and for all bootstrap draws at once."""

from __future__ import annotations

import numpy as np

from rebal_core.metrics.draws import rank_draws
from rebal_core.metrics.names import SCORES
from rebal_core.rows import Floats, Ints

#: A probability of 0 or 1 that turned out wrong counts as this; else one row could be infinite.
SMALLEST = 1e-15


def rank_scores(score: Floats, positive: np.ndarray, weights: Floats) -> tuple[Floats, Floats]:
    """Return AUC and average precision of one score under each weighting.

    Parameters
    ----------
    score : ndarray of shape (n,)
        The larger, the more likely of the class.
    positive : ndarray of shape (n,), bool
        Whether a row is of the class.
    weights : ndarray of shape (n, B)
        One column a draw.

    Returns
    -------
    auc, ap : ndarray of shape (B,)
        Ties count half in AUC and share one precision in AP = sum (R_n - R_n-1) P_n.
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    last = np.append(ranked[1:] != ranked[:-1], True)
    return rank_draws(order, last, positive, np.ascontiguousarray(weights))


def class_average_precision(y: Ints, proba: Floats) -> Floats:
    """Average precision of each class against the rest, of shape (K,); nan without rows."""
    one = np.ones((y.size, 1))
    return np.array([rank_scores(proba[:, k], y == k, one)[1][0] for k in range(proba.shape[1])])


def probability_scores(
    y: Ints,
    proba: Floats,
    positive: int | None,
    weights: Floats | None = None,
) -> dict[str, Floats]:
    """Return every score of probabilities.

    Parameters
    ----------
    y : ndarray of shape (n,)
        True codes.
    proba : ndarray of shape (n, K)
        Repaired probabilities.
    positive : int or None
        Code of the class in focus of two classes. None, many classes: all but ``log_loss`` and
        ``normalised_entropy``, which are of the whole row, are one class against the rest, averaged
        over the classes that have rows.
    weights : ndarray of shape (n, B), optional
        One column a draw; without them every row counts 1 and B is 1.

    Returns
    -------
    dict of str to ndarray of shape (B,)
        Names of :data:`rebal_core.metrics.names.SCORES`; nan where undefined.
    """
    w = np.ones((y.size, 1)) if weights is None else weights
    codes = np.unique(y) if positive is None else np.array([positive])
    ranked = [rank_scores(proba[:, k], y == k, w) for k in codes]
    total = w.sum(0, dtype=float)
    truth = y[:, None] == codes
    chosen = np.clip(proba[np.arange(y.size), y], SMALLEST, 1.0)
    squared = (proba[:, codes] - truth) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        loss = (-np.log(chosen).astype(w.dtype)) @ w / total
        observed = truth.T.astype(w.dtype) @ w
        others = [] if positive is None else [total - observed[0]]
        ratio = np.where(observed > 0, (proba[:, codes].T.astype(w.dtype) @ w) / observed, np.nan)
        scores = {
            "roc_auc": mean_defined(np.array([auc for auc, _ in ranked])),
            "average_precision": mean_defined(np.array([ap for _, ap in ranked])),
            "log_loss": loss,
            "normalised_entropy": loss / _entropy(np.array([*observed, *others])),
            "brier": squared.mean(1).astype(w.dtype) @ w / total,
            "calibration_ratio": mean_defined(ratio),
        }
    return {name: np.asarray(scores[name], dtype=float) for name in SCORES}


def _entropy(held: Floats) -> Floats:
    """Return the log loss of the classes' own shares, of shape (B,); nan where one has all rows.

    Parameters
    ----------
    held : ndarray of shape (K, B)
        What the rows of each class weigh.
    """
    shares = held / held.sum(0, dtype=float)
    parts = np.where(held > 0, -shares * np.log(np.maximum(shares, SMALLEST)), 0.0)
    return np.asarray(np.where((held > 0).sum(0) > 1, parts.sum(0), np.nan))


def mean_defined(values: Floats) -> Floats:
    """Mean over the first axis of what is defined; nan, without a warning, where nothing is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(0) / known.sum(0))
