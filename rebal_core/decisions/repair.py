"""Undo what resampling and weights did to the probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_softmax, logit, softmax

from rebal_core.types import Floats, Ints

#: Forests say 0 and 1; logarithms are taken of values kept this far from both.
FLOOR = 1e-6
#: Beyond it log-odds go on at this part of their pace: no row is certain, and the order stays.
GENTLE = 1e-3
#: Log-odds of the smallest probability above 0 are -744.
_LARGEST = 750.0
#: A calibration is fitted only on at least this many rows of the class.
FEWEST = 10
#: A model that ranks by chance can ask for a falling map; the order of its rows is kept instead.
FLATTEST = 0.05


def correct_prior(proba: Floats, prior_from: Floats, prior_to: Floats) -> Floats:
    """Move probabilities from one set of class shares to another, exactly.

    Parameters
    ----------
    proba : ndarray of shape (n, K)
        As a classifier says them that saw the shares ``prior_from``.
    prior_from, prior_to : ndarray of shape (K,)
        Class shares; a class that the classifier never saw keeps its 0.

    Returns
    -------
    ndarray of shape (n, K)
        Proportional to ``proba * prior_to / prior_from``; rows sum to 1. A row without any
        probability left is answered with ``prior_to``.

    References
    ----------
    Saerens, Latinne, Decaestecker (2002), Neural Computation 14, 21-41; for two classes and
    random undersampling it is Dal Pozzolo et al. (2015), for weights (1, b) p / (p + b (1 - p)).
    """
    if np.array_equal(prior_from, prior_to):
        return np.asarray(proba, dtype=float)
    before = np.asarray(prior_from, dtype=float)
    factor = np.divide(prior_to, before, out=np.zeros_like(before), where=before > 0)
    moved = proba * factor
    total = moved.sum(1, keepdims=True)
    return np.where(total > 0, moved / np.where(total > 0, total, 1.0), prior_to)


@dataclass(frozen=True)
class Calibration:
    """A map of probabilities with one or two parameters; the default leaves them alone.

    Parameters
    ----------
    slope : float
        Factor of the log-odds (two classes) or of the log-probabilities (many: one temperature).
    intercept : float
        Added to the log-odds of the class in focus; 0 for many classes.
    """

    slope: float = 1.0
    intercept: float = 0.0


def log_odds(p: Floats, rest: Floats) -> Floats:
    """Return the log-odds of probabilities; finite and strictly rising, also near 0 and 1.

    ``rest`` is ``1 - p``, which near 1 says more than ``p`` does.
    """
    with np.errstate(divide="ignore"):
        exact = np.clip(np.log(p) - np.log(rest), -_LARGEST, _LARGEST)
    bound = np.clip(exact, logit(FLOOR), -logit(FLOOR))
    return np.asarray(bound + GENTLE * (exact - bound))


def calibrate(proba: Floats, calibration: Calibration, positive: int) -> Floats:
    """Apply a calibration to probabilities of shape (n, K); rows sum to 1.

    ``positive`` is the code of the class in focus; it is read for two classes only.
    """
    if calibration == Calibration():
        return proba
    if proba.shape[1] == 2:
        odds = log_odds(proba[:, positive], proba[:, 1 - positive])
        z = calibration.slope * odds + calibration.intercept
        both = expit(np.column_stack([z, -z] if positive == 0 else [-z, z]))
        return np.asarray(both, dtype=float)
    mapped = softmax(calibration.slope * np.log(np.maximum(proba, FLOOR)), axis=1)
    return np.asarray(mapped, dtype=float)


def fit_calibration(y: Ints, proba: Floats, positive: int) -> Calibration:
    """Fit the calibration that these labelled probabilities ask for.

    Two classes: Platt's sigmoid on the log-odds. Many: one temperature. Both with his smoothed
    targets.
    The default comes back, which changes nothing, where fewer than ten rows are of the class in
    focus (many classes: are not of the most frequent class).

    Parameters
    ----------
    y : ndarray of shape (n,)
        True codes.
    proba : ndarray of shape (n, K)
        Prior-corrected probabilities of the same rows, from models that did not see them.

    References
    ----------
    Platt (1999), Advances in Large Margin Classifiers; Guo et al. (2017), ICML.
    """
    if proba.shape[1] == 2:
        truth = y == positive
        if min(truth.sum(), (~truth).sum()) < FEWEST:
            return Calibration()
        return _platt(truth, log_odds(proba[:, positive], proba[:, 1 - positive]))
    common = np.bincount(y, minlength=1).max()
    if y.size - common < FEWEST:
        return Calibration()
    return Calibration(slope=_temperature(y, np.log(np.maximum(proba, FLOOR))))


def _platt(truth: np.ndarray, x: Floats) -> Calibration:
    n1, n0 = truth.sum(), (~truth).sum()
    target = np.where(truth, (n1 + 1.0) / (n1 + 2.0), 1.0 / (n0 + 2.0))
    for slope in (None, FLATTEST):
        a, b = _newton(target, x, slope)
        if a >= FLATTEST:
            break
    return Calibration(float(a), float(b))


def _newton(target: Floats, x: Floats, slope: float | None) -> tuple[float, float]:
    """Minimise the log loss over slope and intercept, or over the intercept of a given slope."""
    a, b = (1.0 if slope is None else slope), 0.0
    design = np.column_stack([x, np.ones_like(x)]) if slope is None else np.ones((x.size, 1))
    loss = _sigmoid_loss(target, a * x + b)
    for _ in range(50):
        p = expit(a * x + b)
        gradient = design.T @ (p - target)
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design
        step = np.linalg.solve(curvature + 1e-9 * np.eye(design.shape[1]), gradient)
        # Newton overshoots where the sigmoid is flat: halve until the loss falls.
        for half in 0.5 ** np.arange(30):
            new_a = a - half * step[0] if slope is None else a
            new_b = b - half * step[-1]
            new_loss = _sigmoid_loss(target, new_a * x + new_b)
            if new_loss <= loss:
                break
        done = abs(loss - new_loss) <= 1e-12 * abs(loss)
        if new_loss <= loss:
            a, b, loss = new_a, new_b, new_loss
        if done or new_loss > loss:
            break
    return a, b


def _sigmoid_loss(target: Floats, z: Floats) -> float:
    return float(np.mean(np.logaddexp(0.0, z) - target * z))


def _temperature(y: Ints, logs: Floats) -> float:
    """Newton on one slope, in which the log loss is convex.

    The targets are smoothed as Platt does it: else classes that are told apart without an error
    would ask for an endless slope, and the first error beyond these rows for an endless loss.
    """
    slope, k = 1.0, logs.shape[1]
    rows = np.bincount(y, minlength=k)[y]
    own = (logs[np.arange(y.size), y] * rows + logs.sum(1)) / (rows + k)
    for _ in range(50):
        p = np.exp(log_softmax(slope * logs, axis=1))
        expected = (p * logs).sum(1)
        curvature = ((p * logs**2).sum(1) - expected**2).sum()
        step = (expected - own).sum() / max(float(curvature), 1e-12)
        new = float(np.clip(slope - step, max(FLATTEST, slope / 3.0), slope * 3.0))
        if abs(new - slope) < 1e-10:
            break
        slope = new
    return slope
