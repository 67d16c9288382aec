"""The focal loss, what its answers mean, and the class shares inside a softmax.

With margins z and p = softmax(z), the loss of a row of class y is ``-(1 - p_y)^gamma log p_y``;
gamma 0 is the cross-entropy.

References
----------
Lin et al. (2017), Focal loss for dense object detection, ICCV; Charoenphakdee et al. (2021), On
focal loss for class-posterior probability estimation, CVPR: the loss is not proper, and the closed
form that leads back.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from rebal_core.rows import Floats, Ints

#: A larger gamma all but stops learning.
MOST_FOCUS = 5.0
#: A probability is kept so far from 0 and 1 while it is put right.
_EDGE = 1e-12


def losses(margins: Floats, y: Ints, gamma: float) -> Floats:
    """Return the loss of each row, shape (n,), from margins of shape (n, K)."""
    log_p = log_softmax(margins, axis=1)[np.arange(len(y)), y]
    return np.asarray(-((-np.expm1(log_p)) ** gamma) * log_p)


def gradients(margins: Floats, y: Ints, gamma: float) -> tuple[Floats, Floats]:
    """Return gradient and diagonal of the Hessian in the margins, shape (n, K) each.

    The Hessian falls below 0 where a row is badly wrong: the loss is not convex.
    """
    log_p = log_softmax(margins, axis=1)
    p, rows = np.exp(log_p), np.arange(len(y))
    own, log_own = p[rows, y], log_p[rows, y]
    rest = np.maximum(-np.expm1(log_own), _EDGE)
    # First and second derivative in log p_y of what the softmax passes on.
    outer = gamma * own * rest ** (gamma - 1) * log_own - rest**gamma
    inner = gamma * rest ** (gamma - 2) * (rest * log_own - (gamma - 1) * own * log_own + 2 * rest)
    away = -p
    away[rows, y] += 1.0
    gradient = outer[:, None] * away
    hessian = (inner * own)[:, None] * away**2 - outer[:, None] * p * (1 - p)
    return gradient, hessian


def start(shares: Floats, gamma: float) -> Floats:
    """Return the margins whose loss is least where nothing is known but the class shares.

    Parameters
    ----------
    shares : ndarray of shape (K,)
        Positive, sum 1.
    gamma : float

    Returns
    -------
    ndarray of shape (K,)
        ``log shares`` of the cross-entropy; :func:`recovered` leads back to the shares from all.
    """
    usual, each = np.log(shares), np.arange(shares.size)

    def loss(margins: Floats) -> tuple[float, Floats]:
        same = np.tile(margins, (shares.size, 1))
        return float(shares @ losses(same, each, gamma)), shares @ gradients(same, each, gamma)[0]

    if gamma == 0:
        return np.asarray(usual)
    options = {"gtol": 1e-12, "ftol": 1e-15, "maxiter": 1000}
    return np.asarray(minimize(loss, usual, jac=True, method="L-BFGS-B", options=options).x)


def risen(q: Floats, gamma: float) -> Floats:
    """Return ``h(q) = q / ((1 - q)^gamma - gamma (1 - q)^(gamma - 1) q log q)``."""
    v = np.clip(q, _EDGE, 1 - _EDGE)
    rest = 1 - v
    return np.asarray(v / (rest**gamma - gamma * rest ** (gamma - 1) * v * np.log(v)))


def slope(q: Floats, gamma: float) -> Floats:
    """Return the derivative of :func:`risen`."""
    v = np.clip(q, _EDGE, 1 - _EDGE)
    rest, log_v = 1 - v, np.log(v)
    below = rest**gamma - gamma * rest ** (gamma - 1) * v * log_v
    moves = gamma * (gamma - 1) * rest ** (gamma - 2) * v * log_v
    moves -= gamma * rest ** (gamma - 1) * (log_v + 2)
    return np.asarray((below - v * moves) / below**2)


def recovered(q: Floats, gamma: float) -> Floats:
    """Return the probabilities behind the answers of a model of focal loss, shape (n, K)."""
    if gamma == 0:
        return q
    h = risen(q, gamma)
    return np.asarray(h / h.sum(axis=1, keepdims=True))
