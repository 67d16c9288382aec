"""Each row has its own cut-off, by what is at risk in it."""

from __future__ import annotations

from dataclasses import dataclass

from rebal_core.data.at_risk import AtRisk
from rebal_core.decisions.decision import Decision
from rebal_core.decisions.prices import Prices
from rebal_core.facts import TableFacts
from rebal_core.rows import Floats
from rebal_core.wording import Text


@dataclass(frozen=True)
class RowCosts(Decision):
    """Act from ``C_FP / (C_FP + amount)`` on."""

    binary = True

    def prices(self, prior: Floats, at_risk: AtRisk | None) -> Prices | None:
        """Return the price of a false alarm, and where the amounts are."""
        if at_risk is None:
            return None
        table = [[0.0, 0.0], [0.0, 0.0]]
        table[1 - at_risk.positive][at_risk.positive] = at_risk.false_alarm
        return Prices(tuple(map(tuple, table)), at_risk.column)

    def limit(self, facts: TableFacts) -> Text | None:
        """Refuse a table that does not say what is at risk, or has more classes than two."""
        if facts.classes > 2:
            return Text(
                "Costs row by row need two classes; choose {strategy}.",
                {"strategy": "cost_matrix"},
            )
        if facts.columns and "value" not in [role for _name, role in facts.columns]:
            return Text(
                "No column says what is at risk in a row; give one the role “amount at "
                "risk” on the Data page, or choose {strategy}.",
                {"strategy": "cost_matrix"},
            )
        return None
