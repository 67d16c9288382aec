"""What a recommender is: a frozen spec that builds unfitted models over a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rebal_core.params import Value
from rebal_core.ranking.entry import Entry
from rebal_core.ranking.log import EventLog, Visits
from rebal_core.registry import Registry
from rebal_core.rows import Ints
from rebal_core.wording import Text

#: Told from 0 to 1 how much is done; what it raises ends the work.
Progress = Callable[[float], None]
Scores = NDArray[np.float32]


class FitProgress(Protocol):
    """Told from 0 to 1 how much of a fit is done; what it raises ends the fit."""

    def __call__(self, share: float, **epoch: Any) -> None:
        """Hear how far a fit is, and how an epoch went where one has just ended."""


def no_progress(share: float, **epoch: Any) -> None:
    """Tell nobody."""


class Ranker(Protocol):
    """A model that orders the whole catalogue for somebody by what he did."""

    kind: ClassVar[str]
    story_: list[dict[str, Any]]

    def fit(self, log: EventLog, progress: FitProgress = no_progress) -> None:
        """Learn from all events of a log."""

    def score(self, visits: Visits) -> Scores:
        """Return what each item is worth to each visit, shape (visits, items).

        Higher is better; finite. Visits may be of users that the log has not (code -1), and need
        not be those that were learned from: what is known of somebody is what stands in the visit.
        """

    def save(self, folder: Path) -> dict[str, Any]:
        """Write what was learned without pickle, and return plain values to keep beside it."""

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any]) -> Ranker:
        """Rebuild what :meth:`save` wrote."""


@runtime_checkable
class TellsChances(Protocol):
    """A model that may tell how likely it is that an item which is shown is chosen, or bought."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """What it tells the chance of: ``click``, ``buy``; nothing where it has not learned it."""

    def chances(self, visits: Visits, items: Ints | None = None) -> dict[str, Scores]:
        """Return the chance by task, shape (visits, k), of items of that shape; None for all."""


def chances_of(ranker: Ranker, visits: Visits, items: Ints) -> dict[str, Scores]:
    """Return the chances of items, shape (visits, k), by task; nothing where a model tells none."""
    if not isinstance(ranker, TellsChances) or not ranker.tasks:
        return {}
    return ranker.chances(visits, items)


def serves_every_log(log: EventLog, params: Mapping[str, Any]) -> Text | None:
    """Return no reason."""
    return None


def against_nothing(params: Mapping[str, Any], items: int) -> Text:
    """Return that there are no negatives."""
    return Text("It counts what was taken; nothing stands against it.")


@dataclass(frozen=True, kw_only=True)
class Recommender(Entry):
    """One entry of the registry of models.

    Parameters
    ----------
    make : callable ``(seed, **params) -> Ranker``
    serves : callable ``(log, params) -> Text or None``
        Tells why a log cannot be served.
    against : callable ``(params, items) -> Text``
        Tells what an item that was taken is held against, where so many items are met: the
        negatives of a log that has none.
    fast : mapping
        Settings under which it is tested quickly.
    """

    make: Callable[..., Ranker] = field(repr=False)
    serves: Callable[[EventLog, Mapping[str, Any]], Text | None] = field(
        default=serves_every_log, repr=False
    )
    against: Callable[[Mapping[str, Any], int], Text] = field(default=against_nothing, repr=False)
    fast: Mapping[str, Value] = field(default_factory=dict)

    def build(self, params: Mapping[str, Any] | None = None, seed: int = 0) -> Ranker:
        """Return an unfitted model."""
        return self.make(seed, **{**self.params, **(params or {})})


#: The family of models that order alike for everybody.
BASELINE = "baseline"

RECOMMENDERS: Registry[Recommender] = Registry(
    "model",
    {BASELINE: ("基线",), "neighbours": ("近邻",), "factors": ("矩阵分解",), "net": ("网络",)},
)
