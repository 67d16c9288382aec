"""The softmax of a world in which all classes are of one size."""

from __future__ import annotations

from typing import ClassVar

from rebal_core.params import Param
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.strategies.logit_adjusted_loss import LogitAdjustedLoss


class BalancedSoftmax(LogitAdjustedLoss):
    """Learn by the cross-entropy of ``softmax(logits + log N_k)``.

    References
    ----------
    Ren et al. (2020), Balanced meta-softmax for long-tailed visual recognition, NeurIPS 33.
    """

    parameters: ClassVar[tuple[Param, ...]] = ()

    def __init__(self) -> None:
        super().__init__(tau=1.0)


balanced_softmax = STRATEGIES.add(
    Strategy(
        name="balanced_softmax",
        label="Balanced softmax",
        family="training",
        reference="Ren et al. (2020), Balanced meta-softmax for long-tailed visual recognition, "
        "NeurIPS 33",
        aliases=("balanced_softmax_loss", "balsoftmax", "平衡softmax", "均衡softmax"),
        about="Learns as if all classes were of one size: their logarithms stand inside the "
        "softmax. It is the logit-adjusted loss with an adjustment of 1.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Adding the logarithms when predicting too: they belong to the learning alone, and "
        "count twice then.",
        steps=(BalancedSoftmax(),),
    )
)
