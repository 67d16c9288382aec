"""Every user, query, visit or day counts alike in training, however many events it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rebal_core.params import ColumnName
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.remedies.base import REMEDIES, Remedy
from rebal_core.ranking.remedies.columns import CLIP, codes, evened
from rebal_core.rows import Floats


def weigh(log: EventLog, params: Mapping[str, Any]) -> Floats:
    """Return one over the events of the context, cut, with a mean of 1; without one the mean."""
    context = codes(log, params["context"]) if params["context"] else log.user
    known = context >= 0
    events = np.full(len(log), np.nan)
    events[known] = np.bincount(context[known])[context[known]]
    return evened(1.0 / events, float(params["clip"]))


contextual = REMEDIES.add(
    Remedy(
        name="contextual",
        label="Contextual sampling",
        family="weights",
        reference="Cao et al. (2006), Adapting ranking SVM to document retrieval, SIGIR",
        about="In training every context counts alike: an event weighs one over the events of its "
        "query, visit or day, or of its user where none of them is named.",
        aliases=(
            *("context_weight", "query_weight", "per_user_weight"),
            *("上下文采样", "情境采样", "按上下文加权", "按用户加权"),
        ),
        parameters=(
            ColumnName(
                "context", "Context", "The column of the query, visit or day; empty for the user."
            ),
            CLIP,
        ),
        weigh=weigh,
    )
)
