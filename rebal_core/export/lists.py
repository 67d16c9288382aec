"""The lists of an arm of a ranking as a table: a line a place."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rebal_core.data.profile import BANDS
from rebal_core.experiment.ranked import Ranked


def list_table(ranked: Ranked, arm: str) -> pa.Table:
    """Return ``user, rank, item, band`` of each place that an arm fills, user by user."""
    lists = ranked.lists(arm)
    visit, place = np.nonzero(lists >= 0)
    item = lists[visit, place]
    return pa.table(
        {
            "user": pa.array(ranked.users[visit], pa.string()),
            "rank": pa.array(place + 1, pa.int32()),
            "item": pa.array(ranked.items[item], pa.string()),
            "band": pa.array(np.array(BANDS, dtype=object)[ranked.arrays["bands"][item]]),
        }
    )
