"""Names of arms and metrics for people, and verdicts in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from app import run_cache
from app.components.texts import bracketed, capital, counted, joined
from app.i18n import _, language, message, setting
from app.state import saved
from rebal_core.arm import Arm, by_label, is_list
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.codes import RUN_VERDICTS, VERDICTS
from rebal_core.data.formats import short
from rebal_core.evaluation import Evaluation
from rebal_core.figures.looks import Look, looks
from rebal_core.figures.theme import family_style
from rebal_core.metrics import METRICS
from rebal_core.params import Choice, Param, Word
from rebal_core.store.rows import RunRow
from rebal_core.strategies import DUMMY, STRATEGIES, SavedStrategy, Strategy
from rebal_core.trouble import tried
from rebal_core.wording import Text, listed

#: The mark of each verdict, of an arm or a run.
VERDICT_MARKS = {
    "HELPS": "▲",
    "HURTS": "▼",
    "NEGLIGIBLE": "＝",
    "NO_DIFFERENCE": "＝",
    "NO_REMEDY_NEEDED": "＝",
    "CANT_TELL": "?",
    "NOT_SHOWN": "?",
    "NO_VERDICT": "⊘",
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
#: What a strategy does to the probabilities of a model, by the field of its spec.
PROBABILITIES = {
    "kept": "",
    "shifted": message(
        "The model then takes rare classes to be more likely than they are; a formula puts its "
        "probabilities right again, exactly."
    ),
    "bent": message(
        "The probabilities of the model are then off; Rebal puts them right on rows that it has "
        "not learned from (recalibration)."
    ),
}
#: No value of any parameter.
_UNSET = object()
#: How an amount and a switch are told that make several arms of one strategy.
AMOUNTS = {"fill": message("×{amount}")}
SWITCHED = {"select": message("surest")}
#: Names of classifiers where room is short: tables, charts.
SHORT = {
    "logistic": message("LR"),
    "random_forest": message("RF"),
    "hist_gradient_boosting": message("GBT"),
    "linear_svm": message("SVM"),
    "rbf_svm": message("RBF SVM"),
    "knn": message("kNN"),
    "naive_bayes": message("NB"),
    "decision_tree": message("Tree"),
    "extra_trees": message("ET"),
}


def arm_label(arm: Arm, classes: Sequence[str], *, short: bool = False, saved: str = "") -> str:
    """Return ``SMOTE (counts fraud 500) · Gradient boosting``, translated; short: ``SMOTE · GBT``.

    Parameters
    ----------
    classes : sequence of str
        Labels by code.
    saved : str
        The name under which the user saved what the arm does, which is told in its place.
    """
    strategy = saved or strategy_label(arm.strategy)
    strategy = _with(strategy, arm.params, STRATEGIES[arm.strategy].parameters, classes)
    if arm.strategy == DUMMY.strategy:
        return strategy
    model = model_label(arm.classifier, short=short)
    parameters = {p.name: p for p in CLASSIFIERS[arm.classifier].parameters}
    return f"{strategy} · {_with(model, arm.settings, parameters, classes)}"


def strategy_label(strategy: str) -> str:
    """Return a strategy's name; of combined ones each in the reader's language."""
    return " + ".join(_(STRATEGIES[part].label) for part in strategy.split("+"))


def made_label(one: SavedStrategy) -> str:
    """Return what a saved strategy is made of, and what is set of it."""
    parameters = STRATEGIES[one.made_of].parameters
    values = tuple(one.params.items())
    return _with(strategy_label(one.made_of), values, parameters, ())


def abouts(strategy: Strategy) -> list[str]:
    """Return what a strategy does, of combined ones what each does, and what follows from it."""
    told = [_(part.about) for part in _parts(strategy)]
    return list(dict.fromkeys(words for words in (*told, aftermath(strategy)) if words))


def aftermath(strategy: Strategy) -> str:
    """Return what it does to the probabilities, translated; empty where that is nothing."""
    return _(PROBABILITIES[strategy.probabilities]) if strategy.steps else ""


def pitfalls(strategy: Strategy) -> list[str]:
    """Return what articles get wrong about it, likewise."""
    return list(dict.fromkeys(_(part.pitfall) for part in _parts(strategy) if part.pitfall))


def _parts(strategy: Strategy) -> list[Strategy]:
    names = (strategy.made_of or strategy.name).split("+")
    return [STRATEGIES[name] for name in names if name in STRATEGIES] or [strategy]


def _with(
    label: str,
    values: tuple[tuple[str, Any], ...],
    parameters: Mapping[str, Param],
    classes: Sequence[str],
) -> str:
    """Return a label with what was set."""
    told = joined(
        filter(None, (_told(name, value, parameters.get(name), classes) for name, value in values)),
        strong=any(isinstance(value, tuple | list | Mapping) for _name, value in values),
    )
    return bracketed(label, told) if told else label


def _told(name: str, value: Any, parameter: Param | None, classes: Sequence[str]) -> str:
    """Return one setting in words: ``ratio 0.5``, ``×2``; nothing of a switch that is off."""
    step, _dot, bare = name.rpartition(".")
    if bare in SWITCHED or (bare in AMOUNTS and isinstance(value, float)):
        own = _({**AMOUNTS, **SWITCHED}[bare]).format(amount=f"{value:g}")
        step = strategy_label(step) if step in STRATEGIES else step
        return f"{step} {own}".strip() if value else ""
    return f"{_called(name, parameter)} {_value(value, parameter, classes)}"


def _called(name: str, parameter: Param | None) -> str:
    """Return a parameter's label, as its field has it; in English its name where that is short."""
    step, _dot, bare = name.rpartition(".")
    step = strategy_label(step) if step in STRATEGIES else step
    label = None if parameter is None else parameter.label
    return f"{step} {setting(bare, label)}".strip()


