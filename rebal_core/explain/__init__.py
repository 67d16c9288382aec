"""Shapley values: one explained function for every arm, one background, checked sums."""

from rebal_core.explain.arm import TOLERANCE, Repair, explain_arm
from rebal_core.explain.explanation import Explanation, compare_importance

__all__ = ["TOLERANCE", "Explanation", "Repair", "compare_importance", "explain_arm"]
