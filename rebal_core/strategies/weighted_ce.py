"""A loss in which each class has a weight."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def _course(power: float) -> Any:
    from rebal_core.nn.courses.losses import Weighted

    return Weighted(power)


class WeightedCE(Training):
    """Learn by ``-w_y log p_y`` with ``w_k = N_k ** -power``.

    The answers speak of classes of shares ``w_k share_k``, which the closed form undoes.

    Parameters
    ----------
    power : float

    References
    ----------
    King & Zeng (2001), Logistic regression in rare events data, Political Analysis 9.
    """

    serves = ("net",)
    parameters = (
        Number(
            "power",
            "Power",
            "1 weighs by the inverse class size, 0 not at all; a half is between.",
            1.0,
            0.0,
            1.0,
        ),
    )

    def __init__(self, power: float = 1.0) -> None:
        self.power = power

    @property
    def plain(self) -> bool:
        """Whether all classes weigh alike."""
        return self.power == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the loss."""
        return TrainingPlan(course=partial(_course, self.power))

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares that the answers speak of."""
        seen = shares * np.maximum(counts, 1.0) ** -self.power
        return np.asarray(seen / seen.sum())


weighted_ce = STRATEGIES.add(
    Strategy(
        name="weighted_ce",
        label="Weighted cross-entropy",
        family="training",
        reference="King & Zeng (2001), Logistic regression in rare events data, Political Analysis",
        aliases=(
            "weighted_cross_entropy",
            "weighted_loss",
            "加权交叉熵",
            "加权损失",
        ),
        about="A network's loss counts each row by the rarity of its class, and each batch by what "
        "its rows count.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Without the minus sign, or with the share of a class in place of its inverse, the "
        "loss rewards being wrong on rare rows.",
        steps=(WeightedCE(),),
    )
)
