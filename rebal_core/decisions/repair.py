"""Undo what resampling and weights did to the probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from rebal_core.decisions.logits import logits
from rebal_core.decisions.numbers import plain_number
from rebal_core.decisions.repairs import REPAIRS, Calibration, FittedRepair
from rebal_core.decisions.stages import Stage, reweighted
from rebal_core.rows import Floats


def correct_prior(proba: Floats, prior_from: Floats, prior_to: Floats | Sequence[float]) -> Floats:
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


def calibrate(proba: Floats, fitted: FittedRepair) -> Floats:
    """Apply a recalibration to probabilities of shape (n, K); rows sum to 1."""
    if fitted.stage(proba.shape[1]) is None:
        return proba
    z = fitted.applied(logits(proba))
    if proba.shape[1] == 2:
        odds = z[:, 1] - z[:, 0]
        return np.asarray(expit(np.column_stack([-odds, odds])), dtype=float)
    return np.asarray(softmax(z, axis=1), dtype=float)


#: The closed form, what may stand alone, and what may follow the closed form; the simplest first.
NAMES = ("none", "prior", *REPAIRS.names(), *(f"prior+{name}" for name in REPAIRS.names()))


@dataclass(frozen=True)
class Repair:
    """How the probabilities of an arm are put right on one fold.

    Run, bundle and explanation all go from probabilities to answers through :meth:`apply`.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`: ``prior`` undoes the class shares of the fit in closed form, what
        follows a plus, or stands alone, recalibrates.
    calibration : FittedRepair
        What recalibrates.
    shares : tuple of K floats
        Class shares of the population that the probabilities are meant for, to which they are moved
        at last; empty for those of the training rows.
    """

    name: str = "none"
    calibration: FittedRepair = field(default_factory=Calibration)
    shares: tuple[float, ...] = ()

    def mix(self, prior_train: Floats) -> Floats:
        """Return the class shares that repaired probabilities speak of, shape (K,)."""
        return np.asarray(self.shares) if self.shares else prior_train

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
        repaired = calibrate(proba, self.calibration)
        return correct_prior(repaired, prior_train, self.shares) if self.shares else repaired

    def stages(self, prior_fit: Floats, prior_train: Floats) -> tuple[Stage, ...]:
        """Return the stages that do what :meth:`apply` does, for an explanation."""
        stages: list[Stage | None] = []
        if self.undoes_shares and not np.array_equal(prior_fit, prior_train):
            stages.append(_moved(prior_fit, prior_train))
        stages.append(self.calibration.stage(len(prior_fit)))
        if self.shares:
            stages.append(_moved(prior_train, np.asarray(self.shares)))
        return tuple(stage for stage in stages if stage is not None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        told = {"name": self.name, **self.calibration.to_dict()}
        return {**told, "shares": list(self.shares)} if self.shares else told

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Repair:
        """Rebuild what :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            When there is no such repair, or something else stands in place of a number.
        """
        name = values["name"]
        if name not in NAMES:
            raise ValueError(f"unknown repair {name!r}")
        _closed, _, recalibration = name.rpartition("+")
        known = recalibration in REPAIRS
        load = REPAIRS[recalibration].load if known else Calibration.from_dict
        shares = tuple(plain_number(share) for share in values.get("shares", ()))
        if shares and not (min(shares) >= 0 and abs(sum(shares) - 1) <= 1e-6):
            raise ValueError("class shares that do not sum to 1")
        return cls(name, load(values), shares)


def _moved(before: Floats, after: Floats) -> Stage:
    seen = np.where(before > 0, before, 1.0)
    return reweighted(np.where(before > 0, after / seen, 0.0))
