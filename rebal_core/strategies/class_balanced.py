"""A focal loss whose class weights know that rows repeat one another."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from rebal_core.focal import MOST_FOCUS
from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.weighting.effective import BETA, effective_weights


def _course(beta: float, gamma: float) -> Any:
    from rebal_core.nn.courses.losses import Weighted

    return Weighted(beta=beta, focus=gamma)


class ClassBalanced(Training):
    """Learn by ``-w_y (1 - p_y) ** gamma log p_y``, ``w_k = (1 - beta) / (1 - beta ** N_k)``.

    The closed form of the focal loss is undone first, the weights after it.

    Parameters
    ----------
    beta, gamma : float

    References
    ----------
    Cui, Jia, Lin, Song, Belongie (2019), Class-balanced loss based on effective number of samples,
    CVPR.
    """

    serves = ("net",)
    parameters = (
        BETA,
        Number(
            "gamma",
            "Focus",
            "How much less sure rows count; 0 is the usual loss.",
            0.5,
            0.0,
            MOST_FOCUS,
        ),
    )

    def __init__(self, beta: float = 0.999, gamma: float = 0.5) -> None:
        self.beta, self.gamma = beta, gamma

    @property
    def plain(self) -> bool:
        """Whether all rows weigh alike."""
        return self.beta == 0 and self.gamma == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the loss."""
        return TrainingPlan(focus=self.gamma, course=partial(_course, self.beta, self.gamma))

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares that the answers speak of."""
        seen = shares * effective_weights(np.array(counts), self.beta)
        return np.asarray(seen / seen.sum())


class_balanced = STRATEGIES.add(
    Strategy(
        name="class_balanced",
        label="Class-balanced loss",
        family="training",
        reference="Cui et al. (2019), Class-balanced loss based on effective number of samples, "
        "CVPR",
        aliases=("class_balanced_loss", "cb_focal", "class_balanced_focal", "类别均衡损失"),
        about="A network's focal loss, in which rare classes weigh more, but not without end: the "
        "more rows a class has, the less a further one counts as new.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="With β near 1, or classes of few rows, the weights are the inverse class sizes, "
        "nothing new; what differs then is the focal loss.",
        steps=(ClassBalanced(),),
    )
)
