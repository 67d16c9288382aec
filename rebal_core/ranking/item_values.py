"""The values that items have in a column, as codes: what a head of two towers foretells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rebal_core.data.formats import count
from rebal_core.ranking.log import EventLog
from rebal_core.rows import Ints
from rebal_core.wording import Text

#: More values are no categories.
MOST = 1_000


def codes_of(log: EventLog, column: str) -> Ints:
    """Return the code of the value that each item has, shape (items,); -1 where it is missing."""
    assert log.beside_items is not None
    codes, _ = pd.factorize(log.beside_items[column], sort=True)
    return codes.astype(np.int64)


def refuses_values(log: EventLog, column: str) -> Text | None:
    """Return why the values of a column cannot be foretold, or None."""
    values = int(codes_of(log, column).max()) + 1
    if values < 2:
        return Text(
            "“{column}” has not two different values among the items, so there is nothing to "
            "foretell; choose another column.",
            {"column": column},
        )
    if values > MOST:
        return Text(
            "“{column}” has {values} values, and up to {most} can be foretold; choose a column of "
            "categories.",
            {"column": column, "values": count(values), "most": count(MOST)},
        )
    return None
