"""Events of popular items count less in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rebal_core.params import Number
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.remedies.base import REMEDIES, Remedy
from rebal_core.ranking.remedies.columns import evened
from rebal_core.rows import Floats

#: A weight is cut at so many times the mean: one sale shall not speak for a hundred.
MOST = 20.0


def weigh(log: EventLog, params: Mapping[str, Any]) -> Floats:
    """Return ``popularity ** -power`` of each event's item, cut at 20 and with a mean of 1."""
    raw: Floats = log.popularity[log.item].astype(float) ** -float(params["power"])
    return evened(raw, MOST)


popularity_weight = REMEDIES.add(
    Remedy(
        name="popularity_weight",
        label="Popularity weights",
        family="weights",
        reference="Steck (2011), Item popularity and recommendation accuracy, RecSys",
        about="In training an event counts by its item's popularity to the power of minus this.",
        aliases=("inverse_popularity", "popularity_debias", "流行度加权", "流行度去偏"),
        parameters=(
            Number("power", "Power", "0 leaves all as it is, 1 weighs items alike.", 0.5, 0, 1),
        ),
        weigh=weigh,
    )
)
