"""What a strategy does once its model is fitted: a frozen value whose methods ``decide`` asks.

The base class does nothing of its own. Nothing here can change a fit, so arms that differ in their
decision only share their cells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from rebal_core.arm import CellResult
from rebal_core.data.at_risk import AtRisk
from rebal_core.decisions.prices import Prices
from rebal_core.decisions.repair import Repair
from rebal_core.decisions.rules import Cutoff, Rule
from rebal_core.facts import TableFacts
from rebal_core.params import Param
from rebal_core.rows import Floats
from rebal_core.wording import Text


@dataclass(frozen=True)
class Decision:
    """Repair and cut-off as of every arm.

    A subclass has a field for each of its parameters, with the same name and default.
    """

    parameters: ClassVar[tuple[Param, ...]] = ()
    #: Whether it is about one class against the other.
    binary: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """Its class in small letters, as parameters of several parts are told apart by it."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    def settings(self) -> dict[str, Any]:
        """Return the parameters and their values."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def set_params(self, **values: Any) -> Self:
        """Return it with other values of its parameters."""
        return replace(self, **values)

    def recalibration(self, n_classes: int) -> str | None:
        """Return the name of the recalibration that is wanted, whatever the other folds choose."""
        return None

    def meant_for(self, repair: Repair, cells: Sequence[CellResult]) -> Repair:
        """Return the repair as it serves the rows of these cells, whose labels are not looked at.

        Parameters
        ----------
        repair : Repair
            As other cells taught it.
        """
        return repair

    def rule(self, rule: Rule, n_classes: int) -> Rule:
        """Return what the cut-off is tuned for, where the run asks for ``rule``."""
        return rule

    def cutoff(self, prior: Floats, positive: int) -> Cutoff | None:
        """Return a cut-off that needs no rows to be tuned on, or None.

        Parameters
        ----------
        prior : ndarray of shape (K,)
            Class shares that repaired probabilities speak of.
        positive : int
            Code of the class in focus.
        """
        return None

    def prices(self, prior: Floats, at_risk: AtRisk | None) -> Prices | None:
        """Return what answers cost, where they are given by that; arguments as of ``cutoff``."""
        return None

    def limit(self, facts: TableFacts) -> Text | None:
        """Return why it cannot serve a table, or None."""
        return None
