"""Rare classes are answered sooner: log-probabilities less tau times the log of the shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rebal_core.decisions.decision import Decision
from rebal_core.decisions.rules import MAXIMISE, Cutoff, Rule
from rebal_core.params import Number, Param, Switch
from rebal_core.rows import Floats


@dataclass(frozen=True)
class LogitAdjusted(Decision):
    """``argmax(log p_k - tau log share_k)``, with tau told or chosen on the other folds."""

    parameters: ClassVar[tuple[Param, ...]] = (
        Number(
            "tau",
            "Exponent (tau)",
            "0 answers what is likeliest, 1 serves balanced accuracy, more overshoots.",
            1.0,
            low=0.0,
            high=3.0,
        ),
        Switch(
            "tuned",
            "Choose tau",
            "By what the other folds' held-out rows show; of two classes that is a cut-off.",
        ),
    )
    tau: float = 1.0
    tuned: bool = False

    def rule(self, rule: Rule, n_classes: int) -> Rule:
        """Return what tau is chosen for: what the run asks for, or balanced accuracy."""
        return rule if rule.kind in MAXIMISE else Rule("balanced_accuracy")

    def cutoff(self, prior: Floats, positive: int) -> Cutoff | None:
        """Return tau, of two classes as a threshold; None where it is chosen."""
        if self.tuned:
            return None
        value = self.tau
        if prior.size == 2:
            with np.errstate(divide="ignore"):
                power = prior**self.tau
            value = float(power[positive] / power.sum())
        return Cutoff(value, value, value)
