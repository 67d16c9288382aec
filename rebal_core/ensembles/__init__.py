"""Ensembles over any classifier: bagging and boosting, with balanced draws and without."""

from rebal_core.ensembles.bagging import Bagging, BalancedBagging, UnderBagging
from rebal_core.ensembles.boosting import Boosting, EasyEnsemble, RUSBoost
from rebal_core.ensembles.model import EnsembleModel, Members
from rebal_core.ensembles.paced import BalanceCascade, SelfPaced
from rebal_core.ensembles.stacking import Stacking, StackingModel

__all__ = [
    "Bagging",
    "BalanceCascade",
    "BalancedBagging",
    "Boosting",
    "EasyEnsemble",
    "EnsembleModel",
    "Members",
    "RUSBoost",
    "SelfPaced",
    "Stacking",
    "StackingModel",
    "UnderBagging",
]
