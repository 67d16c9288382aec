"""Undo what resampling and weights did to the probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit, logit, softmax

from rebal_core.rows import Floats

#: Forests say 0 and 1; logarithms are taken of values kept this far from both.
FLOOR = 1e-6
#: Beyond it log-odds go on at this part of their pace: no row is certain, and the order stays.
GENTLE = 1e-3
#: Log-odds of the smallest probability above 0 are -744.
_LARGEST = 750.0


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
    """A map of probabilities with few parameters; the default leaves them alone.

    Parameters
    ----------
    slope : float
        Factor of the log-odds (two classes) or of the log-probabilities (many: a temperature).
    offsets : tuple of K floats
        Added to each class's log-probability; empty for none. Only their differences matter.
    """

    slope: float = 1.0
    offsets: tuple[float, ...] = ()

    def applied(self, x: Floats) -> Floats:
        """Return logits of shape (n, K), as :func:`logits` gives them, scaled and moved."""
        return self.slope * x + np.asarray(self.offsets or 0.0, dtype=x.dtype)


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


def calibrate(proba: Floats, calibration: Calibration) -> Floats:
    """Apply a calibration to probabilities of shape (n, K); rows sum to 1."""
    if calibration == Calibration():
        return proba
    z = calibration.applied(logits(proba))
    if proba.shape[1] == 2:
        odds = z[:, 1] - z[:, 0]
        return np.asarray(expit(np.column_stack([-odds, odds])), dtype=float)
    return np.asarray(softmax(z, axis=1), dtype=float)


#: What may follow the closed form, the simplest first.
RECALIBRATIONS = ("sigmoid", "temperature", "intercepts")
NAMES = ("none", "prior", *RECALIBRATIONS, *(f"prior+{name}" for name in RECALIBRATIONS))


@dataclass(frozen=True)
class Repair:
    """How the probabilities of an arm are put right on one fold.

    Run, bundle and explanation all go from probabilities to answers through :meth:`apply`.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`: ``prior`` undoes the class shares of the fit in closed form, what
        follows a plus, or stands alone, recalibrates.
    calibration : Calibration
        What recalibrates.
    """

    name: str = "none"
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def undoes_shares(self) -> bool:
        """Whether the closed form comes first."""
        return self.name.startswith("prior")

    def apply(self, proba: Floats, prior_fit: Floats, prior_train: Floats) -> Floats:
        """Return repaired probabilities, shape (n, K), rows sum to 1.

        Parameters
        ----------
        proba : ndarray of shape (n, K)
            The model's own.
        prior_fit, prior_train : ndarray of shape (K,)
            Class shares that it saw, and those of its training rows.
        """
        if self.undoes_shares:
            proba = correct_prior(proba, prior_fit, prior_train)
        return calibrate(proba, self.calibration)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        c = self.calibration
        return {"name": self.name, "slope": c.slope, "offsets": list(c.offsets)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Repair:
        """Rebuild what :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            When there is no such repair, or something else stands in place of a number.
        """
        if values["name"] not in NAMES:
            raise ValueError(f"unknown repair {values['name']!r}")
        slope, *offsets = (plain_number(v) for v in (values["slope"], *values["offsets"]))
        return cls(values["name"], Calibration(slope, tuple(offsets)))


def plain_number(value: object) -> float:
    """Return a number from a file; a text or a truth value is none, whatever Python makes of it.

    Raises
    ------
    ValueError
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"a {type(value).__name__} in place of a number")
    return float(value)
