"""A network also learns from rows that an earlier one has labelled."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.facts import TableFacts
from rebal_core.model import TrainingPlan
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.strategies.self_labelled import SELF_LABELLED, all_labelled
from rebal_core.wording import Text


def _course(*settings: float) -> Any:
    from rebal_core.nn.courses.unlabelled import NoisyStudent

    return NoisyStudent(*settings)


class NoisyStudent(Training):
    """Learn, anew and from shaken rows, what a teacher said of rows without a label.

    Parameters
    ----------
    part, weight, sd, swaps : float

    References
    ----------
    Xie, Luong, Hovy, Le (2020), Self-training with noisy student improves ImageNet classification,
    CVPR.
    """

    serves = ("net",)
    needs = frozenset({"unlabelled"})
    parameters = SELF_LABELLED

    def __init__(
        self, part: float = 0.5, weight: float = 1.0, sd: float = 0.1, swaps: float = 0.1
    ) -> None:
        self.part, self.weight, self.sd, self.swaps = part, weight, sd, swaps

    @property
    def plain(self) -> bool:
        """Whether no row without a label counts."""
        return self.part == 0 or self.weight == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return what the network sees."""
        settings = (self.part, self.weight, self.sd, self.swaps)
        return TrainingPlan(course=partial(_course, *settings))

    def passes(self, facts: TableFacts) -> float:
        """Return what the rows beside each batch take in the second half."""
        return 1.5

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when there are no rows without a label."""
        return all_labelled(facts)


noisy_student = STRATEGIES.add(
    Strategy(
        name="noisy_student",
        label="Noisy student",
        family="training",
        reference="Xie et al. (2020), Self-training with noisy student improves ImageNet "
        "classification, CVPR",
        aliases=("self_training", "teacher_student", "噪声学生", "自训练"),
        about="A network labels the rows that have no label; after half of the epochs a new one "
        "learns from these, too, all shaken.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Labels of the teacher follow the majority unless each class is believed by its "
        "share; and test rows among those without a label let the student learn what it is tested "
        "on.",
        steps=(NoisyStudent(),),
    )
)
