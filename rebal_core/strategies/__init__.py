"""The registry of strategies: one file each, and how an arm is fitted."""

from rebal_core.strategies import (  # noqa: F401, I001  (the order is the order of the pickers)
    dummy,
    none,
    threshold,
    class_weight,
    random_over,
    random_under,
    smote,
    smote_enn,
    balanced_random_forest,
)
from rebal_core.strategies.base import STRATEGIES, Decision, FoldFacts, Param, Strategy
from rebal_core.strategies.fit import FittedArm, fit_arm, fit_signature, resample, strategy_of
from rebal_core.strategies.persist import load_arm, save_arm
from rebal_core.arm import Arm

#: Arms of every comparison, and what the quick plan adds.
DUMMY = Arm("dummy", "prior")
ALWAYS = ("none", "threshold", "class_weight")
QUICK = ("random_over", "random_under", "smote")

__all__ = [
    "ALWAYS",
    "DUMMY",
    "QUICK",
    "STRATEGIES",
    "Decision",
    "FittedArm",
    "FoldFacts",
    "Param",
    "Strategy",
    "fit_arm",
    "fit_signature",
    "load_arm",
    "resample",
    "save_arm",
    "strategy_of",
]
