"""Metrics of decisions, all of them functions of three counts a class.

For K classes the counts are: rows found (true and predicted), rows that are of the class, rows that
were said to be. They add up over folds, and a bootstrap draw is just another set of counts; so
pooling, weights and plain scoring are the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from rebal_core.metrics.names import COST, DECISIONS
from rebal_core.rows import Floats, Ints


@dataclass(frozen=True)
class Counts:
    """Rows by class: found, of the class, said to be of the class.

    Parameters
    ----------
    hit, true, said : ndarray of shape (..., K), float64
        Weighted numbers of rows. Leading axes are draws, repeats or whatever the caller stacks.
    cost : ndarray of shape (...), optional
        What the wrong decisions cost together.
    """

    hit: Floats
    true: Floats
    said: Floats
    cost: Floats | None = None

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.hit + other.hit,
            self.true + other.true,
            self.said + other.said,
            None if self.cost is None or other.cost is None else self.cost + other.cost,
        )

    def __sub__(self, other: Counts) -> Counts:
        return Counts(
            self.hit - other.hit,
            self.true - other.true,
            self.said - other.said,
            None if self.cost is None or other.cost is None else self.cost - other.cost,
        )


def count(
    y: Ints,
    pred: Ints,
    n_classes: int,
    weights: Floats | None = None,
    costs: Floats | None = None,
) -> Counts:
    """Return the counts of one set of decisions.

    Parameters
    ----------
    y, pred : ndarray of shape (n,)
        True and predicted codes, 0..K-1.
    n_classes : int
        K.
    weights : ndarray of shape (n, B), optional
        One column a bootstrap draw.
    costs : ndarray of shape (n,), optional
        What a wrong decision on each row costs.

    Returns
    -------
    Counts
        Of shape (K,), or (B, K) with weights.
    """
    rows = np.arange(y.size)
    right, wrong = rows[y == pred], rows[y != pred]
    if weights is None:
        cost = None if costs is None else np.asarray(costs[wrong].sum())
        hit, true, said = (
            np.bincount(v, minlength=n_classes).astype(float) for v in (y[right], y, pred)
        )
        return Counts(hit, true, said, cost)
    cost = None if costs is None else np.asarray(costs[wrong] @ weights[wrong], dtype=float)
    parts = ((y[right], right), (y, rows), (pred, rows))
    hit, true, said = (_by_class(code, where, weights, n_classes) for code, where in parts)
    return Counts(hit, true, said, cost)


def _by_class(code: Ints, rows: Ints, weights: Floats, n_classes: int) -> Floats:
    """Sum the weights of these rows by class: shape (B, K)."""
    ones = np.ones(code.size, dtype=weights.dtype)
    member = sp.csr_array((ones, (code, rows)), shape=(n_classes, weights.shape[0]))
    return np.asarray((member @ weights).T, dtype=float)


def _ratio(top: Floats, bottom: Floats, empty: float = np.nan) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(bottom > 0, top / bottom, empty)


def f_measure(c: Counts) -> Floats:
    """F1 of each class; nan where the class has neither rows nor predictions."""
    return _ratio(2.0 * c.hit, c.true + c.said)


def per_class(c: Counts) -> dict[str, Floats]:
    """Precision, recall and F1 of each class, nan where undefined.

    F1 is undefined for a class that has no tested row, even if it was predicted.
    """
    f1 = np.where(c.true > 0, f_measure(c), np.nan)
    return {"precision": _ratio(c.hit, c.said), "recall": _ratio(c.hit, c.true), "f1": f1}


def _mean_over_present(values: Floats, present: Floats) -> Floats:
    """Mean over the classes that have rows; an undefined value of such a class counts 0."""
    return _ratio(np.where(present > 0, np.nan_to_num(values), 0.0).sum(-1), (present > 0).sum(-1))


def matthews(c: Counts) -> Floats:
    """Matthews correlation of K classes (R_K); 0, as for guessing, when only one class is said.

    Gorodkin (2004), Comput. Biol. Chem. 28, 367-374. In float64: integer products overflow at
    about two million rows.
    """
    n = c.true.sum(-1)
    covariance = c.hit.sum(-1) * n - (c.true * c.said).sum(-1)
    spread = (n**2 - (c.true**2).sum(-1)) * (n**2 - (c.said**2).sum(-1))
    return np.where(n > 0, _ratio(covariance, np.sqrt(np.maximum(spread, 0.0)), 0.0), np.nan)


def decision_scores(c: Counts, positive: int | None) -> dict[str, Floats]:
    """Return every decision metric.

    Parameters
    ----------
    c : Counts
        Of shape (..., K).
    positive : int or None
        Code of the class in focus of two classes. None, many classes: ``f1``, ``recall`` and
        ``precision`` are macro averages over the classes that have rows.

    Returns
    -------
    dict of str to ndarray of shape (...)
        Names of :data:`rebal_core.metrics.names.DECISIONS`; nan where undefined. Also the cost per
        1,000 rows, where it is known what wrong decisions cost.
    """
    each = per_class(c)
    recall = _mean_over_present(each["recall"], c.true)
    macro_f1 = _mean_over_present(each["f1"], c.true)
    if positive is None:
        focus = (macro_f1, recall, _mean_over_present(each["precision"], c.true))
    else:
        focus = (
            each["f1"][..., positive],
            each["recall"][..., positive],
            each["precision"][..., positive],
        )
    classes = (c.true > 0).sum(-1)
    with np.errstate(divide="ignore"):
        logs = np.where(c.true > 0, np.log(np.nan_to_num(each["recall"])), 0.0).sum(-1)
    scores = {
        "f1": focus[0],
        "macro_f1": macro_f1,
        "balanced_accuracy": recall,
        "g_mean": np.exp(_ratio(logs, classes)),
        "mcc": matthews(c),
        "accuracy": _ratio(c.hit.sum(-1), c.true.sum(-1)),
        "recall": focus[1],
        "precision": focus[2],
    }
    found = {name: scores[name] for name in DECISIONS}
    if c.cost is not None:
        found[COST] = _ratio(1_000.0 * c.cost, c.true.sum(-1))
    return found
