"""Rows weigh by how they meet the embedding of their class."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.facts import TableFacts
from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def _course(**settings: Any) -> Any:
    from rebal_core.nn.courses.weighting import AttentionWeights

    return AttentionWeights(**settings)


class ClassAttention(Training):
    """Weigh rows by attention between what a network sees of them and their class.

    The weights have mean 1 in a batch, act on the loss alone, and learn against the network. They
    act inside the softmax as well, so that the probabilities stay what they are.

    Parameters
    ----------
    temperature, floor : float

    References
    ----------
    Lahoti et al. (2020), Fairness without demographics through adversarially reweighted learning,
    NeurIPS 33; Ren, Zeng, Yang, Urtasun (2018), Learning to reweight examples for robust deep
    learning, ICML.
    """

    serves = ("net",)
    parameters = (
        Number("temperature", "Temperature", "Less tells rows further apart.", 1.0, 0.05, 100.0),
        Number("floor", "Floor", "No row weighs less; 1 weighs all alike.", 0.1, 0.0, 1.0),
    )

    def __init__(self, temperature: float = 1.0, floor: float = 0.1) -> None:
        self.temperature, self.floor = temperature, floor

    @property
    def plain(self) -> bool:
        """Whether all rows weigh alike."""
        return self.floor == 1

    def passes(self, facts: TableFacts) -> float:
        """Return what the attention takes, which learns at each step as well."""
        return 1.7

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the weights' course."""
        return TrainingPlan(course=partial(_course, **self.get_params()))


class_attention = STRATEGIES.add(
    Strategy(
        name="class_attention",
        label="Class attention",
        family="training",
        reference="Lahoti et al. (2020), Fairness without demographics through adversarially "
        "reweighted learning, NeurIPS 33; Ren et al. (2018), ICML",
        aliases=("attention_weighting", "class_embedding_attention", "类别注意力", "注意力加权"),
        about="Attention between a row and its class says what the row weighs in the loss of a "
        "network.",
        pitfall="Weights that learn with the network shirk: hard rows are weighed down, and the "
        "loss falls. Attention of a row to itself tells its length, not how rare it is.",
        steps=(ClassAttention(),),
    )
)
