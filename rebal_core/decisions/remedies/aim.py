"""A cut-off with a goal of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rebal_core.decisions.decision import Decision
from rebal_core.decisions.rules import MAXIMISE, METRIC_RULES, Rule
from rebal_core.facts import TableFacts
from rebal_core.metrics.names import COST
from rebal_core.params import Choice, Number, Param
from rebal_core.wording import Text

#: The goal of the comparison.
RUN = "run"


@dataclass(frozen=True)
class Aim(Decision):
    """Tune the cut-off for a metric, a floor, or a capacity."""

    parameters: ClassVar[tuple[Param, ...]] = (
        Choice(
            "goal",
            "Goal of the cut-off",
            "Another goal than that of the comparison makes an arm of its own beside the usual "
            "one, with which it is compared.",
            RUN,
            (
                (RUN, "As in the comparison"),
                ("f1", "F1"),
                ("macro_f1", "Macro F1"),
                ("balanced_accuracy", "Balanced accuracy"),
                ("g_mean", "G-mean"),
                ("mcc", "MCC"),
                ("precision", "Most found at that precision"),
                ("recall", "Most precise at that recall"),
                ("top_k", "As many as there is room for"),
                (COST, "Lowest cost"),
            ),
        ),
        Number("floor", "Floor", "Of precision or recall.", 0.8, low=0.01, high=1.0),
        Number("room", "Room", "Rows of 1,000 that can be acted on.", 20.0, low=0.1, high=1000.0),
    )
    goal: str = RUN
    floor: float = 0.8
    room: float = 20.0

    def rule(self, rule: Rule, n_classes: int) -> Rule:
        """Return the rule of its goal."""
        if self.goal == RUN:
            return rule
        if self.goal in METRIC_RULES:
            return Rule(self.goal)
        return Rule(self.goal, self.room if self.goal == "top_k" else self.floor)

    def limit(self, facts: TableFacts) -> Text | None:
        """Refuse goals of two classes where there are more, and costs that nobody knows."""
        if facts.classes > 2 and self.goal not in (RUN, *MAXIMISE):
            return Text(
                "The goal {goal} needs two classes and the table has {classes}; choose a metric.",
                {"goal": self.goal, "classes": facts.classes},
            )
        roles = [role for _name, role in facts.columns]
        if self.goal == COST and roles and "value" not in roles:
            return Text(
                "No column says what is at risk in a row; give one the role “amount at "
                "risk” on the Data page, or choose another goal."
            )
        return None
