"""The recalibrations that may follow the closed form, each fitted on labelled probabilities.

All are log-linear in few parameters. With logits ``L``, probabilities become ``softmax(a L + o)``;
``sigmoid`` serves two classes, ``temperature`` and ``intercepts`` serve many. The intercepts are
one parameter for all classes, ``o_k = g log share_k`` (how much of a shift of the class shares is
left to undo), and from there a shrunk one for each class with rows enough.

References
----------
Platt (1999), Advances in Large Margin Classifiers; Guo et al. (2017), ICML; Alexandari et al.
(2020), ICML (bias-corrected temperature).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rebal_core.decisions.repair import Calibration
from rebal_core.rows import Floats, Ints

#: A recalibration is fitted only on at least this many rows of the class.
FEWEST = 10
#: A model that ranks by chance can ask for a falling map; the order of its rows is kept instead.
FLATTEST = 0.05
#: Rows that are taken to be of another class than they are: else classes that are told apart
#: without an error would ask for an endless slope, and the next error for an endless loss.
WRONG = 2.0
#: Rows by which an intercept of a single class is held to that of its share.
SHRINK = 10.0
_ROUNDS = 8


@dataclass(frozen=True)
class Lesson:
    """Labelled logits to learn a recalibration from.

    Parameters
    ----------
    logits : ndarray of shape (n, K)
        See :func:`rebal_core.decisions.repair.logits`; single precision is enough for many classes.
    y : ndarray of shape (n,)
        True codes.
    weight : ndarray of shape (n,)
        Rows of the table that each stands for.
    """

    logits: Floats
    y: Ints
    weight: Floats

    @property
    def counts(self) -> Floats:
        """Rows of each class, of shape (K,)."""
        counts = np.bincount(self.y, self.weight, minlength=self.logits.shape[1])
        return np.asarray(counts, dtype=float)


def recalibrations(n_classes: int) -> tuple[str, ...]:
    """Return the names of those that serve so many classes, the simplest first."""
    return ("sigmoid",) if n_classes == 2 else ("temperature", "intercepts")


def fit_recalibration(name: str, lesson: Lesson) -> Calibration:
    """Fit one recalibration.

    The default comes back, which changes nothing, where fewer than ten rows are of one of two
    classes (many classes: are not of the most frequent class).

    Parameters
    ----------
    name : {"sigmoid", "temperature", "intercepts"}
    lesson : Lesson
        Of models that did not see its rows.
    """
    counts = lesson.counts
    if counts.sum() - counts.max() < FEWEST:
        return Calibration()
    direction = np.array([0.0, 1.0]) if counts.size == 2 else _log_shares(counts)
    flat = float(np.ptp(direction)) < 1e-9
    free = np.array([True, name != "temperature" and not flat])
    slope, shift = _newton(lesson, direction, free)
    if slope < FLATTEST:
        slope, shift = _newton(lesson, direction, free & [False, True], slope=FLATTEST)
    if name == "temperature":
        return Calibration(slope)
    offsets = shift * direction
    if name == "intercepts":
        offsets += _single_intercepts(lesson, slope, offsets)
    return Calibration(slope, tuple(float(o) for o in offsets))


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


def _single_intercepts(lesson: Lesson, slope: float, offsets: Floats) -> Floats:
    """Return what each class with rows enough needs beyond the common line, shrunk to none.

    A penalised likelihood: ``SHRINK`` is the inverse variance of the intercepts. The curvature is
    bounded by the expected rows, so that no class can overshoot for the sake of another.
    """
    counts, w = lesson.counts, lesson.weight
    enough = counts >= FEWEST
    single = np.zeros_like(offsets)
    if np.count_nonzero(counts) < 3:
        return single
    for _ in range(_ROUNDS):
        now = Calibration(slope, tuple(offsets + single))
        p, _normaliser = softmax_rows(now.applied(lesson.logits))
        expected = w.astype(p.dtype) @ p
        step = (counts - expected - SHRINK * single) / (expected + SHRINK)
        step = np.where(enough, np.clip(step, -1.0, 1.0), 0.0)
        single += step
        if np.abs(step).max() < 3e-3:
            break
    return single
