"""One remedy or model in words: what it does, and what may be set of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rebal_core.cli.output import columns
from rebal_core.params import (
    Amounts,
    Choice,
    ColumnName,
    ColumnNames,
    Counts,
    Number,
    Param,
    Switch,
    Table,
)

if TYPE_CHECKING:
    from rebal_core.classifiers import Classifier
    from rebal_core.ranking.entry import Entry
    from rebal_core.strategies import Strategy
    from rebal_core.strategies.base import Strategies

#: What becomes of the probabilities, by the field of a strategy.
_PROBABILITIES = {
    "kept": "kept",
    "shifted": "shifted to other class shares; a formula undoes that exactly",
    "bent": "bent; they are recalibrated on rows that the model has not learned from",
}


def about(word: str, known: Strategies) -> dict[str, Any]:
    """Return what is to be known of a remedy, or else of a model, also of rankings, JSON-able.

    What is also a remedy of ``rebal recommend`` tells of that by the key ``ranking``.

    Parameters
    ----------
    word : str
        A name or an alias.
    known : Strategies
        Those of the user's among them.

    Raises
    ------
    UserError
        When the word names neither.
    """
    from rebal_core.classifiers import CLASSIFIERS
    from rebal_core.ranking.models import RECOMMENDERS
    from rebal_core.ranking.remedies import REMEDIES

    if not known.names_one(word):
        for registry in (CLASSIFIERS, REMEDIES, RECOMMENDERS):
            if registry.names_one(word):
                return _of_model(registry.find(word))
    strategy = known.find(word)
    told = _of_strategy(strategy)
    if strategy.name in REMEDIES and not REMEDIES[strategy.name].untreated:
        told["ranking"] = _of_model(REMEDIES[strategy.name])
    return told


def _of_strategy(strategy: Strategy) -> dict[str, Any]:
    told = {
        "name": strategy.name,
        "label": strategy.label,
        "family": strategy.family,
        "about": strategy.about,
        "changes": list(strategy.changes),
        "probabilities": strategy.probabilities,
        "pitfall": strategy.pitfall,
        "reference": strategy.reference,
        "classifiers": list(strategy.serves),
        "parameters": _of_parameters(strategy.parameters, strategy.preset),
    }
    return told | ({"made_of": strategy.made_of} if strategy.made_of else {})


def _of_model(model: Classifier | Entry) -> dict[str, Any]:
    return {
        "name": model.name,
        "label": model.label,
        "family": model.family,
        "about": model.about,
        "reference": model.reference,
        "parameters": _of_parameters({p.name: p for p in model.parameters}, {}),
    }


def _of_parameters(
    parameters: Mapping[str, Param], preset: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": parameter.label,
            "about": parameter.about,
            "default": preset.get(name, parameter.default),
            "range": _range(parameter),
        }
        for name, parameter in parameters.items()
    ]


def _range(parameter: Param) -> str:
    """Return what a parameter takes."""
    match parameter:
        case Amounts():
            return f"{_end(parameter.low)} to {_end(parameter.high)}, or several with commas"
        case Number():
            return f"{_end(parameter.low)} to {_end(parameter.high)}"
        case Counts():
            return f"class=rows, each from {_end(parameter.low)} to {_end(parameter.high)}"
        case Table():
            noun = "pair of classes" if parameter.pairs else "class"
            return f"a number per {noun}, from {_end(parameter.low)} to {_end(parameter.high)}"
        case Choice():
            return ", ".join(option for option, _words in parameter.options)
        case Switch():
            return "true, false"
        case ColumnName():
            return "a column"
        case ColumnNames():
            return "columns"
    return "text"


def about_text(told: Mapping[str, Any]) -> str:
    """Return :func:`about` for people."""
    lines = [f"{told['name']}: {told['label']}", told["about"], ""]
    facts = {
        "made of": told.get("made_of"),
        "changes": ", ".join(told.get("changes", ())),
        "probabilities": _PROBABILITIES.get(told.get("probabilities", "")),
        "models": ", ".join(told.get("classifiers", ())),
        "pitfall": told.get("pitfall"),
        "reference": told["reference"],
    }
    lines += [f"{name}: {words}" for name, words in facts.items() if words]
    rows = [
        (p["name"], _written(p["default"]), p["range"], f"{p['label']}. {p['about']}")
        for p in told["parameters"]
    ]
    heads = ("parameter", "default", "takes", "meaning")
    lines += ["", columns(rows, heads) if rows else "There is nothing to set."]
    if "ranking" in told:
        lines += ["", "In rebal recommend:", about_text(told["ranking"])]
    return "\n".join(lines)


def _end(bound: float) -> str:
    return f"{bound:,.0f}" if bound >= 10_000 else f"{bound:g}"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "-"
    return "-" if value in (None, "") else str(value)
