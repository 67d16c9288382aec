"""Log-odds and logits of probabilities, finite also where a model says 0 or 1."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from rebal_core.rows import Floats

#: Forests say 0 and 1; logarithms are taken of values kept this far from both.
FLOOR = 1e-6
#: Beyond it log-odds go on at this part of their pace: no row is certain, and the order stays.
GENTLE = 1e-3
#: Log-odds of the smallest probability above 0 are -744.
_LARGEST = 750.0


def log_odds(p: Floats, rest: Floats) -> Floats:
    """Return the log-odds of probabilities; finite and strictly rising, also near 0 and 1.

    ``rest`` is ``1 - p``, which near 1 says more than ``p`` does.
    """
    with np.errstate(divide="ignore"):
        exact = np.clip(np.log(p) - np.log(rest), -_LARGEST, _LARGEST)
    bound = np.clip(exact, logit(FLOOR), -logit(FLOOR))
    return np.asarray(bound + GENTLE * (exact - bound))


def logits(proba: Floats) -> Floats:
    """Return what a calibration scales: finite logits, of shape (n, K), of probabilities.

    Of two classes they are 0 and the log-odds, so that the order of the rows is kept exactly.
    """
    if proba.shape[1] == 2:
        odds = log_odds(proba[:, 1], proba[:, 0])
        return np.column_stack([np.zeros_like(odds), odds])
    return np.asarray(np.log(np.maximum(proba, FLOOR)))
