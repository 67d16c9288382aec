"""A network learns from rows that are moved to where it errs on them."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.facts import TableFacts
from rebal_core.model import TrainingPlan
from rebal_core.params import Choice, Number
from rebal_core.rows import Floats
from rebal_core.samplers.adversarial import EPSILON, nothing_to_move
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.wording import Text


def _course(*settings: Any) -> Any:
    from rebal_core.nn.courses.adversarial import Adversarial

    return Adversarial(*settings)


class AdversarialTraining(Training):
    """Learn from rows of which a part is attacked by the network's own slope at each step.

    Parameters
    ----------
    attack : {"pgd", "fgsm"}
    epsilon, clean : float
    attacked : {"rare", "all"}
    ramp : float

    References
    ----------
    Madry, Makelov, Schmidt, Tsipras, Vladu (2018), Towards deep learning models resistant to
    adversarial attacks, ICLR.
    """

    serves = ("net",)
    parameters = (
        Choice(
            "attack",
            "Attack",
            "How rows are moved: in several steps (PGD), or in one (FGSM), which is faster and "
            "weaker.",
            "pgd",
            (("pgd", "PGD"), ("fgsm", "FGSM")),
        ),
        EPSILON,
        Number(
            "clean",
            "Clean part",
            "Part of the rows that are left as they are.",
            0.5,
            0.0,
            1.0,
        ),
        Choice(
            "attacked",
            "Attacked rows",
            "Of which classes rows are moved.",
            "rare",
            (("rare", "All classes but the largest"), ("all", "All classes")),
        ),
        Number(
            "ramp",
            "Ramp",
            "Part of the epochs in which the attack grows to its reach.",
            0.3,
            0.0,
            0.9,
        ),
    )

    def __init__(
        self,
        attack: str = "pgd",
        epsilon: float = 0.1,
        clean: float = 0.5,
        attacked: str = "rare",
        ramp: float = 0.3,
    ) -> None:
        self.attack, self.epsilon, self.clean = attack, epsilon, clean
        self.attacked, self.ramp = attacked, ramp

    @property
    def plain(self) -> bool:
        """Whether no row is moved."""
        return self.epsilon == 0 or self.clean == 1

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return what the network sees."""
        settings = (self.attack, self.epsilon, self.clean, self.attacked, self.ramp)
        return TrainingPlan(course=partial(_course, *settings))

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when there is nothing to move."""
        return nothing_to_move(facts)


adversarial_training = STRATEGIES.add(
    Strategy(
        name="adversarial_training",
        label="Adversarial training",
        family="training",
        reference="Madry et al. (2018), Towards deep learning models resistant to adversarial "
        "attacks, ICLR",
        aliases=("adversarial", "robust_training", "对抗训练", "鲁棒训练"),
        about="A network learns from rare rows that are moved, step by step, to where it errs on "
        "them.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Saying that it mends imbalance: it buys robustness, often with accuracy and most "
        "of all that of rare classes. Read its recall under attack beside the verdict.",
        steps=(AdversarialTraining(),),
    )
)
