"""What is set of strategies and classifiers: whose parameter it is, and whether it is compared."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.classifiers.base import Classifier
from rebal_core.facts import TableFacts
from rebal_core.strategies import ALWAYS, STRATEGIES, Strategies, Strategy
from rebal_core.wording import Names, Text, UserError


def compared_settings(
    params: Mapping[str, Mapping[str, Any]],
    strategies: Sequence[str],
    classifiers: Sequence[str],
    facts: TableFacts,
    known: Strategies = STRATEGIES,
) -> dict[str, dict[str, Any]]:
    """Return what is set of the arms of a comparison, by the names that are known.

    Parameters
    ----------
    params : mapping of str to mapping
        Values by the names of parameters, for each strategy and classifier by name or alias.
    strategies, classifiers : sequence of str
        Names of what is compared.
    facts : TableFacts
        Of the table whose classes and columns the values name.
    known : Strategies
        The registry, perhaps with what a user saved.

    Raises
    ------
    UserError
        When a word names nothing that is compared, a parameter is unknown or set twice, or a
        value does not suit.
    """
    learners = {known[name].learner for name in strategies}
    rivals = {known[name].rival for name in strategies}  # they are compared unasked
    found: dict[str, dict[str, Any]] = {}
    for word, values in params.items():
        owner = _owner(word, known)
        if not isinstance(values, Mapping):
            raise UserError(
                "What is set of {owner} is {value}; give values by the names of its parameters.",
                owner=owner.name,
                value=repr(values),
            )
        found[owner.name] = _once(owner, [*found.get(owner.name, {}).items(), *values.items()])
        if isinstance(owner, Strategy):
            owner.with_params(values, facts)
        else:
            owner.read(values, facts)
        if owner.name not in {*ALWAYS, *strategies, *rivals, *classifiers, *learners}:
            raise UserError(
                "{owner} is set but not compared; add it to the {noun}, or leave its settings out.",
                owner=owner.name,
                noun=Text("strategies") if isinstance(owner, Strategy) else Text("classifiers"),
            )
    return found


def settings_of(strategy: Strategy, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is set of one strategy, whose name may stand before that of the parameter.

    Raises
    ------
    UserError
        When a parameter is set twice.
    """

    def bare(name: str) -> str:
        word, _, rest = name.partition(".")
        if name in strategy.params:
            return name
        owner = _strategy(word, STRATEGIES)
        mine = word == strategy.name or (owner is not None and owner.name == strategy.name)
        return rest if mine else name

    return _once(strategy, [(bare(name), value) for name, value in values.items()])


def _once(owner: Strategy | Classifier, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return values by the names under which an owner lists its parameters."""
    found: dict[str, Any] = {}
    for given, value in pairs:
        # A step may stand before a parameter that no other step has.
        name = given if given in owner.params else given.rpartition(".")[2]
        name = name if name in owner.params else given
        if name in found:
            raise UserError(
                "{owner}.{name} is set twice; set it once.", owner=owner.name, name=name
            )
        found[name] = value
    return found


def _owner(word: str, strategies: Strategies) -> Strategy | Classifier:
    """Return the one strategy or classifier that a user's word names."""
    strategy = _strategy(word, strategies)
    classifier = CLASSIFIERS.find(word) if CLASSIFIERS.names_one(word) else None
    if strategy is not None and (strategy.name == word or strategy.learner == word):
        return strategy
    if strategy is not None and classifier is not None:
        raise UserError(
            "“{word}” names a strategy and a classifier; say {strategy} or {classifier}.",
            word=word,
            strategy=strategy.name,
            classifier=classifier.name,
        )
    named = strategy or classifier
    if named is not None:
        return named
    known = [*strategies.names(), *CLASSIFIERS.names()]
    near = difflib.get_close_matches(word.strip().casefold(), known, n=1)
    if near:
        raise UserError(
            "There is no strategy or classifier called “{word}”; did you mean {near}?",
            word=word,
            near=near[0],
        )
    raise UserError(
        "There is no strategy or classifier called “{word}”; choose from: {names}.",
        word=word,
        names=Names(known),
    )


def _strategy(word: str, known: Strategies) -> Strategy | None:
    """Return the strategy, or the combination of several, that a word names, if any."""
    return known.find(word) if known.names_one(word) or "+" in word else None
