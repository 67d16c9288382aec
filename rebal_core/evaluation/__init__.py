"""Scores, curves, intervals, tests and verdict: all derived from stored out-of-fold predictions."""

from rebal_core.evaluation.arms import ArmCells, Facts
from rebal_core.evaluation.evaluate import Evaluation, evaluate
from rebal_core.evaluation.report import build_report
from rebal_core.wording import Text, render

__all__ = ["ArmCells", "Evaluation", "Facts", "Text", "build_report", "evaluate", "render"]
