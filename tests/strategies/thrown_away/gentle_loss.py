"""Rows that are sure already count less in the loss of a network."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def gentle_course(gamma: float) -> Any:
    """Return a course by ``-(1 - p) ** gamma log p`` of each row."""
    from rebal_core.nn.course import Course

    class Gentle(Course):
        def losses(self, logits: Any, y: Any) -> Any:
            log_p = logits.log_softmax(dim=1).gather(1, y[:, None])[:, 0]
            return -((1 - log_p.exp()) ** gamma) * log_p

    return Gentle()


class GentleLoss(Training):
    """Focal loss.

    References
    ----------
    Lin et al. (2017), Focal loss for dense object detection, ICCV.
    """

    serves = ("mlp",)
    parameters = (Number("gamma", "Focus", "0 is the usual loss.", 2.0, 0.0, 10.0),)

    def __init__(self, gamma: float = 2.0) -> None:
        self.gamma = gamma

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the loss."""
        return TrainingPlan(course=partial(gentle_course, self.gamma))


STRATEGIES.add(
    Strategy(
        name="gentle_loss",
        label="Gentle loss",
        family="training",
        reference="Lin et al. (2017), Focal loss for dense object detection, ICCV",
        aliases=("focal_for_proof", "温和损失"),
        about="Rows that are sure already count less.",
        steps=(GentleLoss(),),
    )
)
