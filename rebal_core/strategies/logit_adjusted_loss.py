"""Rare classes get a larger margin in the loss."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from rebal_core.model import TrainingPlan
from rebal_core.params import Number, Param
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


class LogitAdjustedLoss(Training):
    """Learn by the cross-entropy of ``softmax(margins + tau log shares)``.

    The margins alone then speak of classes whose shares are ``share ** (1 - tau)``, of equal ones
    where tau is 1, which the closed form undoes.

    Parameters
    ----------
    tau : float

    References
    ----------
    Menon et al. (2021), Long-tail learning via logit adjustment, ICLR; Ren et al. (2020), Balanced
    meta-softmax for long-tailed visual recognition, NeurIPS 33 (tau 1).
    """

    serves = ("lightgbm", "net")
    parameters: ClassVar[tuple[Param, ...]] = (
        Number(
            "tau",
            "Adjustment",
            "1 speaks of classes of equal size, 0 is the usual loss.",
            1.0,
            0.0,
            2.0,
        ),
    )

    def __init__(self, tau: float = 1.0) -> None:
        self.tau = tau

    @property
    def plain(self) -> bool:
        """Whether nothing is added to the logits."""
        return self.tau == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the offsets; a class without rows has none."""
        logs = np.log(np.where(shares > 0, shares, 1.0))
        return TrainingPlan(offset=tuple((self.tau * logs).tolist()))

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares that the margins speak of."""
        powers = np.where(shares > 0, np.where(shares > 0, shares, 1.0) ** (1 - self.tau), 0.0)
        return np.asarray(powers / powers.sum())


logit_adjusted_loss = STRATEGIES.add(
    Strategy(
        name="logit_adjusted_loss",
        label="Logit-adjusted loss",
        family="training",
        reference="Menon et al. (2021), Long-tail learning via logit adjustment, ICLR",
        aliases=(
            "logit_adjustment_loss",
            "对数几率调整损失",
        ),
        about="Adds the class shares inside the loss, so that a rare class must win by a larger "
        "margin.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Cross-entropy plus a sum of shares times log p: it falls without bound, and all "
        "classes but one are driven to 0; the shares belong inside the softmax.",
        steps=(LogitAdjustedLoss(),),
    )
)
