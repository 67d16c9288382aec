"""Shapley values: one explained function for every arm, one background, checked sums."""

from rebal_core.explain.arm import TOLERANCE, explain_arm
from rebal_core.explain.explanation import Explanation, compare_importance

__all__ = ["TOLERANCE", "Explanation", "compare_importance", "explain_arm"]
