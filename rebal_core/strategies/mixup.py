"""A network learns from what lies between rows."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.model import TrainingPlan
from rebal_core.params import Number, Switch
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy


def _course(alpha: float, lean: bool) -> Any:
    from rebal_core.nn.courses.mixing import Mixup

    return Mixup(alpha, lean)


class Mixup(Training):
    """Learn from mixtures of two rows, whose labels are mixed in the same parts.

    Parameters
    ----------
    alpha : float
    lean : bool

    References
    ----------
    Zhang, Cissé, Dauphin, Lopez-Paz (2018), mixup: beyond empirical risk minimization, ICLR; Chou,
    Chang, Pan, Wei, Juan (2020), Remix: rebalanced mixup, ECCV workshops.
    """

    serves = ("net",)
    parameters = (
        Number(
            "alpha",
            "Evenness",
            "0 mixes nothing, 0.2 seldom much, 1 any share as often as any other.",
            0.2,
            0.0,
            10.0,
        ),
        Switch(
            "lean",
            "Lean to the rare class",
            "What is mostly of a rare class counts as wholly so (Remix).",
        ),
    )

    def __init__(self, alpha: float = 0.2, lean: bool = False) -> None:
        self.alpha, self.lean = alpha, lean

    @property
    def plain(self) -> bool:
        """Whether nothing is mixed."""
        return self.alpha == 0

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return what the network sees."""
        return TrainingPlan(course=partial(_course, self.alpha, self.lean))


mixup = STRATEGIES.add(
    Strategy(
        name="mixup",
        label="Mixup",
        family="training",
        reference="Zhang et al. (2018), mixup: beyond empirical risk minimization, ICLR; Chou et "
        "al. (2020), Remix, ECCV workshops",
        aliases=("mix_up", "remix", "manifold_mixup", "混合增强", "样本混合"),
        about="A network learns from mixtures of two rows, each with a mixed label.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Mixing the rows and leaving the labels hard: half a fraud is then a whole one. "
        "What is learned from mixtures is less sure of itself than it should be.",
        steps=(Mixup(),),
    )
)
