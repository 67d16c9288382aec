"""Two classes: a straight line of the log-odds."""

from __future__ import annotations

from rebal_core.decisions.repairs.base import REPAIRS, Lesson, Recalibration
from rebal_core.decisions.repairs.log_linear import Calibration, few_rows, line


def fit(lesson: Lesson) -> Calibration:
    """Fit slope and intercept."""
    if few_rows(lesson):
        return Calibration()
    slope, offsets = line(lesson, shift=True)
    return Calibration(slope, tuple(float(o) for o in offsets))


sigmoid = REPAIRS.add(
    Recalibration(
        name="sigmoid",
        label="recalibrated by a sigmoid",
        after="class shares undone, then recalibrated by a sigmoid",
        reference="Platt (1999), Advances in Large Margin Classifiers",
        serves=lambda n_classes: n_classes == 2,
        fit=fit,
        load=Calibration.from_dict,
    )
)
