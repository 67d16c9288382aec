"""Class and row weights, and the class shares that they amount to."""

from rebal_core.weighting.balanced import ClassWeight, even, prior
from rebal_core.weighting.effective import EffectiveNumber, ManualWeight

__all__ = ["ClassWeight", "EffectiveNumber", "ManualWeight", "even", "prior"]
