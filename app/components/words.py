"""Names of arms and metrics for people, and verdicts in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.components.texts import bracketed, counted, joined
from app.i18n import _, language, message
from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.data.formats import short
from rebal_core.evaluation import Evaluation
from rebal_core.figures.looks import looks
from rebal_core.figures.theme import family_style
from rebal_core.metrics import METRICS
from rebal_core.params import Choice, Param
from rebal_core.strategies import DUMMY, STRATEGIES
from rebal_core.wording import Text

#: Mark and word of each verdict code.
CODES = {
    "HELPS": ("▲", message("helps")),
    "HURTS": ("▼", message("hurts")),
    "NEGLIGIBLE": ("＝", message("too small to matter")),
    "NO_DIFFERENCE": ("＝", message("no difference")),
    "CANT_TELL": ("?", message("can't tell")),
    "NO_VERDICT": ("⊘", message("no verdict")),
}
RUN_CODES = {
    "HELPS": ("▲", message("A remedy helps")),
    "NO_REMEDY_NEEDED": ("＝", message("No remedy needed")),
    "NOT_SHOWN": ("?", message("Not shown")),
    "NO_VERDICT": ("⊘", message("No verdict")),
}


#: Parts of the core's verdicts that are no sentences of their own.
FRAGMENTS = (
    message("threshold tuning"),
    message("the untreated model"),
    message("the rows of “{cls}” count as only {n} “{column}”, at least {least} are needed"),
    message(
        "the rows of “{cls}” are of {n} “{column}”, but one of them holds {share} of the rows, and "
        "at least {least} of like size are needed"
    ),
    message(
        "the rows of “{cls}” are of {n} “{column}”, but {top} of them hold {share} of the rows, "
        "and at least {least} of like size are needed"
    ),
    message("the rows of “{cls}” count as only {n} spans of time, at least {least} are needed"),
    message("only {n} rows of “{cls}”, at least 10 are needed"),
    message("no untreated model ran to the end"),
    message("no untreated model is sound enough to compare with"),
    message("no remedy ran to the end"),
    message("{columns} is known before the event"),
    message("{columns} are known before the event"),
    message("new rows come from the same {columns}"),
    message(", provided that {condition}."),
    message(", provided that {condition} and that {other}."),
    message("{arm} helps"),
    message("{arm} hurts"),
    message("{arm} changes too little to matter"),
    message("{arm} makes no difference"),
    message("{arm} cannot be told from its untreated model"),
    message("no remedy is needed, not even {arm}"),
    message("no remedy was shown to help, not even {arm}"),
    message("no verdict can be given"),
)
#: Gaps of verdicts that hold one name of a stranger's: a class, a column.
STRANGERS = ("cls", "column")
#: Names of classifiers where room is short: tables, charts.
SHORT = {
    "logistic": message("LR"),
    "random_forest": message("RF"),
    "hist_gradient_boosting": message("GBT"),
    "mlp": message("MLP"),
}


def arm_label(arm: Arm, *, short: bool = False) -> str:
    """Return ``SMOTE (k_neighbors 9) · Gradient boosting``, translated; short: ``SMOTE · GBT``."""
    strategy = strategy_label(arm.strategy)
    strategy = _with(strategy, arm.params, STRATEGIES[arm.strategy].parameters)
    if arm.strategy == DUMMY.strategy:
        return strategy
    model = model_label(arm.classifier, short=short)
    parameters = {p.name: p for p in CLASSIFIERS[arm.classifier].parameters}
    return f"{strategy} · {_with(model, arm.settings, parameters)}"


def strategy_label(strategy: str) -> str:
    """Return a strategy's name; of combined ones each in the reader's language."""
    return " + ".join(_(STRATEGIES[part].label) for part in strategy.split("+"))


def _with(label: str, values: Iterable[tuple[str, Any]], parameters: Mapping[str, Param]) -> str:
    """Return a label with what was set."""
    told = joined(
        f"{_called(name, parameters.get(name))} {_value(value, parameters.get(name))}"
        for name, value in values
    )
    return bracketed(label, told) if told else label


def _called(name: str, parameter: Param | None) -> str:
    """Return a parameter's name, which is short; in another language than its own, its label."""
    if parameter is None or language() == "en":
        return name
    step = name.rpartition(".")[0]
    step = strategy_label(step) if step in STRATEGIES else step
    return f"{step} {_(parameter.label)}".strip()


def _value(value: Any, parameter: Param | None) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, tuple):  # something of single classes
        return counted("of 1 class", "of {n} classes", len(value))
    options = dict(parameter.options) if isinstance(parameter, Choice) else {}
    # A column's name stands where markup is read, too.
    return _(options[value]) if value in options else re.sub(r"[^\w.+-]+", " ", str(value))


def model_label(classifier: str, *, short: bool = False) -> str:
    """Return a classifier's name, or its usual letters."""
    return _((SHORT if short else {}).get(classifier, CLASSIFIERS[classifier].label))


def arms_of(n: int) -> str:
    """Return how many arms: ``13 arms``."""
    return counted("1 arm", "{n} arms", n)


def folds_of(n: int) -> str:
    """Return how many folds: ``5 folds``."""
    return counted("1 fold", "{n} folds", n)


def left_out_label(name: str) -> str:
    """Return what people call an arm that a plan left out."""
    return arm_label(Arm.bare(name))


def arm_labels(evaluation: Evaluation, *, short: bool = False) -> dict[str, str]:
    """Return the label of every arm of a run by its name."""
    return {a.name: arm_label(a.arm, short=short) for a in evaluation.arms}


def families(evaluation: Evaluation) -> dict[str, str]:
    """Return the family of every arm of a run, in its order; guessing is no first of a family."""
    return _families([a.arm for a in evaluation.arms])


def _families(arms: Iterable[Arm]) -> dict[str, str]:
    ordered = sorted(arms, key=lambda arm: arm.strategy == DUMMY.strategy)
    return {arm.name: STRATEGIES[arm.strategy].family for arm in ordered}


def arm_marks(arms: Iterable[Arm]) -> dict[str, str]:
    """Return the mark of every arm of a run: the one that it has in the charts."""
    return {name: look.mark for name, look in looks(_families(arms)).items()}


def mark(family: str) -> str:
    """Return the mark that stands before a strategy of this family."""
    return family_style(family).mark


def metric_label(name: str) -> str:
    """Return a metric's name."""
    return _(METRICS[name].label)


def gain_digits(name: str) -> int:
    """Return the decimals of gains in a metric where they stand in a column or on an axis."""
    return 2 if METRICS[name].format == "cost" else 3


def metric_help(name: str) -> str:
    """Return what a metric is, with its names in both languages: articles mix them up."""
    metric = METRICS[name]
    chinese = [w for w in metric.aliases if not w.isascii()]
    return f"{metric.label} · {' · '.join(chinese)}  \n{_(metric.about)}"


def tell(parts: Sequence[Text], labels: dict[str, str]) -> list[str]:
    """Return the sentences of a verdict, with arms called by their labels."""
    return [_named(part, labels).render(_) for part in parts]


def _named(part: Text, labels: dict[str, str]) -> Text:
    values: dict[str, Any] = {}
    for name, value in part.values.items():
        if isinstance(value, Text):
            value = _named(value, labels)
        elif isinstance(value, str):
            value = labels.get(value, value)
            if name in STRANGERS:
                value = short(value, 80)
        values[name] = value
    return replace(part, values=values)
