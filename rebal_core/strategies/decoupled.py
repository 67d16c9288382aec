"""A network learns on rows as they are; its last layer is then taught anew on balanced ones."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.facts import TableFacts
from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.strategies.from_scratch import DEEP


def _course(part: float) -> Any:
    from rebal_core.nn.courses.transfer import decoupled

    return decoupled(part)


class Decoupled(Training):
    """Train as usual, then a new last layer alone, on balanced batches.

    The balanced mix is taken off inside the softmax, so that the probabilities speak of the natural
    shares.

    Parameters
    ----------
    part : float

    References
    ----------
    Kang et al. (2020), Decoupling representation and classifier for long-tailed recognition, ICLR.
    """

    serves = DEEP
    parameters = (
        Number("part", "For the last layer", "Part of the epochs that it takes.", 0.3, 0.05, 0.9),
    )

    def __init__(self, part: float = 0.3) -> None:
        self.part = part

    def passes(self, facts: TableFacts) -> float:
        """Return what is left where the last layer alone learns."""
        return 1 - 0.7 * self.part

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return both parts."""
        return TrainingPlan(course=partial(_course, self.part))


decoupled = STRATEGIES.add(
    Strategy(
        name="decoupled",
        label="Decoupled last layer",
        family="training",
        reference="Kang et al. (2020), Decoupling representation and classifier for long-tailed "
        "recognition, ICLR",
        aliases=("classifier_retraining", "crt", "解耦训练", "分类器重训练"),
        about="A network learns on rows as they are; its last layer is then taught anew on "
        "balanced batches.",
        pitfall="Balancing the whole training, so that what it sees is learned from copies; and "
        "answers of balanced batches taken for probabilities.",
        steps=(Decoupled(),),
    )
)
