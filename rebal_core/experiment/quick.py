"""What the quick plan leaves out, so that a first look takes about a minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
LINEAR, BOOSTING = CLASSIFIERS_BY_DEFAULT


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
    look = _FirstLook(chosen, wanted, facts, protocol, params)
    look.leave_out_many_trees()
    look.grow_less()
    look.leave_out_slow_arms()
    rows = look.fewer_rows()
    return look.chosen, rows, look.notes


@dataclass
class _FirstLook:
    """A plan on its way to be a quick one."""

    chosen: ArmList
    wanted: Sequence[str]
    facts: TableFacts
    protocol: Protocol
    params: Mapping[str, Mapping[str, Any]]
    notes: list[Text] = field(default_factory=list)

    @property
    def many(self) -> bool:
        return self.facts.classes > BOOSTING_CLASSES

    def seconds(self, rows: int) -> float:
        return whole_seconds(self.chosen.arms, thinned(self.facts, rows), self.protocol)

    def leave_out(self, reason: Text, out: Sequence[Arm]) -> None:
        self.chosen.left_out += [(arm.name, reason) for arm in out]
        self.chosen.arms = [arm for arm in self.chosen.arms if arm not in out]

    def leave_out_many_trees(self) -> None:
        if not self.many:
            return
        reason = Text(
            "Boosting grows {classes} trees a round for {classes} classes; the quick plan leaves "
            "it out above {most}. Choose it to have it.",
            {"classes": self.facts.classes, "most": BOOSTING_CLASSES},
        )
        self.leave_out(reason, [arm for arm in self.chosen.arms if arm.classifier == BOOSTING])
        self.notes.append(reason)

    def grow_less(self) -> None:
        """Growing each of many classes to the size of the largest makes most of the work."""
        told = self.notes
        for ratio in QUICK_RATIOS:
            if self.seconds(self.facts.rows) <= LONG_SECONDS or self.facts.classes == 2:
                return
            less = {n: {"ratio": ratio, **self.params.get(n, {})} for n in OVERSAMPLERS}
            kinds = (LINEAR,) if self.many else CLASSIFIERS_BY_DEFAULT
            before = self.chosen.left_out
            self.chosen = choose_arms(self.wanted, kinds, self.facts, {**self.params, **less})
            known = {Arm.bare(name) for name, _ in self.chosen.left_out}  # with another ratio
            self.chosen.left_out += [line for line in before if Arm.bare(line[0]) not in known]
            self.notes = [*told, _grown_note(ratio)]

    def leave_out_slow_arms(self) -> None:
        fewest = min(FEWEST_ROWS, self.facts.rows)
        for reason, classifier, strategy in (_BOOSTING, _SMOTE, _REPEATED):
            out = [
                a
                for a in self.chosen.arms
                if (classifier and a.classifier == classifier)
                or (strategy and a.strategy == strategy)
            ]
            if out and self.seconds(fewest) > QUICK_SECONDS:
                self.leave_out(reason, out)
                self.notes.append(reason)

    def fewer_rows(self) -> int | None:
        """Return how many rows there is time for; None: all."""
        rows = self.facts.rows
        while rows > LEAST_ROWS and self.seconds(rows) > QUICK_SECONDS:
            rows = max(rows * 3 // 4, LEAST_ROWS)
        if rows >= self.facts.rows:
            return None
        for arm in list(self.chosen.arms):  # fewer rows may be too few for a remedy
            few = STRATEGIES[arm.strategy].unsuitable(thinned(self.facts, rows), arm.classifier)
            if few is not None and arm.strategy != DUMMY.strategy:
                self.leave_out(few, [arm])
        self.notes.append(
            Text(
                "The quick plan looks at {rows:,} of {all:,} rows, drawn from every class alike; "
                "choose strategies or classifiers yourself to use all.",
                {"rows": rows, "all": self.facts.rows},
            )
        )
        return rows


_BOOSTING = (
    Text(
        "Boosting takes too long for a first look at this table, and the quick plan leaves it "
        "out. Choose it to have it."
    ),
    BOOSTING,
    "",
)
_SMOTE = (
    Text(
        "SMOTE grows every small class, as repeating rows does, and takes as long again; the "
        "quick plan leaves it out here. Choose it to have it."
    ),
    "",
    "smote",
)
_REPEATED = (
    Text(
        "Repeating rows weighs the classes as class weights do, and takes longer; the quick plan "
        "leaves it out here. Choose it to have it."
    ),
    "",
    "random_over",
)


def _grown_note(ratio: float) -> Text:
    return Text(
        "The quick plan grows small classes to {ratio:g} of the largest, where the settings name "
        "no ratio of their own; choose strategies or classifiers yourself to grow them further.",
        {"ratio": ratio},
    )
