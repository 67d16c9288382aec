"""Many classes: one factor of all logits."""

from __future__ import annotations

from rebal_core.decisions.repairs.base import REPAIRS, Lesson, Recalibration
from rebal_core.decisions.repairs.log_linear import Calibration, few_rows, line


def fit(lesson: Lesson) -> Calibration:
    """Fit the factor."""
    return Calibration() if few_rows(lesson) else Calibration(line(lesson, shift=False)[0])


temperature = REPAIRS.add(
    Recalibration(
        name="temperature",
        label="recalibrated by a temperature",
        after="class shares undone, then recalibrated by a temperature",
        reference="Guo et al. (2017), On calibration of modern neural networks, ICML",
        serves=lambda n_classes: n_classes > 2,
        fit=fit,
        load=Calibration.from_dict,
    )
)
