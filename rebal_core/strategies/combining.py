"""How chosen strategies stand together: in which orders, and with which of their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

from rebal_core.strategies.base import Strategy, combine
from rebal_core.wording import Unsuitable


def orders(parts: Sequence[Strategy]) -> list[Strategy]:
    """Return the combinations of some strategies, one for each order in which they can stand.

    The order given comes first where it is one of them.

    Raises
    ------
    Unsuitable
        When there is none; the text tells why.
    """
    found: dict[tuple[str, ...], Strategy] = {}
    for row in permutations(parts):
        try:
            whole = combine(*row)
        except Unsuitable:
            continue
        # What decides stands apart from the steps, wherever it is named.
        found.setdefault(tuple(step.name for step in whole.steps), whole)
    if not found:
        combine(*parts)
    serving = [whole for whole in found.values() if whole.serves]
    if not serving:
        raise Unsuitable("No classifier works with all of these steps; leave one out.")
    return serving


def joined_params(
    parts: Sequence[Strategy], values: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what is set of single strategies by the names under which their combination lists it.

    Parameters
    ----------
    parts : sequence of Strategy
        In the order in which they are combined.
    values : mapping of name to mapping
        What is set of each part, by the names of its parameters.
    """
    places = combine(*parts).places().items()
    names = {(place, parameter.name): name for name, (place, parameter) in places}
    found, before, last = {}, 0, sum(len(part.steps) for part in parts)
    for part in parts:
        for name, value in values.get(part.name, {}).items():
            place, parameter = part.places()[part.listed(name)]
            place = last if place == len(part.steps) else before + place  # a decision comes last
            found[names[place, parameter.name]] = value
        before += len(part.steps)
    return found
