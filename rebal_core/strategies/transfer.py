"""A network learns what rows look like first, then their classes."""

from __future__ import annotations

from functools import partial
from typing import Any

from rebal_core.facts import TableFacts
from rebal_core.model import TrainingPlan
from rebal_core.params import Choice, ColumnName, Number, Word
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.strategies.from_scratch import BUDGET, DEEP
from rebal_core.wording import Text, Unsuitable

_MINORITY = "minority"
#: Why rows of one class alone teach nothing.
CONSTANT = Text(
    "Rows of one class alone teach a network to answer that class for every row; choose "
    "rarest_first or masked."
)

#: Why there is nothing to learn first.
NO_SOURCE = Text(
    "No column says what to learn from first; name a category, such as country, as the source."
)


def _course(**settings: Any) -> Any:
    from rebal_core.nn.courses.transfer import transferred

    return transferred(**settings)


class Transfer(Training):
    """Pretrain, then fine-tune gently, with as many steps as its rival from scratch.

    Parameters
    ----------
    pretraining : str
    domain, value : str
    part, budget, slowest, warm_up, frozen : float

    References
    ----------
    Howard & Ruder (2018), Universal language model fine-tuning for text classification, ACL; Yoon
    et al. (2020), VIME, NeurIPS 33.
    """

    serves = DEEP
    later = ("value",)
    parameters = (
        Choice(
            "pretraining",
            "Pretraining",
            "What it learns first, from training rows alone.",
            "masked",
            (
                ("masked", "Hidden values of a row from the others, without labels"),
                ("rarest_first", "The classes, the rarest having most rows"),
                ("domain", "The classes, on the rows of one value of a column"),
                (_MINORITY, "The rarest class alone"),
            ),
        ),
        ColumnName(
            "domain",
            "Source",
            "Of the third way: a category, such as country, of which one value is learned from "
            "first.",
            roles=("feature",),
        ),
        Word(
            "value",
            "Its value",
            "Such as DE; none: the most frequent one that holds two classes.",
        ),
        Number("part", "Part of it", "Part of the steps that it takes.", 0.25, 0.0, 0.9),
        BUDGET,
        Number("slowest", "Slowest rate", "Of the first layer; the head has 1.", 0.1, 0.001, 1.0),
        Number(
            "warm_up", "Gentle start", "Part of the steps in which the rate rises.", 0.1, 0, 0.5
        ),
        Number("frozen", "Frozen", "Part of the epochs of the head alone.", 0.1, 0.0, 0.9),
    )

    def __init__(
        self,
        pretraining: str = "masked",
        domain: str = "",
        value: str = "",
        part: float = 0.25,
        budget: float = BUDGET.default,
        slowest: float = 0.1,
        warm_up: float = 0.1,
        frozen: float = 0.1,
    ) -> None:
        self.pretraining, self.domain, self.value = pretraining, domain, value
        self.part, self.budget = part, budget
        self.slowest, self.warm_up, self.frozen = slowest, warm_up, frozen

    def passes(self, facts: TableFacts) -> float:
        """Return the part of the epochs that is taken."""
        return self.budget

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return both parts."""
        reason = self.idle()
        if reason is not None:
            raise Unsuitable("{reason}", reason=reason)
        return TrainingPlan(course=partial(_course, **self.get_params()))

    def idle(self) -> Text | None:
        """Return why one class alone, or no column, teaches nothing."""
        if self.pretraining == "domain" and not self.domain:
            return NO_SOURCE
        return CONSTANT if self.pretraining == _MINORITY else None


transfer = STRATEGIES.add(
    Strategy(
        name="transfer",
        label="Pretraining, then fine-tuning",
        family="training",
        reference="Howard & Ruder (2018), Universal language model fine-tuning for text "
        "classification, ACL; Yoon et al. (2020), VIME, NeurIPS 33",
        aliases=("transfer_learning", "pretrain_finetune", "迁移学习", "预训练微调"),
        about="A network first learns what rows look like, then, gently, their classes.",
        pitfall="Pretraining on the rare class alone teaches to always answer it. More steps help "
        "by themselves: it is held against training from scratch with as many.",
        steps=(Transfer(),),
        rival="from_scratch",
    )
)
