"""Events that somebody stayed long at count more in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rebal_core.params import ColumnName
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.remedies.base import REMEDIES, Remedy
from rebal_core.ranking.remedies.columns import CLIP, evened, lacks_numbers, left_out, numbers
from rebal_core.rows import Floats
from rebal_core.wording import Text


def weigh(log: EventLog, params: Mapping[str, Any]) -> Floats:
    """Return the logarithm of 1 + seconds, cut, with a mean of 1."""
    return evened(np.log1p(numbers(log, params["dwell"])), float(params["clip"]))


def serves(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Refuse a column without numbers."""
    return lacks_numbers(log, params["dwell"])


def tells(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Tell how many seconds are none."""
    return left_out(log, params["dwell"])


dwell_weight = REMEDIES.add(
    Remedy(
        name="dwell_weight",
        label="Dwell weights",
        family="weights",
        reference="Yi et al. (2014), Beyond clicks: dwell time for personalization, RecSys",
        about="In training an event counts by the logarithm of the seconds that somebody stayed: "
        "a click that was left at once says little.",
        aliases=("dwell", "dwell_time", "dwell_time_weight", "停留时长加权", "停留时间加权"),
        parameters=(
            ColumnName("dwell", "Time that somebody stayed", "A column of seconds."),
            CLIP,
        ),
        needs=("dwell",),
        weigh=weigh,
        serves=serves,
        tells=tells,
    )
)
