"""The names of the metrics, as reports and the command line use them (design.md 7)."""

#: Scores of probabilities, then of decisions.
SCORES = (
    "roc_auc",
    "average_precision",
    "log_loss",
    "normalised_entropy",
    "brier",
    "calibration_ratio",
)
DECISIONS = (
    "f1",
    "macro_f1",
    "balanced_accuracy",
    "g_mean",
    "mcc",
    "accuracy",
    "recall",
    "precision",
)
#: A metric of decisions too, where it is known what wrong ones cost.
COST = "cost_per_1000"
