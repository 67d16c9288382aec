"""Events of the tail count more in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rebal_core.params import Number
from rebal_core.ranking.bands import TAIL, bands_of
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.remedies.base import REMEDIES, Remedy
from rebal_core.ranking.remedies.columns import heavier
from rebal_core.rows import Floats


def weigh(log: EventLog, params: Mapping[str, Any]) -> Floats:
    """Return ``factor`` for events of items in the tail and 1 for others, with a mean of 1."""
    tail = (bands_of(log.popularity) == TAIL)[log.item]
    return heavier(tail, float(params["factor"]))


tail_upweight = REMEDIES.add(
    Remedy(
        name="tail_upweight",
        label="Heavier tail",
        family="weights",
        reference="Steck (2011), Item popularity and recommendation accuracy, RecSys",
        about="In training an event of an item in the tail counts several times.",
        aliases=("long_tail_upweight", "长尾加权"),
        parameters=(
            Number("factor", "Factor", "How many times such an event counts.", 3.0, 1, 100),
        ),
        weigh=weigh,
    )
)
