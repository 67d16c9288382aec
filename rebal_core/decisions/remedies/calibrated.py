"""One named recalibration, whether the other folds would choose it or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rebal_core.decisions.decision import Decision
from rebal_core.params import Choice, Param


@dataclass(frozen=True)
class Calibrated(Decision):
    """Recalibrate by the map of that name."""

    parameters: ClassVar[tuple[Param, ...]] = (
        Choice(
            "map",
            "Map",
            "The sigmoid has two parameters and needs few rows. The beta map has three and also "
            "straightens scores that crowd at 0 and 1. Isotonic regression has as many steps as "
            "the rows ask for: from some 1,000 rows of the rare class on.",
            "sigmoid",
            (
                ("sigmoid", "Sigmoid (Platt)"),
                ("beta", "Beta"),
                ("isotonic", "Isotonic"),
            ),
        ),
    )
    map: str = "sigmoid"

    def recalibration(self, n_classes: int) -> str:
        """Return the map; a sigmoid of many classes has one slope, and an intercept a class."""
        return "intercepts" if self.map == "sigmoid" and n_classes > 2 else self.map
