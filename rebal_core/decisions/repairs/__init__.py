"""The registry of recalibrations: one file each, the simplest first."""

import pkgutil
from importlib import import_module

from rebal_core.decisions.repairs.base import REPAIRS, FittedRepair, Lesson, Recalibration
from rebal_core.decisions.repairs.log_linear import Calibration, softmax_rows

# Every file of this folder that holds one registers it, in the order of their names.
for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)

__all__ = [
    "REPAIRS",
    "Calibration",
    "FittedRepair",
    "Lesson",
    "Recalibration",
    "recalibrations",
    "softmax_rows",
]


def recalibrations(n_classes: int) -> tuple[str, ...]:
    """Return the names of those that every arm of so many classes may choose from."""
    return tuple(spec.name for spec in REPAIRS if spec.tried and spec.serves(n_classes))
