"""The way of a probability through a repair, in stages whose slopes are known.

An explanation carries values of a model's raw outputs along it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from rebal_core.rows import Floats


@dataclass(frozen=True)
class Stage:
    """One step: a function of each raw output by itself, then division by the sum.

    Parameters
    ----------
    rise : callable
        ``(n, K) -> (n, K)``, element by element; positive.
    slope : callable
        Its derivative, the same way.
    """

    rise: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


def softmax() -> Stage:
    """Margins (log-odds up to a constant a row) to probabilities."""
    return Stage(rise=np.exp, slope=np.exp)


def one_by_one() -> Stage:
    """Log-odds of each class against all others to probabilities, divided by their sum."""
    return Stage(rise=expit, slope=lambda r: expit(r) * expit(-r))


def reweighted(weights: Floats) -> Stage:
    """Prior correction, ``p_k`` proportional to ``weights_k p_k``; unit weights change nothing.

    Parameters
    ----------
    weights : ndarray of shape (K,)
        Natural share over the share that the model was fitted on.
    """
    return Stage(rise=lambda r: r * weights, slope=lambda r: np.broadcast_to(weights, r.shape))
