"""Margins turned into probabilities by sigmoids that are fitted on rows that no margin has seen.

The rows are cut into folds, each fold gets its margins from a machine that was trained on the
others, and one sigmoid a class is fitted on all of them. Copies of a row stay in one fold: else
oversampling would show a machine the very rows that its sigmoid is fitted on.

References
----------
Platt (1999), Probabilistic outputs for support vector machines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from rebal_core.rows import Floats, Ints, TypedRows

#: Folds, and so the fewest different rows of a class that a sigmoid of its own is fitted on.
FOLDS = 3
#: A margin that ranks by chance can ask for a falling sigmoid; the order of its rows is kept.
_FLATTEST = 1e-3
#: Log-odds beyond which a probability is 0 or 1 to all purposes; its sum with others stays above 0.
_FARTHEST = 500.0


@dataclass(frozen=True)
class Sigmoids:
    """One sigmoid for each margin, ``p = expit(slope f + shift)``.

    Parameters
    ----------
    slope, shift : ndarray of shape (M,)
        Of two classes M is 1, and the margin is the second's.
    """

    slope: Floats
    shift: Floats

    def odds(self, margins: Floats) -> Floats:
        """Return log-odds of each class against all others, shape (n, K)."""
        odds = np.clip(margins * self.slope + self.shift, -_FARTHEST, _FARTHEST)
        return np.hstack([-odds, odds]) if odds.shape[1] == 1 else odds

    def probabilities(self, margins: Floats) -> Floats:
        """Return probabilities of shape (n, K); of many classes they are divided by their sum."""
        proba = expit(self.odds(margins))
        return np.asarray(proba / proba.sum(axis=1, keepdims=True))


#: Trains on some rows, by their positions, and returns the margins of others, shape (m, M).
Train = Callable[[Ints, Ints], Floats]


def folds_of(rows: TypedRows, y: Ints, seed: int) -> Ints:
    """Return the fold of each row: every class spread evenly, equal rows together.

    Parameters
    ----------
    rows : TypedRows
    y : ndarray of shape (n,)
        Labels, of which equal rows may have several.
    seed : int
    """
    group = _equal_rows(rows)
    first = np.unique(group, return_index=True)[1]
    order = np.random.default_rng(seed).permutation(first.size)
    order = order[np.argsort(y[first][order], kind="stable")]
    fold = np.empty(first.size, dtype=np.int64)
    fold[order] = np.arange(first.size) % FOLDS
    return np.asarray(fold[group])


def _equal_rows(rows: TypedRows) -> Ints:
    """Return a number for each row, the same for rows of equal values."""
    dense = [rows.numbers.view(np.uint32), rows.codes.view(np.uint32)]
    if rows.text_dense is not None:
        dense.append(rows.text_dense.view(np.uint32))
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for block in dense:
        for column in block.T:
            mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
    return np.asarray(np.unique(mixed, return_inverse=True)[1], dtype=np.int64)


def cross_fit(
    rows: TypedRows, y: Ints, weight: Floats | None, n_margins: int, train: Train, seed: int
) -> Sigmoids:
    """Fit the sigmoids of a machine.

    Parameters
    ----------
    rows : TypedRows
    y : ndarray of shape (n,)
        Labels 0..K-1, all of which are there.
    weight : ndarray of shape (n,) or None
    n_margins : int
        M: 1 of two classes, else K.
    train : callable ``(taught, asked)``
        A class that is not among the taught rows is answered with NaN.
    seed : int
    """
    fold = folds_of(rows, y, seed)
    margins = np.full((len(y), n_margins), np.nan)
    for held in range(FOLDS):
        asked, taught = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        if asked.size and taught.size and (n_margins > 1 or np.unique(y[taught]).size > 1):
            margins[asked] = train(taught, asked)
    mass = np.ones(len(y)) if weight is None else weight
    labels = [1] if n_margins == 1 else range(n_margins)
    slope, shift = np.full((2, n_margins), np.nan)
    for k, label in enumerate(labels):
        known, own = np.isfinite(margins[:, k]), y == label
        # Every fold must hold some of both sides: else their margins come from few machines.
        sides = [np.unique(fold[known & side]).size for side in (own, ~own)]
        if min(sides) == FOLDS:
            slope[k], shift[k] = _sigmoid(margins[known, k], own[known], mass[known])
    usual = np.nanmean(slope) if np.isfinite(slope).any() else 1.0
    for k, label in enumerate(labels):
        if not slope[k] >= _FLATTEST:
            slope[k] = usual if np.isnan(slope[k]) and usual >= _FLATTEST else _FLATTEST
            known = np.isfinite(margins[:, k])
            shift[k] = _shift(slope[k] * margins[known, k], y == label, mass, known)
    return Sigmoids(slope, shift)


def _sigmoid(margin: Floats, own: np.ndarray, weight: Floats) -> tuple[float, float]:
    from sklearn.calibration import _SigmoidCalibration

    found = _SigmoidCalibration().fit(margin, own.astype(float), weight)
    return -float(found.a_), -float(found.b_)


def _shift(margin: Floats, own: np.ndarray, weight: Floats, known: np.ndarray) -> float:
    """Return the shift at which a class is as likely as it is frequent."""
    share = (weight[own].sum() + weight.mean()) / (weight.sum() + 2 * weight.mean())
    mass = weight[known]
    if not mass.sum() > 0:
        return float(logit(share))
    far = float(np.abs(margin).max()) + abs(float(logit(share))) + 1.0
    return float(brentq(lambda b: mass @ (expit(margin + b) - share), -far, far))
