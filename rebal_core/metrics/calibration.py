"""How far probabilities are from what happens, beside what a perfect model would show."""

from __future__ import annotations

import numpy as np

from rebal_core.rows import Floats


def equal_mass_bins(p: Floats, bins: int = 15) -> list[np.ndarray]:
    """Return the positions of each bin; bins hold nearly equally many rows, by rising ``p``."""
    return [part for part in np.array_split(np.argsort(p, kind="stable"), bins) if part.size]


def calibration_error(
    truth: np.ndarray, p: Floats, *, bins: int = 15, draws: int = 1_000, seed: int = 0
) -> tuple[float, float]:
    """Return the expected calibration error, and the 95 % point it has if ``p`` is the truth.

    The error is biased upward: a perfect model shows .027 on 500 rows. It says something only
    above that point.

    Parameters
    ----------
    truth : ndarray of shape (n,), bool
        Whether the row is of the class.
    p : ndarray of shape (n,)
        Its probability.
    bins, draws, seed : int
        Equal-mass bins; simulated label sets and their seed.

    Returns
    -------
    error, band : float
        In probability; nan for no rows.
    """
    if p.size == 0:
        return float("nan"), float("nan")
    order = np.concatenate(equal_mass_bins(p, bins))
    starts = np.cumsum([0, *(part.size for part in equal_mass_bins(p, bins))])[:-1]
    ranked = p[order]
    expected = np.add.reduceat(ranked, starts)

    def error(labels: Floats) -> float:
        return float(np.abs(np.add.reduceat(labels, starts) - expected).sum() / p.size)

    rng = np.random.default_rng(seed)
    null = [error((rng.random(p.size) < ranked).astype(float)) for _ in range(draws)]
    return error(truth[order].astype(float)), float(np.quantile(null, 0.95))
