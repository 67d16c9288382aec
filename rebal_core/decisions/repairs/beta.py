"""Beta calibration: what belongs to scores that are beta distributed in each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from rebal_core.decisions.numbers import plain_number
from rebal_core.decisions.repairs.base import REPAIRS, Lesson, Recalibration
from rebal_core.decisions.repairs.curves import Curves, fitted, loads
from rebal_core.decisions.repairs.log_linear import FEWEST, FLATTEST
from rebal_core.rows import Floats

_ROUNDS = 50


@dataclass(frozen=True)
class BetaCurve:
    """``logit p' = a ln p - b ln(1 - p) + c``; the default leaves p alone.

    Parameters
    ----------
    a, b : float
        At least 0, one of them more: the map rises.
    c : float
    """

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0

    def at(self, z: Floats) -> Floats:
        """Return the new log-odds."""
        return np.asarray(_features(z) @ [self.a, self.b, self.c])

    def slope(self, z: Floats) -> Floats:
        """Return how fast they rise."""
        return np.asarray(self.a * expit(-z) + self.b * expit(z))

    def refuse_unsound(self) -> None:
        """Refuse numbers that no fit of ours gives."""
        if not np.isfinite((self.a, self.b, self.c)).all():
            raise ValueError("a calibration that is no number")
        if min(self.a, self.b) < 0 or not max(self.a, self.b) > 0:
            raise ValueError("a calibration that turns the order of the rows round")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"a": self.a, "b": self.b, "c": self.c}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BetaCurve:
        """Rebuild what :meth:`to_dict` wrote."""
        return cls(*(plain_number(values[name]) for name in "abc"))


def _features(z: Floats) -> Floats:
    """Return ``ln p``, ``-ln(1 - p)`` and 1 of log-odds, of shape (n, 3)."""
    return np.column_stack([-np.logaddexp(0.0, -z), np.logaddexp(0.0, z), np.ones_like(z)])


def _curve(z: Floats, own: Floats, weight: Floats) -> BetaCurve:
    """Fit as its authors do: a negative ``a`` or ``b`` is set to 0, and the rest fitted again."""
    rows = np.array([weight @ own, weight @ (1 - own)])
    if rows.min() < FEWEST:
        return BetaCurve()
    # As for the sigmoid (Platt 1999): classes told apart without an error ask for no endless slope.
    target = np.where(own > 0, (rows[0] + 1) / (rows[0] + 2), 1 / (rows[1] + 2))
    x, free = _features(z), np.array([True, True, True])
    found = _newton(x, target, weight, np.array([1.0, 1.0, 0.0]), free)
    if found[:2].min() < 0:
        free[int(np.argmin(found[:2]))] = False
        found = _newton(x, target, weight, np.where(free, [1.0, 1.0, 0.0], 0.0), free)
    if found[:2].min() < 0 or found[:2].max() < FLATTEST:
        flat = np.array([FLATTEST, FLATTEST, 0.0])
        found = _newton(x, target, weight, flat, np.array([False, False, True]))
    return BetaCurve(*(float(v) for v in found))


def _newton(x: Floats, target: Floats, w: Floats, at: Floats, free: np.ndarray) -> Floats:
    """Minimise the log loss over what is free, in which it is convex."""

    def loss(at: Floats) -> float:
        z = x @ at
        return float(w @ (np.logaddexp(0.0, z) - target * z))

    best, ridge = loss(at), 1e-9 * w.sum() * np.eye(int(free.sum()))
    for _ in range(_ROUNDS):
        p, part = expit(x @ at), x[:, free]
        curvature = (part * (w * p * (1 - p))[:, None]).T @ part + ridge
        step = np.zeros(3)
        step[free] = np.linalg.solve(curvature, part.T @ (w * (p - target)))
        if not np.abs(step).max() > 1e-7:
            break
        for half in 0.5 ** np.arange(20):
            found = loss(at - half * step)
            if found < best:
                break
        else:
            break
        at, best = at - half * step, found
    return at


def fit(lesson: Lesson) -> Curves:
    """Fit a curve of three parameters, of many classes one a class."""
    return fitted(lesson, _curve)


beta = REPAIRS.add(
    Recalibration(
        name="beta",
        label="recalibrated by a beta map",
        after="class shares undone, then recalibrated by a beta map",
        reference="Kull, Silva Filho & Flach (2017), Beta calibration, AISTATS",
        serves=lambda n_classes: True,
        fit=fit,
        load=loads(BetaCurve.from_dict),
        tried=False,
    )
)