def _value(value: Any, parameter: Param | None, classes: Sequence[str]) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, Mapping):
        return joined(f"{_unmarked(k)} {_value(v, None, classes)}" for k, v in value.items())
    if isinstance(value, tuple | list):
        if is_list(value):
            said = [short(_unmarked(str(one))) for one in value]
        else:
            said = by_label(tuple(value), [short(_unmarked(label)) for label in classes])
        shown = listed(said, 3)
        return shown.render(_) if isinstance(shown, Text) else shown
    options = dict(parameter.options) if isinstance(parameter, Choice) else {}
    if value in options:
        return _(options[value])
    return _written(value) if isinstance(parameter, Word) else _unmarked(value)


def _written(text: str) -> str:
    """Return rules and shares as they were written, without signs that markup reads."""
    text = text.replace("<=", "≤").replace(">=", "≥")
    told = re.sub(r"[^\w.+\-=≤≥;,%()<>: ]|[<>:](?![ \d])", " ", text)
    return " ".join(told.split())


def _unmarked(name: Any) -> str:
    """Return the name of a class or column for where markup is read, too."""
    return re.sub(r"[^\w.+-]+", " ", str(name))


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
    return arm_label(Arm.bare(name), ())


def arm_labels(evaluation: Evaluation, *, short: bool = False) -> dict[str, str]:
    """Return the label of every arm of a run by its name."""
    return labels_of((a.arm for a in evaluation.arms), evaluation.classes, short=short)


def labels_of(
    arms: Iterable[Arm], classes: Sequence[str], *, short: bool = False
) -> dict[str, str]:
    """Return the label of each arm by its name, as :func:`arm_label` makes it.

    Of several arms that are one strategy on one model, what differs between them is told of each,
    also where it is the default; short ones tell nothing else.
    """
    arms, classes, mine = tuple(arms), tuple(classes), saved().strategies
    known = tuple(_saved_as(arm, classes, mine) for arm in arms)
    told = tuple((one.name, others) if one else ("", None) for one, others in known)
    return dict(_labels(arms, told, classes, short, language()))


def recipes(arms: Iterable[Arm], classes: Sequence[str]) -> dict[str, str]:
    """Return what the saved strategies among arms are made of, by their names."""
    mine = saved().strategies
    found = (_saved_as(arm, classes, mine)[0] for arm in arms)
    return {one.name: made_label(one) for one in found if one is not None}


def _saved_as(
    arm: Arm, classes: Sequence[str], mine: Sequence[SavedStrategy]
) -> tuple[SavedStrategy | None, tuple[str, ...]]:
    """Return the saved strategy that an arm is, and what of it is set otherwise.

    Only what the user combined keeps its name under other settings: a single remedy is itself.
    """
    values, found = arm.params_by_label(classes), []
    for one in mine:
        if arm.strategy == one.made_of and values.keys() >= one.params.keys():
            others = tuple(n for n, v in values.items() if one.params.get(n, _UNSET) != v)
            if not others or "+" in one.made_of:
                found.append((one, others))
    return min(found, key=lambda pair: len(pair[1]), default=(None, ()))


