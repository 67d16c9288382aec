"""A network learns from rows that are shaken anew each time."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def _course(sd: float, swaps: float, soften: float) -> Any:
    from rebal_core.nn.courses.mixing import FeatureNoise

    return FeatureNoise(sd, swaps, soften)


class FeatureNoise(Training):
    """Learn from rows with noise in their numbers and categories, their labels less than sure.

    Parameters
    ----------
    sd, swaps, soften : float

    References
    ----------
    Bishop (1995), Training with noise is equivalent to Tikhonov regularization, Neural
    Computation 7.
    """

    serves = ("net",)
    parameters = (
        Number(
            "sd",
            "Noise",
            "In the numbers, in standard deviations of each column.",
            0.1,
            0.0,
            3.0,
        ),
        Number(
            "swaps",
            "Swapped categories",
            "Part of the categories that are taken from other rows.",
            0.05,
            0.0,
            0.9,
        ),
        Number("soften", "Softening", "Part of a label that is that of any row.", 0.05, 0.0, 0.5),
    )

    def __init__(self, sd: float = 0.1, swaps: float = 0.05, soften: float = 0.05) -> None:
        self.sd, self.swaps, self.soften = sd, swaps, soften

    @property
    def plain(self) -> bool:
        """Whether rows and labels are as they are."""
        return self.sd == self.swaps == self.soften == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return what the network sees."""
        return TrainingPlan(course=partial(_course, self.sd, self.swaps, self.soften))


feature_noise = STRATEGIES.add(
    Strategy(
        name="feature_noise",
        label="Feature noise",
        family="training",
        reference="Bishop (1995), Training with noise is equivalent to Tikhonov regularization, "
        "Neural Computation 7",
        aliases=("noise_injection", "swap_noise", "input_noise", "特征噪声", "噪声注入"),
        about="A network sees each row with other noise each time, and believes its label a little "
        "less.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="One noise for all columns, categories and 0/1 columns too, and added once before "
        "the split: the network then learns noisy copies of test rows.",
        steps=(FeatureNoise(),),
    )
)
