"""The words of the field, each in two lines: what every help hover and the Help page say."""

from __future__ import annotations

from dataclasses import dataclass

from app.i18n import message


@dataclass(frozen=True)
class Term:
    """A word and what it means.

    Parameters
    ----------
    name, about : str
        Message ids.
    group : {"start", "verdict", "metrics", "data"}
        Where the Help page shows it.
    words : tuple of str
        Other words for it, in both languages, for the search.
    """

    name: str
    about: str
    group: str
    words: tuple[str, ...] = ()


def _term(name: str, about: str, group: str, *words: str) -> Term:
    return Term(name, about, group, words)


TERMS = (
    _term(
        message("Cut-off"),
        message(
            "From which probability on we act. 0.5 is a habit; for rare classes the best value is "
            "usually far lower."
        ),
        "start", "threshold", "阈值",
    ),
    _term(
        message("Reference"),
        message(
            "Your data untouched, with its best cut-off. A remedy must beat this, not the model at "
            "0.5."
        ),
        "start", "baseline", "untreated", "参照", "基线",
    ),
    _term(
        message("Arm"),
        message(
            "One remedy on one model. The arms of a run are compared on the same held-out rows."
        ),
        "start", "strategy", "组合",
    ),
    _term(
        message("Fold, repeat"),
        message(
            "A fold is a part of your rows put aside for testing; each row is tested once a repeat."
        ),
        "start", "cross-validation", "held-out", "交叉验证", "折", "留出",
    ),
    _term(
        message("Split by user"),
        message(
            "All rows of a user stay on one side, so that the model is tested on people it has not "
            "met."
        ),
        "start", "group", "分组",
    ),
    _term(
        message("Origin"),
        message(
            "Whether a row is yours, a copy, mixed from two rows, generated, or was removed."
        ),
        "start", "synthetic", "_origin", "来源",
    ),
    _term(
        message("95% interval"),
        message(
            "Where the true difference lies, 95 times in 100, allowing for folds that share rows "
            "and for all arms tried."
        ),
        "verdict", "confidence interval", "Holm", "置信区间", "区间",
    ),
    _term(
        message("Too small to matter"),
        message(
            "Differences inside this band would not change what you do. You set it before the run."
        ),
        "verdict", "margin", "equivalence", "可忽略",
    ),
    _term(
        message("Smallest visible effect"),
        message(
            "A smaller difference could not be told from luck with this data and this plan. The "
            "guess before a run is the worst case; the run's intervals are what holds."
        ),
        "verdict", "power", "功效",
    ),
    _term(
        message("vs best untreated"),
        message(
            "The distance to the best untreated model of the whole run. A remedy of a weak model "
            "may help that model and still be beaten here."
        ),
        "verdict", "vs_best",
    ),
    _term(
        message("Alarm"),
        message(
            "A column that gives the answer away, or copies of training rows among the test rows: "
            "scores would be too good to be true."
        ),
        "verdict", "leak", "泄漏",
    ),
    _term(
        message("Prior correction"),
        message(
            "Resampling makes the rare class look common. This brings the probabilities back."
        ),
        "metrics", "calibration", "先验校正", "校准",
    ),
    _term(
        message("Calibration"),
        message("Whether, of all rows told “20%”, one in five really belongs to the class."),
        "metrics", "reliability", "校准",
    ),
    _term(
        message("Train-synthetic-test-real"),
        message(
            "A model is taught by made rows in the place of real ones and tested on real rows. The "
            "ratio says which part of the average precision is left."
        ),
        "metrics", "TSTR", "utility", "合成训练、真实测试", "效用",
    ),
    _term(
        message("Membership AUC"),
        message(
            "How often a training row lies nearer to a made row than a real row that was held "
            "back. 0.5 is chance; above it, made rows give away which rows they were made from."
        ),
        "metrics", "membership inference", "nearest neighbour", "成员推断", "隐私",
    ),
    _term(
        message("Prevalence"),
        message("The share of the rows that belong to a class."),
        "data", "share", "占比",
    ),
    _term(
        message("Imbalance ratio"),
        message("Rows of the most frequent class for one row of the rarest."),
        "data", "IR", "不平衡比",
    ),
    _term(
        message("Head, mid, tail"),
        message(
            "The largest classes that hold the first half of the rows, the smallest that hold the "
            "last fifth, and those between."
        ),
        "data", "long tail", "长尾",
    ),
    _term(
        message("Lorenz curve, Gini"),
        message(
            "Which share of the rows the smallest classes, or least popular items, hold together. "
            "The Gini coefficient is 0 where all hold the same, near 1 where one holds all."
        ),
        "data", "inequality", "洛伦兹曲线", "基尼系数",
    ),
    _term(
        message("Density"),
        message(
            "Of all pairs of a user and an item the share that have an event. In the tail there is "
            "little to learn a taste from."
        ),
        "data", "sparsity", "user-item matrix", "稠密度", "稀疏",
    ),
    _term(
        message("Cold users and items"),
        message(
            "Those that were never seen before: a model that knows them by name knows nothing of "
            "them."
        ),
        "data", "cold start", "newcomers", "冷启动",
    ),
)  # fmt: skip

