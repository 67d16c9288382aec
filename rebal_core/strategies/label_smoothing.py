"""Labels that are not quite believed."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def _course(epsilon: float) -> Any:
    from rebal_core.nn.courses.losses import Smoothed

    return Smoothed(epsilon)


class LabelSmoothing(Training):
    """Learn towards ``1 - epsilon`` of the label and ``epsilon / K`` of every class.

    Parameters
    ----------
    epsilon : float

    References
    ----------
    Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016), Rethinking the Inception architecture, CVPR.
    """

    serves = ("net",)
    parameters = (
        Number("epsilon", "Smoothing", "Part of a label that is shared out.", 0.1, 0.0, 0.5),
    )

    def __init__(self, epsilon: float = 0.1) -> None:
        self.epsilon = epsilon

    @property
    def plain(self) -> bool:
        """Whether labels are as they are."""
        return self.epsilon == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the loss."""
        return TrainingPlan(course=partial(_course, self.epsilon))


label_smoothing = STRATEGIES.add(
    Strategy(
        name="label_smoothing",
        label="Label smoothing",
        family="training",
        reference="Szegedy et al. (2016), Rethinking the Inception architecture, CVPR",
        aliases=("soft_labels", "smoothed_labels", "标签平滑"),
        about="A network is taught that each label may be wrong, so that it is never quite sure.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Taking it for a remedy for rare classes: it raises every small probability alike, "
        "and what is rarer than its floor is drowned.",
        steps=(LabelSmoothing(),),
    )
)
