"""What pretraining is held against: the usual training, with as many steps."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.facts import TableFacts
from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy

#: Networks with layers below the last one, which alone can bring something along.
DEEP = ("mlp", "tabm", "ft_transformer")
#: Of training that takes all its steps.
BUDGET = Number(
    "budget", "Epochs taken", "Part of the learner's epochs, all taken.", 0.5, 0.05, 1.0
)


def _course(budget: float) -> Any:
    from rebal_core.nn.courses.transfer import from_scratch

    return from_scratch(budget)


class FromScratch(Training):
    """Train as usual, but to the last of so many steps; the best epoch is kept.

    Parameters
    ----------
    budget : float

    References
    ----------
    He, Girshick, Dollár (2019), Rethinking ImageNet pre-training, ICCV.
    """

    serves = DEEP
    by_log_loss = True
    parameters = (BUDGET,)

    def __init__(self, budget: float = BUDGET.default) -> None:
        self.budget = budget

    def passes(self, facts: TableFacts) -> float:
        """Return the part of the epochs that is taken."""
        return self.budget

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the usual course."""
        return TrainingPlan(course=partial(_course, self.budget))


from_scratch = STRATEGIES.add(
    Strategy(
        name="from_scratch",
        label="From scratch, as many steps",
        family="training",
        reference="He et al. (2019), Rethinking ImageNet pre-training, ICCV",
        aliases=("training_from_scratch", "从头训练"),
        about="The usual training of a network with as many steps as pretraining and fine-tuning "
        "take together.",
        pitfall="It does nothing about the imbalance: pretraining has to beat it.",
        steps=(FromScratch(),),
        remedy=False,
    )
)
