"""What each metric is called, which way is better, and how its numbers are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from rebal_core.registry import Registry
from rebal_core.rows import Floats

Better = Literal["higher", "lower", "one"]
Format = Literal["score", "share", "loss", "ratio", "cost"]
#: Decimals of each; shares are written in percent.
DIGITS = {"score": 3, "loss": 4, "ratio": 2, "cost": 2}
#: A larger gain is told together with what explains it.
LARGE_GAIN = 0.15


@dataclass(frozen=True)
class Metric:
    """A number by which arms are compared.

    Parameters
    ----------
    name : str
        As on the command line.
    label : str
        For people, in English.
    family : {"ranking", "probability", "decision"}
        What it looks at: the order of the rows, the probabilities, or the decisions.
    about : str
        One or two sentences for the help.
    better : {"higher", "lower", "one"}
        Which way is better; ``"one"`` means the nearer to 1 the better.
    format : {"score", "share", "loss", "ratio", "cost"}
        How it is written: 3 decimals, percent, 4 decimals, 2 decimals, 2 decimals.
    aliases : tuple of str
        Other words, English and Chinese.
    """

    name: str
    label: str
    family: Literal["ranking", "probability", "decision"]
    about: str
    better: Better = "higher"
    format: Format = "score"
    aliases: tuple[str, ...] = ()

    @property
    def decides(self) -> bool:
        """Whether it is computed from decisions, so that the cut-off matters."""
        return self.family == "decision"

    def utility(self, value: ArrayLike) -> Floats:
        """Return the value turned so that more is better."""
        value = np.asarray(value, dtype=float)
        if self.better == "higher":
            return value
        return -value if self.better == "lower" else -np.abs(value - 1.0)

    def room(self, value: float) -> float:
        """Return how much better than this value the metric can be at all."""
        return (1.0 if self.better == "higher" else 0.0) - float(self.utility(value))

    def possible(self, interval: tuple[float, float], value: float) -> tuple[float, float]:
        """Return the part of an interval of gains over this value that the metric can take.

        No interval knows that a score ends at 1 and at 0 (the correlation at -1): what lies beyond
        is excluded by arithmetic. A loss has no worst value.
        """
        worst = {"mcc": -1.0}.get(self.name, 0.0) if self.better == "higher" else -np.inf
        low, high = np.clip(interval, worst - float(self.utility(value)), self.room(value))
        return float(low), float(high)

    def margin(self, margin: float, reference: float) -> float:
        """Return the difference that is too small to matter.

        Losses and costs depend on how rare the class is, so theirs is relative: half the margin
        (the default of .01 is .5 %) of the reference's loss, the whole margin of its cost.
        """
        parts = {"loss": 0.5 * abs(reference), "cost": abs(reference)}
        return margin * parts.get(self.format, 1.0)

    def large(self, reference: float) -> float:
        """Return the gain from which on one wants an explanation; of a cost a part of it."""
        return LARGE_GAIN * (abs(reference) if self.format == "cost" else 1.0)


METRICS: Registry[Metric] = Registry("metric")

_ = METRICS.add
_(Metric("roc_auc", "ROC AUC", "ranking",
         "How often a row of the class is ranked above another row. Guessing scores 0.5.",
         aliases=("auc", "AUC值", "曲线下面积")))  # fmt: skip
_(Metric("average_precision", "Average precision", "ranking",
         "Precision averaged over all cut-offs. Guessing scores the class's share.",
         aliases=("ap", "pr_auc", "auprc", "平均精度")))  # fmt: skip
_(Metric("log_loss", "Log loss", "probability",
         "How surprised the model is by what happened; lower is better.",
         "lower", "loss", aliases=("cross_entropy", "logloss", "对数损失")))  # fmt: skip
_(Metric("normalised_entropy", "Normalised entropy", "probability",
         "Log loss divided by that of the classes' shares alone: below 1 the model knows more than "
         "how frequent each class is.",
         "lower", "loss", aliases=("ne", "normalized_entropy", "归一化熵")))  # fmt: skip
_(Metric("brier", "Brier score", "probability",
         "Mean squared error of the probabilities; lower is better.",
         "lower", "loss", aliases=("brier_score", "布里尔分数")))  # fmt: skip
_(Metric("calibration_ratio", "E/O", "probability",
         "Predicted rate divided by observed rate: 1.00 is honest, 4.0 is four times too high.",
         "one", "ratio", aliases=("e/o", "eo_ratio", "校准比")))  # fmt: skip
_(Metric("f1", "F1", "decision",
         "Harmonic mean of precision and recall of the class in focus.",
         aliases=("f1_score", "F1值")))  # fmt: skip
_(Metric("macro_f1", "Macro F1", "decision",
         "F1 of each class, averaged so that every class counts the same.",
         aliases=("f1_macro", "宏平均F1")))  # fmt: skip
_(Metric("balanced_accuracy", "Balanced accuracy", "decision",
         "Recall of each class, averaged so that every class counts the same.",
         aliases=("ba", "平衡准确率")))  # fmt: skip
_(Metric("g_mean", "G-mean", "decision",
         "Geometric mean of the recalls: 0 as soon as one class is never found.",
         aliases=("gmean", "几何平均")))  # fmt: skip
_(Metric("mcc", "MCC", "decision",
         "Matthews correlation of decisions and truth: 0 is guessing, 1 is perfect.",
         aliases=("matthews", "马修斯相关系数")))  # fmt: skip
_(Metric("accuracy", "Accuracy", "decision",
         "Share of right decisions. With a rare class, always saying no scores high.",
         format="share", aliases=("准确率",)))  # fmt: skip
_(Metric("recall", "Recall", "decision",
         "Share of the class that is found.",
         format="share", aliases=("sensitivity", "tpr", "召回率", "查全率")))  # fmt: skip
_(Metric("precision", "Precision", "decision",
         "Share of right ones among the rows that were picked.",
         format="share", aliases=("ppv", "精确率", "查准率")))  # fmt: skip
_(Metric("cost_per_1000", "Cost per 1,000 rows", "decision",
         "What the decisions cost: a missed row its amount at risk, a false alarm a fixed price; "
         "lower is better.",
         "lower", "cost", aliases=("cost", "expected_cost", "每千行成本")))  # fmt: skip
