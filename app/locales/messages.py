"""Every message that a reader meets: those of the source, and those of the registries.

A sentence of the core is a template with named gaps, ``“{table}” has no target column yet.``, which
is translated before it is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from app.locales.source import FIELDS, OF_APP, Found, errors, read_source

APP = Path(__file__).resolve().parent.parent
CORE = APP.parent / "rebal_core"


def messages() -> dict[str, list[str]]:
    """Return every message, in order of appearance, with the places it comes from."""
    found: dict[str, list[str]] = {}
    for text, place in [*_of_source(), *_of_registries()]:
        if any(letter.isalpha() for letter in text):
            places = found.setdefault(text, [])
            if place not in places:
                places.append(place)
    return found


def faults() -> list[str]:
    """Return a line for each message in the source that cannot be read without running it."""
    return [fault for found in sources() for fault in found.faults]


@cache
def sources() -> tuple[Found, ...]:
    """Return what was found in each file."""
    paths = sorted([*APP.rglob("*.py"), *CORE.rglob("*.py")])
    kinds = errors(paths)
    return tuple(read_source(p, p.relative_to(APP.parent).as_posix(), kinds) for p in paths)


def _of_source() -> Iterator[tuple[str, str]]:
    for message in (m for found in sources() for m in found.messages):
        # The core passes texts on by a template of nothing but gaps.
        if message.by in OF_APP or re.search(r"\w", re.sub(r"\{[^{}]*\}", "", message.text)):
            yield message.text, message.place


def _of_registries() -> Iterator[tuple[str, str]]:
    from rebal_core.checks import CHECKS
    from rebal_core.classifiers import CLASSIFIERS
    from rebal_core.data.goals import GOALS
    from rebal_core.data.samples import SAMPLES
    from rebal_core.decisions import REPAIRS
    from rebal_core.metrics import METRICS
    from rebal_core.ranking.models import RECOMMENDERS
    from rebal_core.ranking.remedies import REMEDIES
    from rebal_core.strategies import STRATEGIES

    known = (SAMPLES, GOALS, CHECKS, STRATEGIES, CLASSIFIERS, REPAIRS, METRICS)
    for registry in (*known, RECOMMENDERS, REMEDIES):
        yield registry.noun, f"registry of {registry.noun}"
        for spec in registry:  # type: ignore[attr-defined]
            for text in (*_texts(spec), *(t for p in _parameters(spec) for t in _texts(p))):
                yield text, f"registry of {registry.noun}"


def _texts(spec: Any) -> Iterator[str]:
    """Yield what a spec, or a parameter of one, tells a reader."""
    yield from getattr(spec, "sentences", ())
    yield from (words for _value, words in getattr(spec, "options", ()))
    yield from (text for f in FIELDS if isinstance(text := getattr(spec, f, ""), str))


def _parameters(spec: Any) -> Iterable[Any]:
    found = getattr(spec, "parameters", ())
    return found.values() if isinstance(found, Mapping) else found
