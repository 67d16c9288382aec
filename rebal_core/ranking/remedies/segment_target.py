"""Events of one segment count more in training, and the others are watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.params import Choice, Number
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.remedies.base import REMEDIES, Remedy
from rebal_core.ranking.remedies.columns import SEGMENT, VALUE, has_segment, heavier
from rebal_core.ranking.segments import segments_of, values_of
from rebal_core.rows import Floats


def _values(log: EventLog, params: Mapping[str, Any]) -> NDArray[np.object_]:
    """Return the segment that each event is of."""
    if params["by"] == "events":
        return values_of(log, params["segment"])
    return segments_of(log, params["segment"])[log.user]


def weigh(log: EventLog, params: Mapping[str, Any]) -> Floats:
    """Return ``factor`` for events of the segment and 1 for others, with a mean of 1."""
    return heavier(_values(log, params) == params["value"], float(params["factor"]))


segment_target = REMEDIES.add(
    Remedy(
        name="segment_target",
        label="One segment",
        family="weights",
        reference="Kamiran & Calders (2012), Data preprocessing techniques for classification "
        "without discrimination, Knowledge and Information Systems 33 (weights by group)",
        about="In training the events of one segment of users count several times. Every other "
        "segment is watched, and those that are made worse are named.",
        aliases=("segment_weight", "target_segment", "分群加权", "目标人群加权", "人群定向"),
        parameters=(
            SEGMENT,
            VALUE,
            Number("factor", "Factor", "How many times such an event counts.", 3.0, 1, 100),
            Choice(
                "by",
                "Whose events",
                "Users are in the segment by the last value that is known of them.",
                "users",
                (("users", "all events of its users"), ("events", "events that have the value")),
            ),
        ),
        needs=("segment", "value"),
        weigh=weigh,
        serves=has_segment,
    )
)
