"""Which arms a comparison holds: what was asked for, what is always there, what cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.facts import TableFacts
from rebal_core.strategies import ALWAYS, DUMMY, QUICK, STRATEGIES, Strategies, Strategy
from rebal_core.strategies.rivals import spread, unswitched
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


def read_strategies(asked: str | Sequence[str], known: Strategies = STRATEGIES) -> list[str]:
    """Return the names behind ``quick``, ``all``, or a list of names and aliases.

    Raises
    ------
    UserError
        When a word names nothing, or a family.
    """
    if asked == "quick":
        return list(QUICK)
    if asked == "all":
        return [s.name for s in known if s.name not in (*ALWAYS, DUMMY.strategy)]
    words = asked.split(",") if isinstance(asked, str) else asked
    found = [known.find(word).name for word in words if word.strip()]
    if not found:
        raise UserError("No strategy was named; name at least one, or say quick or all.")
    return [name for name in dict.fromkeys(found) if name != DUMMY.strategy]


def read_classifiers(asked: str | Sequence[str] | None) -> list[str]:
    """Return the names of the classifiers asked for; None is the usual two, ``all`` all that work.

    Raises
    ------
    UserError
        When a word names nothing, or no classifier is left.
    """
    if asked is None:
        return list(CLASSIFIERS_BY_DEFAULT)
    if asked == "all":
        return [c.name for c in CLASSIFIERS if c.family != "reference" and c.absent() is None]
    words = asked.split(",") if isinstance(asked, str) else asked
    found = [CLASSIFIERS.find(word).name for word in words if word.strip()]
    names = [n for n in dict.fromkeys(found) if CLASSIFIERS[n].family != "reference"]
    if not names:
        choices = ", ".join(c.name for c in CLASSIFIERS if c.family != "reference")
        raise UserError("No classifier was named; choose from: {classifiers}.", classifiers=choices)
    return names


def choose_arms(
    strategies: Sequence[str],
    classifiers: Sequence[str],
    facts: TableFacts,
    params: Mapping[str, Mapping[str, Any]],
    everything: bool = False,
    known: Strategies = STRATEGIES,
) -> ArmList:
    """Combine strategies and classifiers, and add what every comparison needs.

    The dummy; none, threshold and class weights on every classifier; the untreated arms of every
    classifier that a strategy brings itself; the rival of each strategy that has one, and of each
    switch that is judged apart. What cannot serve the table is left out with its reason.

    Parameters
    ----------
    strategies, classifiers : sequence of str
        Names that are known.
    facts : TableFacts
    params : mapping of name to mapping
        What is set, of strategies and of classifiers. A rival is as large as what it is held
        against, where nothing is set of it.
    everything : bool
        Whether all strategies were asked for: ensembles are then compared on their usual classifier
        alone.
    known : Strategies
        The registry, perhaps with what a user saved.

    Raises
    ------
    UserError
        When a parameter is unknown or no classifier can serve the table.
    """
    chosen = ArmList()
    chosen.add(DUMMY, None)
    specs = [s for name in strategies if _suits(s := known[name], facts, classifiers, chosen)]
    rivals = [spec.rival for spec in specs if spec.rival is not None and spec.learner is None]
    wanted = list(dict.fromkeys((*ALWAYS, *(spec.name for spec in specs), *rivals)))
    params = {**_of_rivals(specs, params, facts), **params}
    asked = {n: known[n].with_params(params.get(n, {}), facts) for n in wanted}
    for classifier in classifiers:
        for name, strategy in asked.items():
            alone = _canonical(strategy, classifiers) if everything else None
            if strategy.learner is None and alone in (None, classifier):
                arm = arm_of(name, classifier, params, facts, known)
                if strategy.untreated and arm.params:  # what others are compared with stays
                    reason = known[name].unsuitable(facts, classifier)
                    chosen.add(replace(arm, params=()), reason)
                _add(chosen, arm, strategy.unsuitable(facts, classifier))
    for name, strategy in asked.items():
        if strategy.learner is not None:
            arm = arm_of(name, strategy.learner, params, facts, known)
            _add_own(chosen, arm, strategy, params, facts)
    if chosen.arms == [DUMMY]:
        name, why = chosen.left_out[0]
        raise UserError("No classifier can serve this table; {arm}: {reason}", arm=name, reason=why)
    return chosen


def _add_own(
    chosen: ArmList,
    arm: Arm,
    strategy: Strategy,
    params: Mapping[str, Mapping[str, Any]],
    facts: TableFacts,
) -> None:
    """Add the arm of a strategy that brings its own classifier, and what it is compared with."""
    reason = strategy.unsuitable(facts, arm.classifier)
    for name in _beside(strategy) if reason is None else ():
        other = arm_of(name, arm.classifier, params, facts)
        chosen.add(replace(other, params=()) if name in UNTREATED else other, None)
    _add(chosen, arm, reason)


def _add(chosen: ArmList, asked: Arm, reason: Text | None) -> None:
    """Add an arm for each amount, and before it the same without what is judged apart."""
    for arm in spread(asked):
        plain = unswitched(arm)
        if plain is not None:
            chosen.add(plain, reason)
        chosen.add(arm, reason)


def _suits(spec: Strategy, facts: TableFacts, classifiers: Sequence[str], chosen: ArmList) -> bool:
    """Return whether a table has what a user saved with a strategy; else it is left out."""
    try:
        spec.with_params({}, facts)
    except UserError as error:
        for classifier in classifiers:
            chosen.add(Arm(spec.made_of, classifier), error.text)
        return False
    return True


def _beside(strategy: Strategy) -> tuple[str, ...]:
    """Return what a strategy that brings its own classifier is compared with on it."""
    if not strategy.remedy:
        return ()
    return UNTREATED if strategy.rival is None else (*UNTREATED, strategy.rival)


def _canonical(strategy: Strategy, classifiers: Sequence[str]) -> str | None:
    """Return the one classifier on which an ensemble is compared among all strategies."""
    usual = () if strategy.ensemble is None else strategy.ensemble.canonical
    if not usual:
        return None
    return next((name for name in usual if name in classifiers), classifiers[0])


def _of_rivals(
    specs: Sequence[Strategy], params: Mapping[str, Mapping[str, Any]], facts: TableFacts
) -> dict[str, dict[str, Any]]:
    """Return what is set of rivals by what is set of the strategies held against them.

    The same ensemble without balancing has as many members: the most, where they differ.
    """
    found: dict[str, dict[str, Any]] = {}
    for spec in specs:
        asked = params.get(spec.name, {})
        if spec.rival is None or not (asked or spec.preset):
            continue
        rival, values = STRATEGIES[spec.rival], spec.with_params(asked, facts).params
        shared = {n: v for n, v in values.items() if v != spec.params[n] and n in rival.params}
        known = found.setdefault(rival.name, {})
        found[rival.name] = known | {n: max(v, known.get(n, v)) for n, v in shared.items()}
    return found


def arm_of(
    strategy: str,
    classifier: str,
    params: Mapping[str, Mapping[str, Any]],
    facts: TableFacts | None = None,
    known: Strategies = STRATEGIES,
) -> Arm:
    """Return an arm with those parameters that differ from the defaults.

    Of a strategy that a user saved it is the arm of what that is made of: it needs no home to be
    read again.

    Parameters
    ----------
    strategy, classifier : str
        Names that are known.
    params : mapping of name to mapping
        What is set, of strategies and of classifiers.
    facts : TableFacts, optional
        Of the table whose classes and columns the values name.
    known : Strategies
        The registry, perhaps with what a user saved.

    Raises
    ------
    UserError
        When there is no such parameter or the value does not suit it.
    """
    spec = known[strategy]
    changed = spec.with_params(params.get(strategy, {}), facts).params
    usual = spec.params
    different = {name: value for name, value in changed.items() if value != usual[name]}
    # A learner that a strategy brings has that strategy's parameters, not its own.
    asked = {} if spec.learner else params.get(classifier, {})
    settings = CLASSIFIERS[classifier].read(asked, facts)
    return Arm(
        spec.made_of or strategy,
        classifier,
        tuple(sorted(different.items())),
        tuple(sorted(settings.items())),
    )
