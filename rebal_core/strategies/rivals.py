"""Which arms stand beside one another: each amount that is asked for, and what one has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rebal_core.arm import Arm
from rebal_core.params import Amounts, Switch
from rebal_core.strategies.base import STRATEGIES


def spread(arm: Arm) -> list[Arm]:
    """Return an arm for each amount where several are set; the usual one is not set then."""
    known = STRATEGIES[arm.strategy].parameters
    for name, values in arm.params:
        if isinstance(values, tuple) and isinstance(p := known[name], Amounts):
            rest = [pair for pair in arm.params if pair[0] != name]
            each = ([(name, v)] if v != p.default else [] for v in values)
            arms = [replace(arm, params=tuple(sorted([*rest, *one]))) for one in each]
            return [found for one in arms for found in spread(one)]
    return [arm]


def unswitched(arm: Arm) -> Arm | None:
    """Return the arm without the switches that are judged apart; None where none is on."""
    known = STRATEGIES[arm.strategy].parameters
    apart = {n for n, on in arm.params if on and isinstance(p := known[n], Switch) and p.apart}
    kept = tuple(pair for pair in arm.params if pair[0] not in apart)
    return replace(arm, params=kept) if apart else None


def rival_of(arm: Arm, among: Sequence[Arm]) -> Arm | None:
    """Return the arm's rival; None of one that has none.

    Parameters
    ----------
    arm : Arm
    among : sequence of Arm
        Of the same run: a rival of another name is one of these, as it was set.
    """
    plain, named = unswitched(arm), STRATEGIES[arm.strategy].rival
    if plain is not None or named is None:
        return plain
    bare = replace(arm, strategy=named, params=())
    return next((other for other in among if replace(other, params=()) == bare), bare)
