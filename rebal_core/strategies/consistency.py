"""A network also learns from rows without a label: it shall say the same of shaken ones."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.facts import TableFacts
from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.strategies.self_labelled import SELF_LABELLED, all_labelled
from rebal_core.wording import Text


def _course(*settings: float) -> Any:
    from rebal_core.nn.courses.unlabelled import Consistency

    return Consistency(*settings)


class Consistency(Training):
    """Learn to say of shaken rows without a label what is said of them as they are.

    Parameters
    ----------
    part, weight, sd, swaps, due : float

    References
    ----------
    Sohn et al. (2020), FixMatch, NeurIPS 33.
    """

    serves = ("net",)
    needs = frozenset({"unlabelled"})
    parameters = (
        *SELF_LABELLED,
        Number("due", "Believed from", "Part of the epochs before it.", 0.2, 0.05, 0.9),
    )

    def __init__(
        self,
        part: float = 0.5,
        weight: float = 1.0,
        sd: float = 0.1,
        swaps: float = 0.1,
        due: float = 0.2,
    ) -> None:
        self.part, self.weight, self.sd, self.swaps, self.due = part, weight, sd, swaps, due

    @property
    def plain(self) -> bool:
        """Whether no row without a label counts."""
        return self.part == 0 or self.weight == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return what the network sees."""
        settings = (self.part, self.weight, self.sd, self.swaps, self.due)
        return TrainingPlan(course=partial(_course, *settings))

    def passes(self, facts: TableFacts) -> float:
        """Return what the rows beside each batch take, once they are believed."""
        return 2 - self.due

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when there are no rows without a label."""
        return all_labelled(facts)


consistency = STRATEGIES.add(
    Strategy(
        name="consistency",
        label="Consistency",
        family="training",
        reference="Sohn et al. (2020), FixMatch: simplifying semi-supervised learning, NeurIPS 33; "
        "Zou et al. (2018), ECCV",
        aliases=("fixmatch", "semi_supervised", "pseudo_labels", "一致性正则", "半监督学习"),
        about="A network also learns from rows without a label: what it says of them it shall say "
        "when they are shaken.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="One threshold for all classes, .95 for example: hardly a rare row passes it, and "
        "the network's own labels follow the majority. Here each class is believed by its share. "
        "Test rows are no rows without a label.",
        steps=(Consistency(),),
    )
)
