"""Metrics: pure functions of labels and probabilities, or of counts."""

from rebal_core.metrics.catalog import METRICS, Metric
from rebal_core.metrics.decisions import Counts, count, decision_scores, f_measure, per_class
from rebal_core.metrics.probabilities import class_average_precision, probability_scores

__all__ = [
    "METRICS",
    "Counts",
    "Metric",
    "class_average_precision",
    "count",
    "decision_scores",
    "f_measure",
    "per_class",
    "probability_scores",
]
