"""Rows weigh by what the user gives their class."""

from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.weighting import ManualWeight

manual_weight = STRATEGIES.add(
    Strategy(
        name="manual_weight",
        label="Weights by hand",
        family="weighting",
        reference="Elkan (2001), The foundations of cost-sensitive learning, IJCAI",
        aliases=("manual_weights", "custom_weights", "手动权重", "自定义权重"),
        about="Each row weighs as much as you give its class.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Weights out of the air, such as 4 to 1 for a gap of 100 to 1. What a mistake "
        "costs belongs into the cut-off; in training and in the decision it would count twice.",
        steps=(ManualWeight(),),
        fast={"class_weights": ((1, 5.0),)},
    )
)