@lru_cache(maxsize=64)
def _labels(
    arms: tuple[Arm, ...],
    saved: tuple[tuple[str, tuple[str, ...] | None], ...],
    classes: tuple[str, ...],
    short: bool,
    tongue: str,
) -> dict[str, str]:
    """Remember them by the reader's language: a page asks a dozen times for those of a run."""
    found, apart = {}, _apart(arms)
    for arm, (name, others) in zip(arms, saved, strict=True):
        differ = apart[arm.strategy, arm.classifier]
        told = {n: v for n, v in arm.params if others is None or n in others}
        if short and differ:
            told = {n: v for n, v in told.items() if n in differ}
        told |= {n: v for n, v in differ.items() if n not in dict(arm.params)}
        one = replace(arm, params=tuple(sorted(told.items())))
        found[arm.name] = arm_label(one, classes, short=short, saved=name)
    return found


def _apart(arms: Iterable[Arm]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the settings, with their defaults, in which arms of one strategy and model differ."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for arm in arms:
        groups.setdefault((arm.strategy, arm.classifier), []).append(dict(arm.params))
    found = {}
    for (strategy, classifier), group in groups.items():
        usual = {name: p.default for name, p in STRATEGIES[strategy].parameters.items()}
        names = {name for values in group for name in values}
        found[strategy, classifier] = {
            name: usual.get(name)
            for name in names
            if len({values.get(name, usual.get(name)) for values in group}) > 1
        }
    return found


def verdict_told(code: str) -> str:
    """Return the verdict of an arm with its mark: ``▲ helps``."""
    return f"{VERDICT_MARKS[code]} {VERDICTS[code].render(_)}"


def run_verdict_told(code: str) -> str:
    """Return the verdict of a run with its mark: ``▲ A remedy helps``."""
    return f"{VERDICT_MARKS[code]} {capital(RUN_VERDICTS[code].render(_))}"


def run_verdict(run: RunRow | None) -> str:
    """Return the verdict of a finished run with its mark; nothing without one."""
    if run is None or run.state != "done":
        return ""
    told, _problem = tried(run_cache.report, run.run)
    code = told and told["verdict"]["code"]
    return run_verdict_told(code) if code in RUN_VERDICTS else "⚠ " + _("cannot be read")


def families(evaluation: Evaluation) -> dict[str, str]:
    """Return the family of every arm of a run, in its order; guessing is no first of a family."""
    return _families([a.arm for a in evaluation.arms])


def _families(arms: Iterable[Arm]) -> dict[str, str]:
    ordered = sorted(arms, key=lambda arm: arm.strategy == DUMMY.strategy)
    return {arm.name: STRATEGIES[arm.strategy].family for arm in ordered}


def arm_looks(arms: Iterable[Arm], *, dark: bool = False) -> dict[str, Look]:
    """Return how every arm of a run is drawn."""
    return looks(_families(arms), dark)


def arm_marks(arms: Iterable[Arm]) -> dict[str, str]:
    """Return the mark of every arm of a run: the one that it has in the charts."""
    return {name: look.mark for name, look in arm_looks(arms).items()}


def mark(family: str) -> str:
    """Return the mark that stands before a strategy of this family."""
    return family_style(family).mark


def metric_label(name: str) -> str:
    """Return a metric's name."""
    return _(METRICS[name].label)


def gain_digits(name: str) -> int:
    """Return the decimals of gains in a metric where they stand in a column or on an axis."""
    return {"cost": 2, "loss": 4}.get(METRICS[name].format, 3)


def metric_help(name: str) -> str:
    """Return what a metric is, with its names in both languages: articles mix them up."""
    metric = METRICS[name]
    chinese = [w for w in metric.aliases if not w.isascii()]
    return f"{metric.label} · {' · '.join(chinese)}  \n{_(metric.about)}"


def tell(parts: Sequence[Text], labels: dict[str, str]) -> list[str]:
    """Return the sentences of a verdict, with arms called by their labels."""

    def name(gap: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        value = labels.get(value, value)
        return short(value, 80) if gap in STRANGERS else value

    return [part.changed(name).render(_) for part in parts]


def often_more() -> str:
    """Say that a guess before a run, made at worst, is seldom what the run sees."""
    return _("Often it can tell smaller differences: all are tested on the same rows.")
