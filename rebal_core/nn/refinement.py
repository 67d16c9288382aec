"""How well logits tell classes apart, whatever their calibration."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from rebal_core.rows import Floats, Ints

#: Newton ends where less than this is left to gain, in nats a row.
_LEFT = 1e-11
_STEPS, _HALVINGS = 60, 40


def refined(logits: Floats, y: Ints, weight: Floats) -> float:
    """Return the log loss that is left after the best recalibration of the logits.

    They are multiplied by one slope, 0 or more (an inverse temperature); of two classes also moved
    by one intercept. The log loss less this is what calibration can mend. A network that is stopped
    where this is least, and calibrated then, is better than one stopped at its least log loss.

    Parameters
    ----------
    logits : ndarray of shape (n, K)
    y : ndarray of shape (n,)
    weight : ndarray of shape (n,)

    Returns
    -------
    float
        Of two classes at most the entropy of their shares, of K at most log K.

    References
    ----------
    Berta, Holzmüller, Jordan, Bach (2025), Rethinking early stopping: refine, then calibrate,
    arXiv 2501.19195.
    """
    share = np.asarray(weight, dtype=np.float64) / weight.sum()
    # Classes first: sums over them are then sums of whole rows of memory.
    z = np.asarray(logits, dtype=np.float64).T
    z = z - z.mean(axis=0)
    size = np.abs(z).max(initial=0.0)
    directions = (z / size if size > 0 else z)[None]
    theta = np.zeros(1)
    if len(z) == 2:
        rare = float(share @ (y == 1))
        if not 0 < rare < 1:
            return 0.0
        side = np.broadcast_to(np.array([[-0.5], [0.5]]), z.shape)
        directions = np.concatenate([directions, side[None]])
        theta = np.array([0.0, np.log(rare / (1 - rare))])
    loss, gradient, hessian = _at(theta, directions, y, share)
    # Best without a slope: from here only a positive one can gain, for the loss is convex.
    if gradient[0] > -_LEFT:
        return loss
    for _ in range(_STEPS):
        step = np.linalg.lstsq(hessian, -gradient, rcond=1e-14)[0]
        gain = -float(gradient @ step)
        if gain < _LEFT:
            break
        for halving in range(_HALVINGS):
            at = theta + step / 2**halving
            found = _at(at, directions, y, share)
            if found[0] <= loss - gain / 2**halving / 4:
                break
        else:
            break
        theta, (loss, gradient, hessian) = at, found
    return loss


def log_loss(logits: Floats, y: Ints, weight: Floats) -> float:
    """Return the weighted log loss of logits of shape (n, K) as they are."""
    z = np.asarray(logits, dtype=np.float64)
    each = logsumexp(z, axis=1) - z[np.arange(len(y)), y]
    return float(weight @ each / weight.sum())


def _at(theta: Floats, directions: Floats, y: Ints, share: Floats) -> tuple[float, Floats, Floats]:
    """Return loss, gradient and Hessian of logits ``theta @ directions``, shape (m, K, n)."""
    margins = np.tensordot(theta, directions, axes=1)
    margins -= margins.max(axis=0)
    p = np.exp(margins)
    total = p.sum(axis=0)
    p /= total
    rows = np.arange(len(y))
    loss = float(share @ (np.log(total) - margins[y, rows]))
    mean = (p * directions).sum(axis=1)
    gradient = (mean - directions[:, y, rows]) @ share
    spread = directions - mean[:, None]
    hessian = np.einsum("ikn,jkn->ij", spread * (p * share), spread)
    return loss, gradient, hessian