#: The trap that has a picture.
GAME = message("“The loss has not fallen, so the generator learns nothing”")
#: What articles get wrong, and what Rebal does instead: title and text.
TRAPS = (
    (
        message("“Accuracy rose from 80 to 90%”"),
        message(
            "Saying the frequent class every time scores as much as that class is common. We lead "
            "with the rare class and never with accuracy or a weighted average."
        ),
    ),
    (
        message("Resampling before the split"),
        message(
            "Copies and mixtures of test rows then stand in the training part, and any score is a "
            "dream. Here rows are split first; a remedy sees only training rows."
        ),
    ),
    (
        message("A remedy at 0.5 against nothing at 0.5"),
        message(
            "Most of the gain of such a comparison is a moved cut-off. Here every arm, the "
            "untreated one too, has its own best cut-off."
        ),
    ),
    (
        message("Probabilities of a balanced model"),
        message(
            "A model trained on half and half says 50% where 2% is true. Prior correction brings "
            "them back before anything is scored."
        ),
    ),
    (
        message("The best of many, told by its own score"),
        message(
            "Whoever tries twenty remedies finds one that shines by luck. The interval allows for "
            "the number of arms tried (Holm)."
        ),
    ),
    (
        message("Cross-entropy plus λ Σ πₖ log pₖ"),
        message(
            "Added to the loss of each row, this sum over the class shares π falls without end: "
            "the surer the model, the lower, and all other classes are driven to 0. With a minus "
            "it smooths towards the frequent class. Three losses do what was meant. The "
            "logit-adjusted loss, −log softmax(z + τ log π) of the true class, finds more of the "
            "rare class. −λ Σ πₖ log p̄ₖ, with p̄ the mean of the batch, mends calibration. Label "
            "smoothing, −(λ/K) Σ log pₖ, keeps the model from being too sure."
        ),
    ),
    (
        GAME,
        message(
            "A generator plays against a critic: where one gets better, the loss of the other "
            "rises. Neither loss tells what made rows are worth. The probe does: how well a fast "
            "classifier that learns from them finds the class among real rows."
        ),
    ),
)

#: Verdict codes with what they mean, as drawn on one axis: code, low, middle, high.
VERDICT_SPANS = (
    ("HELPS", message("Better than the untreated model, by enough to matter, and not by luck."),
     0.017, 0.026, 0.035),
    ("HURTS", message("Worse, by enough to matter."), -0.027, -0.019, -0.011),
    ("NEGLIGIBLE", message("A real difference, too small to matter."), 0.002, 0.005, 0.008),
    ("NO_DIFFERENCE", message("We are sure that it is too small to matter."),
     -0.006, 0.001, 0.007),
    ("CANT_TELL", message("Too few rows; we say how many would settle it where that is known."),
     -0.010, 0.009, 0.028),
    ("NO_VERDICT", message("A leak, fewer than 10 rows or a broken reference: numbers mislead."),
     None, None, None),
)  # fmt: skip
