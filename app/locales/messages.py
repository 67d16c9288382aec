"""Finds every message: in the source of the app, and in what the core registers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).resolve().parent.parent
CORE = APP.parent / "rebal_core"

#: Calls whose first argument is a message: by the app, and by the core's translatable sentences.
CALLS = {APP: {"_", "message"}, CORE / "evaluation": {"Text"}}
#: The texts of a registered spec that a reader sees.
FIELDS = ("label", "title", "about", "question", "facts", "why", "fix", "passed")


def messages() -> dict[str, list[str]]:
    """Return every message, in order of appearance, with the places it comes from."""
    found: dict[str, list[str]] = {}
    for text, place in [*_in_source(), *_in_registries()]:
        if text:
            places = found.setdefault(text, [])
            if place not in places:
                places.append(place)
    return found


def _in_source() -> Iterator[tuple[str, str]]:
    for folder, calls in CALLS.items():
        for path in sorted(folder.rglob("*.py")):
            place = path.relative_to(APP.parent).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in calls and node.args:
                    yield from ((text, place) for text in _texts(node.args[0]))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts of a literal, or of both sides of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _in_registries() -> Iterator[tuple[str, str]]:
    from rebal_core.checks import CHECKS
    from rebal_core.classifiers import CLASSIFIERS
    from rebal_core.data.goals import GOALS
    from rebal_core.data.samples import SAMPLES
    from rebal_core.metrics import METRICS
    from rebal_core.strategies import STRATEGIES

    registries = (SAMPLES, GOALS, CHECKS, STRATEGIES, CLASSIFIERS, METRICS)
    for registry in registries:
        for spec in registry:  # type: ignore[attr-defined]
            place = f"registry: {registry.noun}"
            for field in FIELDS:
                value = getattr(spec, field, "")
                if isinstance(value, str):
                    yield value, place
            for text in getattr(spec, "sentences", ()):
                yield text, place
