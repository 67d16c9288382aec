"""Maps that are log-linear in few parameters, which the recalibrations of today all are.

With logits ``L``, probabilities become ``softmax(a L + o)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from rebal_core.decisions.logits import FLOOR, log_odds
from rebal_core.decisions.numbers import plain_number
from rebal_core.decisions.repairs.base import Lesson
from rebal_core.decisions.stages import Stage
from rebal_core.rows import Floats

#: A recalibration is fitted only on at least this many rows of the class.
FEWEST = 10
#: A model that ranks by chance can ask for a falling map; the order of its rows is kept instead.
FLATTEST = 0.05
#: Rows that are taken to be of another class than they are: else classes that are told apart
#: without an error would ask for an endless slope, and the next error for an endless loss.
WRONG = 2.0


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

    def stage(self, n_classes: int) -> Stage | None:
        """Return the same of probabilities, with its slope; None where it changes nothing."""
        if self == Calibration():
            return None
        offsets = np.asarray(self.offsets or np.zeros(n_classes))
        if n_classes == 2:
            return sigmoid(self.slope, offsets - offsets[::-1])
        return power(self.slope, offsets)

    def refuse_unsound(self, n_classes: int) -> None:
        """Refuse numbers that no fit of ours gives.

        Raises
        ------
        ValueError
        """
        if not np.isfinite((self.slope, *self.offsets)).all():
            raise ValueError("a calibration that is no number")
        if self.slope <= 0:
            raise ValueError("a calibration that turns the order of the rows round")
        if len(self.offsets) not in (0, n_classes):
            raise ValueError("a calibration of other classes")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"slope": self.slope, "offsets": list(self.offsets)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Rebuild what :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            When something else stands in place of a number.
        """
        slope, *offsets = (plain_number(v) for v in (values["slope"], *values["offsets"]))
        return cls(slope, tuple(offsets))


def sigmoid(slope: float, intercept: Floats) -> Stage:
    """Recalibration of two classes, ``expit(intercept_k + slope logit p_k)``.

    Parameters
    ----------
    slope : float
    intercept : ndarray of shape (2,)
        That of one class is the other's with the sign changed, so the two still sum to 1.
    """

    def rise(r: Floats) -> Floats:
        values: Floats = expit(intercept + slope * log_odds(r, 1 - r))
        return values

    def tangent(r: Floats) -> Floats:
        inner, outer = np.clip(r, FLOOR, 1 - FLOOR), rise(r)
        return np.where(inner == r, slope * outer * (1 - outer) / (inner * (1 - inner)), 0.0)

    return Stage(rise=rise, slope=tangent)


def power(slope: float, offsets: Floats) -> Stage:
    """Recalibration of many classes, ``exp(offset_k) p_k ** slope``, then normalised."""
    worth = np.exp(offsets)

    def tangent(r: Floats) -> Floats:
        return np.where(r > FLOOR, worth * slope * np.maximum(r, FLOOR) ** (slope - 1), 0.0)

    return Stage(rise=lambda r: worth * np.maximum(r, FLOOR) ** slope, slope=tangent)


def few_rows(lesson: Lesson) -> bool:
    """Tell when fewer than ten rows are not of the most frequent class: too few to learn from."""
    counts = lesson.counts
    return bool(counts.sum() - counts.max() < FEWEST)


def line(lesson: Lesson, *, shift: bool) -> tuple[float, Floats]:
    """Fit a slope, and a shift of all classes along their shares where it is asked for.

    Returns
    -------
    slope : float
    offsets : ndarray of shape (K,)
    """
    counts = lesson.counts
    direction = np.array([0.0, 1.0]) if counts.size == 2 else _log_shares(counts)
    flat = float(np.ptp(direction)) < 1e-9
    free = np.array([True, shift and not flat])
    slope, along = _newton(lesson, direction, free)
    if slope < FLATTEST:
        slope, along = _newton(lesson, direction, free & [False, True], slope=FLATTEST)
    return slope, along * direction


def _log_shares(counts: Floats) -> Floats:
    """Return centred logarithms of the class shares; a class without rows is like the rarest."""
    known = np.where(counts > 0, counts, counts[counts > 0].min())
    logs = np.log(known)
    return np.asarray(logs - (counts @ logs) / counts.sum())


def softmax_rows(z: Floats) -> tuple[Floats, Floats]:
    """Return softmax of each row and its log-normaliser; ``z`` is overwritten."""
    top = z.max(axis=1, keepdims=True)
    z -= top
    np.exp(z, out=z)
    total = z.sum(axis=1, keepdims=True)
    z /= total
    return z, (top + np.log(total))[:, 0]


def _newton(
    lesson: Lesson, direction: Floats, free: np.ndarray, slope: float = 1.0
) -> tuple[float, float]:
    """Minimise the log loss over slope and shift, in which it is convex."""
    x, w, total = lesson.logits, lesson.weight, lesson.weight.sum()
    share = lesson.counts / total
    along = direction.astype(x.dtype)
    # Moves WRONG rows to other classes and leaves the class shares as they are.
    smooth = min(1.0, WRONG / (total * max(1.0 - share @ share, 1e-12)))
    usual = x @ share.astype(x.dtype)
    own = (1.0 - smooth) * x[np.arange(lesson.y.size), lesson.y] + smooth * usual
    target = np.array([w @ own, total * (share @ direction)])

    def terms(at: Floats) -> tuple[float, Floats, Floats]:
        p, normaliser = softmax_rows(float(at[0]) * x + float(at[1]) * along)
        px = p * x
        mean = np.stack([px.sum(axis=1), p @ along])
        second = np.stack([np.einsum("ij,ij->i", px, x), px @ along, p @ along**2])
        gradient = mean @ w - target
        cross = second[[0, 1, 1, 2]] - mean[[0, 0, 1, 1]] * mean[[0, 1, 0, 1]]
        return float(w @ normaliser - at @ target), gradient, (cross @ w).reshape(2, 2)

    at, rounding = np.array([slope, 0.0]), float(np.finfo(x.dtype).eps * total)
    loss, gradient, curvature = terms(at)
    for _ in range(40):
        step = np.zeros(2)
        inner = curvature[np.ix_(free, free)] + 1e-9 * total * np.eye(int(free.sum()))
        step[free] = np.linalg.solve(inner, gradient[free])
        if not np.abs(step).max(initial=0.0) > 1e-5:
            break
        # Newton overshoots where the softmax is flat: halve until the loss falls.
        for half in 0.5 ** np.arange(20):
            new = at - half * step
            found = terms(new)
            if found[0] <= loss + rounding:
                break
        else:
            break
        at, (loss, gradient, curvature) = new, found
    return float(at[0]), float(at[1])
