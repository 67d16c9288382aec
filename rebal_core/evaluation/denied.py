"""The arm that beats its untreated model, and is kept from helping by its rival, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rebal_core.evaluation.words import signed
from rebal_core.metrics import METRICS
from rebal_core.wording import Text

if TYPE_CHECKING:
    from rebal_core.evaluation.sentences import Story


def denied(story: Story) -> list[Text]:
    """Name the best arm that beats its reference and not its rival, with both distances."""
    found = {name: v for name, v in story.verdicts.items() if v.denied}
    if not found:
        return []
    arm = max(sorted(found), key=lambda name: found[name].difference.gain)
    v, metric = found[arm], METRICS[story.protocol.metric]
    sign = 1.0 if metric.better == "higher" else -1.0
    values = {
        "arm": arm,
        "d": signed(sign * v.difference.gain, metric.name),
        "rival": str(v.rival),
    }
    d = v.vs_rival
    if d is None or np.isnan(d.gain):
        return [
            Text(
                "{arm} beats its own untreated model ({d}), but its rival {rival} did not run to "
                "the end, so nothing is claimed.",
                values,
            )
        ]
    low, high = sorted(sign * end for end in d.interval(v.level))
    values |= {
        "e": signed(sign * d.gain, metric.name),
        "lo": signed(low, metric.name),
        "hi": signed(high, metric.name),
    }
    return [
        Text(
            "{arm} beats its own untreated model ({d}), but was not shown to beat its rival "
            "{rival} ({e}, {lo} to {hi}).",
            values,
        )
    ]
