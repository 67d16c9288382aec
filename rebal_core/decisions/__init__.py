"""From probabilities to decisions: repair, thresholds, and both cross-fitted."""

from rebal_core.decisions.crossfit import Decided, Decisions, decide
from rebal_core.decisions.decision import Decision
from rebal_core.decisions.numbers import plain_number
from rebal_core.decisions.policy import Policy
from rebal_core.decisions.prices import Prices
from rebal_core.decisions.repair import Repair, calibrate, correct_prior
from rebal_core.decisions.repairs import REPAIRS, Calibration, FittedRepair
from rebal_core.decisions.rules import (
    Cutoff,
    Rule,
    parse_rule,
    predict,
    tune_binary,
    tune_many,
    tune_tallies,
)
from rebal_core.decisions.tallies import Tallies, moved

__all__ = [
    "REPAIRS",
    "Calibration",
    "Cutoff",
    "Decided",
    "Decision",
    "Decisions",
    "FittedRepair",
    "Policy",
    "Prices",
    "Repair",
    "Rule",
    "Tallies",
    "calibrate",
    "correct_prior",
    "decide",
    "moved",
    "parse_rule",
    "plain_number",
    "predict",
    "tune_binary",
    "tune_many",
    "tune_tallies",
]
