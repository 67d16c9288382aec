"""Many classes: a factor of all logits, and an intercept a class.

The intercepts are one parameter for all classes, ``o_k = g log share_k`` (how much of a shift of
the class shares is left to undo), and from there a shrunk one for each class with rows enough.
"""

from __future__ import annotations

import numpy as np

from rebal_core.decisions.repairs.base import REPAIRS, Lesson, Recalibration
from rebal_core.decisions.repairs.log_linear import (
    FEWEST,
    Calibration,
    few_rows,
    line,
    softmax_rows,
)
from rebal_core.rows import Floats

#: Rows by which an intercept of a single class is held to that of its share.
SHRINK = 10.0
_ROUNDS = 8


def fit(lesson: Lesson) -> Calibration:
    """Fit the line first, then what single classes need beyond it."""
    if few_rows(lesson):
        return Calibration()
    slope, offsets = line(lesson, shift=True)
    offsets = offsets + _single_intercepts(lesson, slope, offsets)
    return Calibration(slope, tuple(float(o) for o in offsets))


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


intercepts = REPAIRS.add(
    Recalibration(
        name="intercepts",
        label="recalibrated by a temperature and an intercept a class",
        after="class shares undone, then recalibrated by a temperature and an intercept a class",
        reference="Alexandari et al. (2020), ICML (bias-corrected temperature)",
        serves=lambda n_classes: n_classes > 2,
        fit=fit,
        load=Calibration.from_dict,
    )
)
