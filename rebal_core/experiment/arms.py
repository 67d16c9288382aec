"""Which arms a comparison holds: what was asked for, what is always there, what cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.strategies import ALWAYS, DUMMY, QUICK, STRATEGIES, FoldFacts
from rebal_core.wording import UserError

CLASSIFIERS_BY_DEFAULT = ("logistic", "hist_gradient_boosting")
#: Arms that leave the model alone: what a remedy is compared with.
UNTREATED = ("none", "threshold")


@dataclass
class ArmList:
    """Arms in the order of the registries, and what was left out, with reasons."""

    arms: list[Arm] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def add(self, arm: Arm, reason: str | None) -> None:
        """Add an arm once, to the one list or the other."""
        if reason is not None:
            if arm.name not in [name for name, _ in self.left_out]:
                self.left_out.append((arm.name, reason))
        elif arm not in self.arms:
            self.arms.append(arm)


def read_strategies(asked: str | Sequence[str]) -> list[str]:
    """Return the names behind ``quick``, ``all``, or a list of names and aliases.

    Raises
    ------
    UserError
        When a word names nothing, or a family.
    """
    if asked == "quick":
        return list(QUICK)
    if asked == "all":
        return [s.name for s in STRATEGIES if s.name not in (*ALWAYS, DUMMY.strategy)]
    words = asked.split(",") if isinstance(asked, str) else asked
    found = [STRATEGIES.find(word).name for word in words if word.strip()]
    if not found:
        raise UserError("No strategy was named; name at least one, or say quick or all.")
    return [name for name in dict.fromkeys(found) if name != DUMMY.strategy]


def read_classifiers(asked: str | Sequence[str] | None) -> list[str]:
    """Return the names of the classifiers asked for; None means the usual two.

    Raises
    ------
    UserError
        When a word names nothing, or no classifier is left.
    """
    if asked is None:
        return list(CLASSIFIERS_BY_DEFAULT)
    words = asked.split(",") if isinstance(asked, str) else asked
    found = [CLASSIFIERS.find(word).name for word in words if word.strip()]
    names = [n for n in dict.fromkeys(found) if n != DUMMY.classifier]
    if not names:
        choices = ", ".join(c.name for c in CLASSIFIERS if c.name != DUMMY.classifier)
        raise UserError("No classifier was named; choose from: {choices}.", choices=choices)
    return names


def choose_arms(
    strategies: Sequence[str],
    classifiers: Sequence[str],
    facts: FoldFacts,
    params: Mapping[str, Mapping[str, Any]],
) -> ArmList:
    """Combine strategies and classifiers, and add what every comparison needs.

    The dummy; none, threshold and class weights on every classifier; the untreated arms of every
    classifier that a strategy brings itself. What cannot serve the table is left out with its
    reason.

    Raises
    ------
    UserError
        When a parameter is unknown or no classifier can serve the table.
    """
    chosen = ArmList()
    chosen.add(DUMMY, None)
    wanted = list(dict.fromkeys((*ALWAYS, *strategies)))
    asked = {name: STRATEGIES[name].with_params(params.get(name, {})) for name in wanted}
    for classifier in classifiers:
        for name, strategy in asked.items():
            if strategy.own_classifier is None:
                arm = arm_of(name, classifier, params.get(name, {}))
                chosen.add(arm, strategy.unsuitable(facts, classifier))
    for name, strategy in asked.items():
        own = strategy.own_classifier
        if own is not None:
            reason = strategy.unsuitable(facts, own)
            for untreated in UNTREATED if reason is None else ():
                chosen.add(Arm(untreated, own), None)
            chosen.add(arm_of(name, own, params.get(name, {})), reason)
    if chosen.arms == [DUMMY]:
        name, reason = chosen.left_out[0]
        raise UserError(
            "No classifier can serve this table; {name}: {reason}", name=name, reason=reason
        )
    return chosen


def arm_of(strategy: str, classifier: str, params: Mapping[str, Any]) -> Arm:
    """Return an arm with those parameters that differ from the defaults.

    Raises
    ------
    UserError
        When the strategy has no such parameter or the value does not suit it.
    """
    spec = STRATEGIES[strategy]
    changed = spec.with_params(params).params
    different = {name: value for name, value in changed.items() if value != spec.params[name]}
    return Arm(strategy, classifier, tuple(sorted(different.items())))
