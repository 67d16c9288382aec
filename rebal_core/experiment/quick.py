"""What the quick plan leaves out, so that a first look takes about a minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rebal_core.arm import Arm, Protocol
from rebal_core.experiment.arms import CLASSIFIERS_BY_DEFAULT, ArmList, choose_arms
from rebal_core.experiment.estimate import whole_seconds
from rebal_core.experiment.sizes import thinned
from rebal_core.facts import TableFacts
from rebal_core.strategies import DUMMY, STRATEGIES
from rebal_core.wording import Text

#: The quick plan shall be done in about this time; estimates may be off by half of it.
QUICK_SECONDS = 75.0
#: And never in more than this: where the estimate says more all the same, the page says so.
PROMISE_SECONDS = 120.0
#: Only a first look longer than this changes a strategy's own ratio.
LONG_SECONDS = 70.0
#: Above this many classes boosting grows too many trees for a first look.
BOOSTING_CLASSES = 20
#: The quick plan leaves out arms before it looks at fewer rows than the first, and never looks at
#: fewer than the second.
FEWEST_ROWS, LEAST_ROWS = 10_000, 2_000
#: Over-samplers of the quick plan, and the ratios to the largest class that it tries in turn.
OVERSAMPLERS = ("random_over", "smote")
QUICK_RATIOS = (0.5, 0.25, 0.1)


def made_quick(
    chosen: ArmList,
    wanted: Sequence[str],
    facts: TableFacts,
    protocol: Protocol,
    params: Mapping[str, Mapping[str, Any]],
) -> tuple[ArmList, int | None, list[Text]]:
    """Leave out what would make a first look long.

    In this order: boosting of very many classes, growing small classes to the size of the largest,
    rows, boosting, SMOTE, repeated rows, more rows.

    Returns
    -------
    ArmList
    int or None
        Rows to look at; None: all.
    list of str
        What was decided, in sentences.
    """
    notes: list[Text] = []
    linear, boosting = CLASSIFIERS_BY_DEFAULT
    kinds = list(CLASSIFIERS_BY_DEFAULT)

    def seconds(rows: int) -> float:
        return whole_seconds(chosen.arms, thinned(facts, rows), protocol)

    def leave_out(reason: Text, out: Sequence[Arm]) -> None:
        chosen.left_out += [(arm.name, reason) for arm in out]
        chosen.arms = [arm for arm in chosen.arms if arm not in out]

    if facts.classes > BOOSTING_CLASSES:
        reason = Text(
            "Boosting grows {classes} trees a round for {classes} classes; the quick plan leaves "
            "it out above {most}. Choose it to have it.",
            {"classes": facts.classes, "most": BOOSTING_CLASSES},
        )
        kinds = [linear]
        leave_out(reason, [arm for arm in chosen.arms if arm.classifier == boosting])
        notes.append(reason)

    # Growing each of many classes to the size of the largest makes most of the work.
    told = notes
    for ratio in QUICK_RATIOS:
        if seconds(facts.rows) <= LONG_SECONDS or facts.classes == 2:
            break
        less = {name: {"ratio": ratio, **params.get(name, {})} for name in OVERSAMPLERS}
        left_out = chosen.left_out
        chosen = choose_arms(wanted, kinds, facts, {**params, **less})
        known = {Arm.bare(name) for name, _ in chosen.left_out}  # with another ratio
        chosen.left_out += [line for line in left_out if Arm.bare(line[0]) not in known]
        notes = [*told, _grown_note(ratio)]

    fewest = min(FEWEST_ROWS, facts.rows)
    for reason, classifier, strategy in (_BOOSTING, _SMOTE, _REPEATED):
        out = [
            a
            for a in chosen.arms
            if (classifier and a.classifier == boosting) or (strategy and a.strategy == strategy)
        ]
        if out and seconds(fewest) > QUICK_SECONDS:
            leave_out(reason, out)
            notes.append(reason)

    rows = facts.rows
    while rows > LEAST_ROWS and seconds(rows) > QUICK_SECONDS:
        rows = max(rows * 3 // 4, LEAST_ROWS)
    if rows >= facts.rows:
        return chosen, None, notes
    for arm in list(chosen.arms):  # fewer rows may be too few for a remedy
        few = STRATEGIES[arm.strategy].unsuitable(thinned(facts, rows), arm.classifier)
        if few is not None and arm.strategy != DUMMY.strategy:
            leave_out(few, [arm])
    notes.append(
        Text(
            "The quick plan looks at {rows:,} of {all:,} rows, drawn from every class alike; "
            "choose strategies or classifiers yourself to use all.",
            {"rows": rows, "all": facts.rows},
        )
    )
    return chosen, rows, notes


_BOOSTING = (
    Text(
        "Boosting takes too long for a first look at this table, and the quick plan leaves it "
        "out. Choose it to have it."
    ),
    True,
    "",
)
_SMOTE = (
    Text(
        "SMOTE grows every small class, as repeating rows does, and takes as long again; the "
        "quick plan leaves it out here. Choose it to have it."
    ),
    False,
    "smote",
)
_REPEATED = (
    Text(
        "Repeating rows weighs the classes as class weights do, and takes longer; the quick plan "
        "leaves it out here. Choose it to have it."
    ),
    False,
    "random_over",
)


def _grown_note(ratio: float) -> Text:
    return Text(
        "The quick plan grows small classes to {ratio:g} of the largest, where the settings name "
        "no ratio of their own; choose strategies or classifiers yourself to grow them further.",
        {"ratio": ratio},
    )
