"""Rows that are sure already count less in the loss."""

from __future__ import annotations

from rebal_core.focal import MOST_FOCUS
from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


class Focal(Training):
    """Learn by ``-(1 - p) ** gamma log p``.

    The loss is not proper: its best answer to a probability of .05 is .25 (gamma 2). The model puts
    its answers right in closed form, exact where it has learned all there is; the rest is left to
    recalibration.

    Parameters
    ----------
    gamma : float

    References
    ----------
    Lin et al. (2017), Focal loss for dense object detection, ICCV; Charoenphakdee et al. (2021), On
    focal loss for class-posterior probability estimation, CVPR.
    """

    serves = ("lightgbm", "net")
    parameters = (
        Number(
            "gamma",
            "Focus",
            "How much less sure rows count; 0 is the usual loss.",
            2.0,
            0.0,
            MOST_FOCUS,
        ),
    )

    def __init__(self, gamma: float = 2.0) -> None:
        self.gamma = gamma

    @property
    def plain(self) -> bool:
        """Whether sure rows count as others do."""
        return self.gamma == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the loss."""
        return TrainingPlan(focus=self.gamma)


focal = STRATEGIES.add(
    Strategy(
        name="focal",
        label="Focal loss",
        family="training",
        reference="Lin et al. (2017), Focal loss for dense object detection, ICCV; Charoenphakdee "
        "et al. (2021), CVPR",
        aliases=("focal_loss", "焦点损失", "聚焦损失"),
        about="Rows that are sure already count less, so that hard ones count more.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="It stresses hard rows, not rare ones, and its outputs are no probabilities: of 5 "
        "in 100 it says 25. Formulas without the logarithm, or with p in place of 1 - p, reward "
        "being wrong.",
        steps=(Focal(),),
    )
)
