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

#: Steps of an attack, and rows of a class that it is measured on.
_STEPS, _MEASURED = 7, 500
#: In steps of training: an attack's step, however few rows it moves, and what more if it moves all;
#: what it takes to measure all rows.
_STEP, _STEP_OF_ALL, _MEASURING = 0.15, 0.3, 4.0


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

    def passes(self, facts: TableFacts) -> float:
        """Return what the attacks take, and the measurement of an epoch."""
        open_to_it = facts.rows - (max(facts.counts) if self.attacked == "rare" else 0)
        part = (1 - self.clean) * open_to_it / max(facts.rows, 1)
        measured = sum(min(count, _MEASURED) for count in facts.counts) / max(facts.rows, 1)
        steps = 1 if self.attack == "fgsm" else _STEPS
        return 1 + steps * (_STEP + _STEP_OF_ALL * part) + _MEASURING * measured

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
