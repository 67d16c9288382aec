"""From probabilities to decisions: repair, thresholds, and both cross-fitted."""

from rebal_core.decisions.crossfit import Decided, Decisions, decide
from rebal_core.decisions.repair import (
    Calibration,
    calibrate,
    correct_prior,
    fit_calibration,
)
from rebal_core.decisions.rules import Cutoff, Rule, parse_rule, predict, tune_binary, tune_many

__all__ = [
    "Calibration",
    "Cutoff",
    "Decided",
    "Decisions",
    "Rule",
    "calibrate",
    "correct_prior",
    "decide",
    "fit_calibration",
    "parse_rule",
    "predict",
    "tune_binary",
    "tune_many",
]
