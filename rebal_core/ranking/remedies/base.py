"""What a remedy of a ranking is: weights of events before a fit, or a decision after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rebal_core.ranking.entry import Entry
from rebal_core.ranking.log import EventLog
from rebal_core.registry import Registry
from rebal_core.rows import Floats

#: Weights of the events of a log that is learned from, shape (events,), with a mean of 1.
Weigh = Callable[[EventLog, Mapping[str, Any]], Floats]


@dataclass(frozen=True, kw_only=True)
class Remedy(Entry):
    """One entry of the registry of remedies.

    Parameters
    ----------
    weigh : callable or None
        What each event counts in training; None where all count as they are.
    reranks : bool
        Whether it orders the scores of the untreated model anew: a decision, not a training.
    """

    weigh: Weigh | None = field(default=None, repr=False)
    reranks: bool = False

    @property
    def untreated(self) -> bool:
        """Whether it changes nothing."""
        return self.weigh is None and not self.reranks


REMEDIES: Registry[Remedy] = Registry(
    "strategy",
    {"reference": ("对照",), "decision": ("决策",), "weights": ("加权",)},
)
