"""Batches go from the natural mix of classes to a balanced one."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def _course(**settings: Any) -> Any:
    from rebal_core.nn.courses.sampling import Progressive

    return Progressive(**settings)


class ProgressiveSampling(Training):
    """Draw class k in proportion to ``n_k ** q``, q from 1 to `last`.

    The mix of each epoch is taken off inside the softmax, so that the probabilities speak of the
    natural shares whichever epoch is kept.

    Parameters
    ----------
    last, reached : float

    References
    ----------
    Kang et al. (2020), Decoupling representation and classifier for long-tailed recognition, ICLR.
    """

    serves = ("net",)
    parameters = (
        Number("last", "Mix in the end", "0 is balanced, 1 stays natural.", 0.0, 0.0, 1.0),
        Number("reached", "Reached after", "Part of the epochs in which it moves.", 0.3, 0.0, 1.0),
    )

    def __init__(self, last: float = 0.0, reached: float = 0.3) -> None:
        self.last, self.reached = last, reached

    @property
    def plain(self) -> bool:
        """Whether the mix stays natural."""
        return self.last == 1

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return what an epoch draws."""
        return TrainingPlan(course=partial(_course, **self.get_params()))


progressive_sampling = STRATEGIES.add(
    Strategy(
        name="progressive_sampling",
        label="Progressive sampling",
        family="training",
        reference="Kang et al. (2020), Decoupling representation and classifier for long-tailed "
        "recognition, ICLR",
        aliases=("progressively_balanced_sampling", "渐进式采样", "渐进平衡采样"),
        about="A network first sees the classes as they are, then more and more alike.",
        pitfall="Answers of balanced batches taken for probabilities: of 1 in 100 they say about "
        "50. Here the mix of each epoch is taken off inside the loss.",
        steps=(ProgressiveSampling(),),
    )
)
