"""Rare classes must win by a margin, and count more towards the end."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from rebal_core.model import TrainingPlan
from rebal_core.params import Number
from rebal_core.rows import Floats
from rebal_core.step import Training
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.weighting.effective import effective_weights

#: Of the weights, as published.
_BETA = 0.9999


def _course(most: float, due: float) -> Any:
    from rebal_core.nn.courses.losses import Ldam

    return Ldam(most, _BETA, due)


class LdamDrw(Training):
    """Learn by cosines of which the true class must win by ``C / N_k ** (1/4)``.

    After a part of the epochs each row weighs by the effective number of its class as well. The
    answers are no probabilities; they are recalibrated.

    Parameters
    ----------
    margin : float
        Of the rarest class.
    due : float
        Part of the epochs before the weights.

    References
    ----------
    Cao, Wei, Gaidon, Arechiga, Ma (2019), Learning imbalanced datasets with
    label-distribution-aware margin loss, NeurIPS 32.
    """

    serves = ("net",)
    parameters = (
        Number("margin", "Margin", "By how much the rarest class must win.", 0.5, 0.0, 1.0),
        Number(
            "due",
            "Weights from",
            "Part of the epochs after which rare rows weigh more.",
            0.8,
            0,
            1.0,
        ),
    )

    def __init__(self, margin: float = 0.5, due: float = 0.8) -> None:
        self.margin, self.due = margin, due

    def plan(self, shares: Floats) -> TrainingPlan:
        """Return the loss."""
        return TrainingPlan(course=partial(_course, self.margin, self.due))

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares that the last epochs speak of."""
        if self.due == 1:
            return shares
        seen = shares * effective_weights(np.array(counts), _BETA)
        return np.asarray(seen / seen.sum())


ldam_drw = STRATEGIES.add(
    Strategy(
        name="ldam_drw",
        label="LDAM with deferred weights",
        family="training",
        reference="Cao et al. (2019), Learning imbalanced datasets with label-distribution-aware "
        "margin loss, NeurIPS 32",
        aliases=(
            "ldam",
            "ldam_loss",
            "deferred_reweighting",
            "drw",
            "LDAM损失",
            "标签分布感知间隔",
        ),
        about="A network's rare classes must win by a larger margin, and count more in the last "
        "epochs.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Margins on plain outputs: a network escapes them by growing its weights, so the "
        "last layer must answer cosines. The margin aims at no measure of success exactly.",
        steps=(LdamDrw(),),
    )
)
