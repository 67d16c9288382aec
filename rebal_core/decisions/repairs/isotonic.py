"""Isotonic calibration: the best map of all that rise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import logit

from rebal_core.decisions.numbers import plain_number
from rebal_core.decisions.repairs.base import REPAIRS, Lesson, Recalibration
from rebal_core.decisions.repairs.curves import Curves, fitted, loads
from rebal_core.decisions.repairs.log_linear import FEWEST
from rebal_core.rows import Floats

#: Inside a step the log-odds go on at this part of their pace: its rows keep their order, so that
#: ranking scores are those of the raw output, and the percentages hardly differ.
PACE = 1e-6


@dataclass(frozen=True)
class Steps:
    """A rising line through points, level before the first and after the last.

    Parameters
    ----------
    x, y : tuple of float
        Log-odds before and after, both rising; none where nothing is changed.
    """

    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def at(self, z: Floats) -> Floats:
        """Return the new log-odds."""
        return z if not self.x else np.interp(z, self.x, self.y) + PACE * z

    def slope(self, z: Floats) -> Floats:
        """Return how fast they rise."""
        if not self.x:
            return np.ones_like(z)
        run, rise = np.diff(self.x), np.diff(self.y)
        each = np.concatenate([[0.0], rise / np.where(run > 0, run, 1.0), [0.0]])
        return np.asarray(each[np.searchsorted(self.x, z)] + PACE)

    def refuse_unsound(self) -> None:
        """Refuse numbers that no fit of ours gives."""
        if len(self.x) != len(self.y) or not np.isfinite((*self.x, *self.y)).all():
            raise ValueError("a calibration that is no number")
        if (np.diff(self.x) <= 0).any() or (np.diff(self.y) < 0).any():
            raise ValueError("a calibration that turns the order of the rows round")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"x": list(self.x), "y": list(self.y)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Steps:
        """Rebuild what :meth:`to_dict` wrote."""
        x, y = (tuple(plain_number(v) for v in values[name]) for name in "xy")
        return cls(x, y)


def _steps(z: Floats, own: Floats, weight: Floats) -> Steps:
    """Pool adjacent violators; rows of equal score are one point, whatever their order.

    A step of one class alone says how many rows it rests on, not that it is certain.
    """
    total, rows = weight.sum(), weight @ own
    if min(rows, total - rows) < FEWEST:
        return Steps()
    x, place = np.unique(z, return_inverse=True)
    w = np.bincount(place, weight)
    level = isotonic_regression(np.bincount(place, weight * own) / w, weights=w).x
    level = np.clip(level, 1 / (total + 2), (total + 1) / (total + 2))
    ends = np.flatnonzero(np.diff(level) > 0)
    knots = np.unique(np.concatenate([[0], ends, ends + 1, [x.size - 1]]))
    return Steps(tuple(x[knots].tolist()), tuple(logit(level[knots]).tolist()))


def fit(lesson: Lesson) -> Curves:
    """Fit the steps, of many classes those of each."""
    return fitted(lesson, _steps)


isotonic = REPAIRS.add(
    Recalibration(
        name="isotonic",
        label="recalibrated by isotonic regression",
        after="class shares undone, then recalibrated by isotonic regression",
        reference="Zadrozny & Elkan (2002), Transforming classifier scores into accurate "
        "multiclass probability estimates, KDD",
        serves=lambda n_classes: True,
        fit=fit,
        load=loads(Steps.from_dict),
        tried=False,
    )
)
