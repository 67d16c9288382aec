"""Which arms a comparison holds: what was asked for, what is always there, what cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.facts import TableFacts
from rebal_core.strategies import ALWAYS, DUMMY, QUICK, STRATEGIES
from rebal_core.wording import Text, UserError

CLASSIFIERS_BY_DEFAULT = ("logistic", "hist_gradient_boosting")
#: Arms that leave the model alone: what a remedy is compared with.
UNTREATED = ("none", "threshold")


@dataclass
class ArmList:
    """Arms in the order of the registries, and what was left out, with reasons."""

    arms: list[Arm] = field(default_factory=list)
    left_out: list[tuple[str, Text]] = field(default_factory=list)

    def add(self, arm: Arm, reason: Text | None) -> None:
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
    facts: TableFacts,
    params: Mapping[str, Mapping[str, Any]],
) -> ArmList:
    """Combine strategies and classifiers, and add what every comparison needs.

    The dummy; none, threshold and class weights on every classifier; the untreated arms of every
    classifier that a strategy brings itself; the rival of each strategy that has one. What cannot
    serve the table is left out with its reason.

    Raises
    ------
    UserError
        When a parameter is unknown or no classifier can serve the table.
    """
    chosen = ArmList()
    chosen.add(DUMMY, None)
    specs = [STRATEGIES[name] for name in strategies]
    rivals = [spec.rival for spec in specs if spec.rival is not None and spec.learner is None]
    wanted = list(dict.fromkeys((*ALWAYS, *strategies, *rivals)))
    asked = {n: STRATEGIES[n].with_params(params.get(n, {}), facts) for n in wanted}
    for classifier in classifiers:
        for name, strategy in asked.items():
            if strategy.learner is None:
                arm = arm_of(name, classifier, params, facts)
                chosen.add(arm, strategy.unsuitable(facts, classifier))
    for name, strategy in asked.items():
        own = strategy.learner
        if own is not None:
            reason = strategy.unsuitable(facts, own)
            beside = (*UNTREATED, *((strategy.rival,) if strategy.rival else ()))
            for other in beside if reason is None else ():
                chosen.add(arm_of(other, own, params, facts), None)
            chosen.add(arm_of(name, own, params, facts), reason)
    if chosen.arms == [DUMMY]:
        name, why = chosen.left_out[0]
        raise UserError(
            "No classifier can serve this table; {name}: {reason}", name=name, reason=why
        )
    return chosen


def arm_of(
    strategy: str,
    classifier: str,
    params: Mapping[str, Mapping[str, Any]],
    facts: TableFacts | None = None,
) -> Arm:
    """Return an arm with those parameters that differ from the defaults.

    Parameters
    ----------
    strategy, classifier : str
        Registered names.
    params : mapping of name to mapping
        What is set, of strategies and of classifiers.
    facts : TableFacts, optional
        Of the table whose classes and columns the values name.

    Raises
    ------
    UserError
        When there is no such parameter or the value does not suit it.
    """
    spec = STRATEGIES[strategy]
    changed = spec.with_params(params.get(strategy, {}), facts).params
    different = {name: value for name, value in changed.items() if value != spec.params[name]}
    # A learner that a strategy brings has that strategy's parameters, not its own.
    asked = {} if spec.learner else params.get(classifier, {})
    settings = CLASSIFIERS[classifier].read(asked, facts)
    return Arm(
        strategy, classifier, tuple(sorted(different.items())), tuple(sorted(settings.items()))
    )
