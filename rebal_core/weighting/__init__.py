"""Class and row weights, and the class shares that they amount to."""

from rebal_core.weighting.balanced import ClassWeight, prior

__all__ = ["ClassWeight", "prior"]
