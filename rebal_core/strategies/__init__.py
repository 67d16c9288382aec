"""The registry of strategies: one file each, and how an arm is fitted."""

import pkgutil
from importlib import import_module

from rebal_core.arm import Arm
from rebal_core.facts import TableFacts
from rebal_core.strategies.base import STRATEGIES, Strategies, Strategy, combine
from rebal_core.strategies.fit import (
    FittedArm,
    attacks_own_network,
    build_model,
    fit_arm,
    fit_signature,
    resample,
    strategy_of,
    takes_unlabelled,
    weighed,
)
from rebal_core.strategies.persist import load_arm, save_arm
from rebal_core.strategies.portions import taught_rows, unlabelled_rows
from rebal_core.strategies.saved import Saved, SavedStrategy, saved_strategies

# Every file of this folder that holds a strategy registers it: a new one is found by being there.
for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)

#: Arms of every comparison, and what the quick plan adds.
DUMMY = Arm("dummy", "prior")
ALWAYS = ("none", "threshold", "class_weight")
QUICK = ("random_over", "random_under", "smote")

__all__ = [
    "ALWAYS",
    "DUMMY",
    "QUICK",
    "STRATEGIES",
    "FittedArm",
    "Saved",
    "SavedStrategy",
    "Strategies",
    "Strategy",
    "TableFacts",
    "attacks_own_network",
    "build_model",
    "combine",
    "fit_arm",
    "fit_signature",
    "load_arm",
    "resample",
    "save_arm",
    "saved_strategies",
    "strategy_of",
    "takes_unlabelled",
    "taught_rows",
    "unlabelled_rows",
    "weighed",
]
