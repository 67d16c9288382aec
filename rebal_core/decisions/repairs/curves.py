"""Maps of the log-odds of one class against the rest, after which the classes are normalised.

Of two classes one map serves both; of many each has its own (Zadrozny & Elkan 2002).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
from scipy.special import expit

from rebal_core.decisions.logits import FLOOR, log_odds
from rebal_core.decisions.repairs.base import Lesson
from rebal_core.decisions.repairs.log_linear import few_rows, softmax_rows
from rebal_core.decisions.stages import Stage
from rebal_core.rows import Floats


class Curve(Protocol):
    """A rising map of log-odds: a frozen value."""

    def at(self, z: Floats) -> Floats:
        """Return the new log-odds."""

    def slope(self, z: Floats) -> Floats:
        """Return how fast they rise."""

    def refuse_unsound(self) -> None:
        """Refuse numbers that no fit of ours gives, by a ValueError."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""


C = TypeVar("C", bound=Curve)


@dataclass(frozen=True)
class Curves:
    """A recalibration of one curve (of the second of two classes), or one a class.

    Parameters
    ----------
    curves : tuple of Curve
        None of them where nothing is changed.
    """

    curves: tuple[Curve, ...] = ()

    def applied(self, x: Floats) -> Floats:
        """Map logits of shape (n, K), as :func:`rebal_core.decisions.logits.logits` gives them."""
        if not self.curves:
            return x
        if x.shape[1] == 2:
            risen = self.curves[0].at(x[:, 1] - x[:, 0])
            return np.column_stack([np.zeros_like(risen), risen])
        z = _against_rest(x)
        each = [curve.at(z[:, k]) for k, curve in enumerate(self.curves)]
        return -np.logaddexp(0.0, -np.column_stack(each))

    def stage(self, n_classes: int) -> Stage | None:
        """Return the same of probabilities, with its slope; None where it changes nothing."""
        if not self.curves:
            return None
        only = self.curves[0]
        columns = (_Turned(only), only) if n_classes == 2 else self.curves

        def rise(r: Floats) -> Floats:
            z = log_odds(r, 1 - r)
            return np.column_stack([expit(c.at(z[:, k])) for k, c in enumerate(columns)])

        def tangent(r: Floats) -> Floats:
            inner = np.clip(r, FLOOR, 1 - FLOOR)
            z, outer = log_odds(inner, 1 - inner), rise(inner)
            steep = np.column_stack([c.slope(z[:, k]) for k, c in enumerate(columns)])
            found = steep * outer * (1 - outer) / (inner * (1 - inner))
            return np.where(inner == r, found, 0.0)

        return Stage(rise=rise, slope=tangent)

    def refuse_unsound(self, n_classes: int) -> None:
        """Refuse numbers that no fit of ours gives.

        Raises
        ------
        ValueError
        """
        if len(self.curves) not in (0, 1 if n_classes == 2 else n_classes):
            raise ValueError("a calibration of other classes")
        for curve in self.curves:
            curve.refuse_unsound()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"curves": [curve.to_dict() for curve in self.curves]}


def fitted(lesson: Lesson, fit: Callable[[Floats, Floats, Floats], Curve]) -> Curves:
    """Return the curves that these rows ask for; none where too few are of one class.

    Parameters
    ----------
    fit : callable ``(log-odds, is of the class, weight) -> Curve``
        Leaves a class of too few rows as it is.
    """
    if few_rows(lesson):
        return Curves()
    x, y, w = lesson.logits, lesson.y, lesson.weight
    if x.shape[1] == 2:
        return Curves((fit(np.asarray(x[:, 1] - x[:, 0], float), (y == 1).astype(float), w),))
    z = _against_rest(x)
    return Curves(tuple(fit(z[:, k], (y == k).astype(float), w) for k in range(x.shape[1])))


def loads(curve: Callable[[Mapping[str, Any]], C]) -> Callable[[Mapping[str, Any]], Curves]:
    """Return what rebuilds curves of one kind from what ``to_dict`` gave."""
    return partial(_load, curve)


def _load(curve: Callable[[Mapping[str, Any]], Curve], values: Mapping[str, Any]) -> Curves:
    return Curves(tuple(curve(found) for found in values["curves"]))


def _against_rest(x: Floats) -> Floats:
    """Return the log-odds of each class against all others, of shape (n, K)."""
    p, _normaliser = softmax_rows(np.array(x, dtype=float))
    return log_odds(p, 1 - p)


@dataclass(frozen=True)
class _Turned:
    """The curve of the other of two classes."""

    curve: Curve

    def at(self, z: Floats) -> Floats:
        return -self.curve.at(-z)

    def slope(self, z: Floats) -> Floats:
        return self.curve.slope(-z)

    def refuse_unsound(self) -> None:
        self.curve.refuse_unsound()

    def to_dict(self) -> dict[str, Any]:
        return self.curve.to_dict()
