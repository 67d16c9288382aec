"""Classes that are not learned yet weigh more."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.model import TrainingPlan
from rebal_core.params import Choice, Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def _course(**settings: Any) -> Any:
    from rebal_core.nn.courses.weighting import DynamicWeights

    return DynamicWeights(**settings)


class DynamicWeight(Training):
    """Weigh classes by ``(1 - recall) ** gamma``, or by their loss, as a network learns.

    The weights act inside the softmax as well, so that the probabilities speak of the natural
    shares whatever the weights are.

    Parameters
    ----------
    gamma : float
    signal, measured : str
    most : float
    due : float

    References
    ----------
    Cui et al. (2019), CVPR; Cao et al. (2019), Learning imbalanced datasets with label-
    distribution-aware margin loss, NeurIPS 32: weights that come late.
    """

    serves = ("net",)
    parameters = (
        Number("gamma", "Power", "0 weighs all classes alike.", 1.0, 0.0, 5.0),
        Choice(
            "signal",
            "Weigh by",
            "What tells that a class is not learned yet.",
            "recall",
            (("recall", "Its rows that are missed"), ("loss", "Its mean loss")),
        ),
        Choice(
            "measured",
            "Measured on",
            "Training rows only: those that stop the training must stay strangers.",
            "batches",
            (
                ("batches", "The rows that are learned from"),
                ("slice", "A tenth of each class, which is not learned from"),
            ),
        ),
        Number("most", "Largest ratio", "Of the weights of two classes.", 10.0, 1.0, 1000.0),
        Number("due", "Begins after", "Part of the epochs without weights.", 0.2, 0.0, 0.9),
    )

    def __init__(
        self,
        gamma: float = 1.0,
        signal: str = "recall",
        measured: str = "batches",
        most: float = 10.0,
        due: float = 0.2,
    ) -> None:
        self.gamma, self.signal, self.measured = gamma, signal, measured
        self.most, self.due = most, due

    @property
    def plain(self) -> bool:
        """Whether all classes weigh alike."""
        return self.gamma == 0 or self.most == 1

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the weights' course."""
        return TrainingPlan(course=partial(_course, **self.get_params()))


dynamic_weight = STRATEGIES.add(
    Strategy(
        name="dynamic_weight",
        label="Dynamic weights",
        family="training",
        reference="Cao et al. (2019), Learning imbalanced datasets with label-distribution-aware "
        "margin loss, NeurIPS 32",
        aliases=("adaptive_weight", "dynamic_weighting", "动态权重", "自适应权重"),
        about="A class weighs more the more of its training rows a network still misses.",
        pitfall="Weights by the recall on the validation rows: these choose the epoch, and are "
        "strangers no more. A learning rate “for each class” that is set to the same number again "
        "and again changes nothing.",
        steps=(DynamicWeight(),),
    )
)
