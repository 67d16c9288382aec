"""The answer that costs least, where what each error costs is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rebal_core.data.at_risk import AtRisk
from rebal_core.decisions.decision import Decision
from rebal_core.decisions.prices import Prices
from rebal_core.params import Param, Table
from rebal_core.rows import Floats


@dataclass(frozen=True)
class CostMatrix(Decision):
    """Elkan's rule for any number of classes."""

    parameters: ClassVar[tuple[Param, ...]] = (
        Table(
            "costs",
            "What errors cost",
            "Of each true class, across, what each answer costs. An error that is left empty costs "
            "1, a right answer nothing. Where nothing is told, an error costs by how rare its "
            "class is.",
            pairs=True,
            rest=None,
        ),
    )
    costs: tuple[tuple[int, tuple[tuple[int, float], ...]], ...] | None = None

    def prices(self, prior: Floats, at_risk: AtRisk | None) -> Prices:
        """Return the costs of all pairs of classes."""
        if not self.costs:
            known = np.where(prior > 0, prior, 1.0)
            table = (1.0 - np.eye(prior.size)) / known[:, None]
        else:
            table = 1.0 - np.eye(prior.size)
            for true, line in self.costs:
                for said, cost in line:
                    table[true, said] = cost
        return Prices(tuple(tuple(float(cost) for cost in line) for line in table))
