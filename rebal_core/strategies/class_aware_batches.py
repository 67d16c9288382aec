"""Every batch holds each class alike."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def _course(even: float) -> Any:
    from rebal_core.nn.courses.sampling import ClassAware

    return ClassAware(even)


class ClassAwareBatches(Training):
    """Hold as many rows of each class in every batch; rare ones repeat.

    The mix is taken off inside the softmax, so that the probabilities speak of the natural shares.

    Parameters
    ----------
    even : float

    References
    ----------
    Shen, Lin, Huang (2016), Relay backpropagation for effective learning of deep convolutional
    neural networks, ECCV.
    """

    serves = ("net",)
    parameters = (
        Number(
            "even",
            "Mix",
            "0 is the same number of each class, 1 the natural mix in every batch.",
            0.0,
            0.0,
            1.0,
        ),
    )

    def __init__(self, even: float = 0.0) -> None:
        self.even = even

    @property
    def plain(self) -> bool:
        """Whether every batch is as the table is."""
        return self.even == 1

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return what a batch holds."""
        return TrainingPlan(course=partial(_course, self.even))


class_aware_batches = STRATEGIES.add(
    Strategy(
        name="class_aware_batches",
        label="Class-aware batches",
        family="training",
        reference="Shen et al. (2016), Relay backpropagation for effective learning of deep "
        "convolutional neural networks, ECCV",
        aliases=("class_aware_sampling", "balanced_batches", "类别感知批次", "均衡批次"),
        about="Each batch of a network holds as many rows of one class as of another.",
        pitfall="It is oversampling under another name: rare rows are learned by heart, and "
        "answers that are not put right speak of equal classes.",
        steps=(ClassAwareBatches(),),
    )
)
