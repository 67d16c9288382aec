"""Rare classes weigh more in the loss."""

from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.weighting import ClassWeight

class_weight = STRATEGIES.add(
    Strategy(
        name="class_weight",
        label="Class weights",
        family="weighting",
        reference="King & Zeng (2001), Logistic regression in rare events data, Political Analysis",
        aliases=("balanced", "cost_sensitive", "类别权重", "类别加权"),
        about="Each row weighs by the rarity of its class.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Weights in proportion to how common a class is, which raise the majority; the "
        "weight of a class is the inverse of its share.",
        steps=(ClassWeight(),),
    )
)
