"""The mean answer is held to the class shares."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def _course(strength: float) -> Any:
    from rebal_core.nn.courses.losses import Matched

    return Matched(strength)


class PriorMatching(Training):
    """Add ``-strength sum_k share_k log`` of the mean answer of a batch to the cross-entropy.

    Parameters
    ----------
    strength : float

    References
    ----------
    Mann & McCallum (2010), Generalized
    expectation criteria for semi-supervised learning with weakly labeled data, JMLR 11.
    """

    serves = ("net",)
    parameters = (Number("strength", "Strength", "0 is the usual loss.", 1.0, 0.0, 100.0),)

    def __init__(self, strength: float = 1.0) -> None:
        self.strength = strength

    @property
    def plain(self) -> bool:
        """Whether nothing is added to the loss."""
        return self.strength == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the loss."""
        return TrainingPlan(course=partial(_course, self.strength))


prior_matching = STRATEGIES.add(
    Strategy(
        name="prior_matching",
        label="Prior matching",
        family="training",
        reference="Mann & McCallum (2010), Generalized expectation criteria, JMLR 11",
        aliases=("prior_term", "expectation_regularization", "先验匹配", "先验项"),
        about="A network's loss also asks that its mean answer equals the class shares.",
        changes=("ranking",),
        probabilities="kept",
        pitfall="Cross-entropy plus the sum of shares times log p of each row: it falls without "
        "bound. Here the mean of a batch stands inside the logarithm, with a minus before it; it "
        "mends calibration, not recall.",
        steps=(PriorMatching(),),
    )
)
