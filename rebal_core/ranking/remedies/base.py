"""What a remedy of a ranking is: other events or weights before a fit, or a decision after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rebal_core.ranking.entry import Entry
from rebal_core.ranking.log import EventLog
from rebal_core.ranking.segments import Aim
from rebal_core.registry import Registry
from rebal_core.rows import Floats
from rebal_core.wording import Text

#: Weights of the events of a log that is learned from, shape (events,), with a mean of 1.
Weigh = Callable[[EventLog, Mapping[str, Any]], Floats]
#: A log with made events beside the real ones, by its parameters and a seed.
Grow = Callable[[EventLog, Mapping[str, Any], int], EventLog]
#: Settings of a model that a remedy trains otherwise, by the remedy's parameters.
Teach = Callable[[Mapping[str, Any]], Mapping[str, Any]]
#: What was found on a log, in a sentence, or None.
Tells = Callable[[EventLog, Mapping[str, Any]], Text | None]
#: Why a log cannot be served, or None.
Serves = Callable[[EventLog, Mapping[str, Any]], Text | None]


def serves_every_log(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Return no reason."""
    return None


@dataclass(frozen=True, kw_only=True)
class Remedy(Entry):
    """One entry of the registry of remedies.

    Parameters
    ----------
    weigh : callable or None
        What each event counts in training; None where all count as they are.
    grow : callable or None
        Adds events that are learned from, and nothing else.
    teach : callable or None
        Trains the model by other settings; only models that have all of them can be served.
    serves : callable
    tells : callable or None
        What a reader should know of how it was done.
    needs : tuple of str
        Parameters that have to name a column.
    reranks : bool
        Whether it orders the scores of the untreated model anew: a decision, not a training.
    """

    weigh: Weigh | None = field(default=None, repr=False)
    grow: Grow | None = field(default=None, repr=False)
    teach: Teach | None = field(default=None, repr=False)
    serves: Serves = field(default=serves_every_log, repr=False)
    tells: Tells | None = field(default=None, repr=False)
    needs: tuple[str, ...] = ()
    reranks: bool = False

    @property
    def untreated(self) -> bool:
        """Whether it changes nothing."""
        return not (self.weigh or self.grow or self.teach or self.reranks)

    def aim(self, params: Mapping[str, Any]) -> Aim | None:
        """Return the segment that it is aimed at, by its parameters ``segment`` and ``value``."""
        column = params.get("segment")
        return Aim(column, params["value"]) if column else None

    def refuses(self, log: EventLog, params: Mapping[str, Any]) -> Text | None:
        """Return why it cannot serve a log, or None."""
        for needed in self.parameters:
            if needed.name in self.needs and not params[needed.name]:
                return Text(
                    "It needs a column of the table for “{label}”, which its parameter {parameter} "
                    "names.",
                    {"label": Text(needed.label), "parameter": needed.name},
                )
        return self.serves(log, params)


REMEDIES: Registry[Remedy] = Registry(
    "strategy",
    {
        "reference": ("对照",),
        "decision": ("决策",),
        "weights": ("加权",),
        "training": ("训练",),
        "synthesis": ("合成",),
    },
)
