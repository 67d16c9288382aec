"""What the models without a net have in common: arrays by name, and what a visit leaves behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rebal_core.files import put_arrays, read_arrays
from rebal_core.params import Number
from rebal_core.ranking.log import EventLog, Visits
from rebal_core.ranking.models.base import Progress, Scores, no_progress

Arrays = dict[str, NDArray[Any]]
Shape = tuple[int | None, ...]
FILE = "model.npz"
#: What popularity adds to a score, of 1 at most: it orders what a model cannot tell apart, and is
#: all that there is for somebody of whom nothing is known.
PRIOR = 1e-5


def prior_of(log: EventLog) -> NDArray[np.float32]:
    """Return the logarithm of each item's summed weights, from 0 to 1, shape (items,)."""
    told = np.log1p(np.bincount(log.item, np.maximum(log.weight, 0.0), len(log.items)))
    return np.asarray(told / max(told.max(initial=0.0), 1e-12), dtype=np.float32)


def tastes(log: EventLog) -> sp.csr_matrix:
    """Return what each user did as a matrix of shape (users, items), float32.

    The logarithm of the summed weights, 1 for one plain event: the tenth click on an item tells
    little. Measured on the e-shop's clicks, it is better than sums, and as good as ones.
    """
    found = log.visits().matrix(len(log.items))
    found.data = np.log2(1.0 + np.maximum(found.data, 0.0))
    found.eliminate_zeros()
    return found


def faded(visits: Visits, half_life: float) -> Visits:
    """Return the visits with events that weigh half as much every ``half_life`` events back."""
    age = np.repeat(visits.starts[1:], visits.lengths) - 1 - np.arange(len(visits.item))
    weight = np.maximum(visits.weight, 0.0) * 0.5 ** (age / half_life)
    return Visits(visits.user, visits.starts, visits.item, weight)


@dataclass
class KeptModel(ABC):
    """A model that is arrays by name, and the parameters that it was made with.

    Parameters
    ----------
    arrays_ : dict of arrays
        ``prior`` of shape (items,), and those of the model; empty before the fit.
    """

    kind: ClassVar[str]
    #: Arrays of whole numbers; the others are float32.
    whole: ClassVar[tuple[str, ...]] = ()

    seed: int = 0
    arrays_: Arrays = field(default_factory=dict, repr=False, kw_only=True)

    def fit(self, log: EventLog, progress: Progress = no_progress) -> None:
        """Learn from all events of a log."""
        progress(0.0)
        self.arrays_ = {"prior": prior_of(log), **self.learned(log, progress)}
        progress(1.0)

    @abstractmethod
    def learned(self, log: EventLog, progress: Progress) -> Arrays:
        """Return what this model learns beside the prior."""

    @abstractmethod
    def score(self, visits: Visits) -> Scores:
        """Return what each item is worth to each visit, shape (visits, items)."""

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the arrays as ``model.npz`` and return the parameters."""
        put_arrays(folder / FILE, self.arrays_)
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "arrays_"}

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any]) -> Self:
        """Rebuild what :meth:`save` wrote.

        Raises
        ------
        ValueError
            When the file holds other arrays than this model's.
        """
        found = cls(**about, arrays_=read_arrays(folder / FILE))
        found.check()
        return found

    def check(self) -> None:
        """Refuse arrays that are not this model's, of which a file of strangers may be made.

        Raises
        ------
        ValueError
        """
        shapes = self.shapes(len(self.arrays_.get("prior", ())))
        if self.arrays_.keys() != shapes.keys():
            raise ValueError("arrays of another model")
        for name, array in self.arrays_.items():
            sizes = zip(array.shape, shapes[name], strict=False)
            fits = array.ndim == len(shapes[name]) and all(w in (None, n) for n, w in sizes)
            kind = array.dtype.kind == "i" if name in self.whole else array.dtype == np.float32
            if not (fits and kind and np.isfinite(array).all()):
                raise ValueError("numbers of another shape or kind")

    @abstractmethod
    def shapes(self, items: int) -> dict[str, Shape]:
        """Return the shape of each array for so many items; None for a size of its own."""


@dataclass
class HistoryModel(KeptModel):
    """One that scores by what somebody did, of which the latest counts most.

    Parameters
    ----------
    half_life : float
        Events after which an earlier one weighs half.
    """

    half_life: float = 0.5

    @abstractmethod
    def suited(self, history: sp.csr_matrix) -> Scores:
        """Return how much items suit histories of shape (visits, items); nothing suits none."""

    def score(self, visits: Visits) -> Scores:
        """Return what each item is worth to each visit, shape (visits, items)."""
        prior = self.arrays_["prior"]
        scores = self.suited(faded(visits, self.half_life).matrix(len(prior)))
        scores += np.float32(PRIOR) * prior
        return scores


@dataclass
class PairModel(HistoryModel):
    """One that passes on what was done from item to item, each by a number of its own.

    Parameters
    ----------
    repeats : float
        How near an item is to itself, where 1 is as near as the nearest other. What was seen is
        often the likeliest to be seen again, and often not what one wants to be shown.

    Notes
    -----
    ``arrays_["nearest"]`` of shape (items,) is how near the nearest other item is.
    """

    repeats: float = 0.8

    @abstractmethod
    def passed(self, shares: sp.csr_matrix) -> Scores:
        """Return what comes to items from the others, shape (visits, items)."""

    def suited(self, history: sp.csr_matrix) -> Scores:
        """Return the mean of how near items are to what was done."""
        total = np.asarray(history.sum(axis=1)).ravel()
        shares, owner = history.copy(), np.repeat(np.arange(len(total)), np.diff(history.indptr))
        shares.data /= np.maximum(total, np.float32(1e-30))[owner]
        scores = self.passed(shares)
        own = self.arrays_["nearest"][shares.indices] * shares.data
        scores[owner, shares.indices] += np.float32(self.repeats) * own
        return scores


HALF_LIFE = Number(
    "half_life",
    "Half-life",
    "Events of the visit after which an earlier one weighs half as much as the last.",
    0.5,
    0.1,
    1e6,
)
REPEATS = Number(
    "repeats",
    "Repeats",
    "How near an item is to itself; 1 is as near as its nearest other item, 0 shows none again "
    "before what is near it.",
    0.8,
    0.0,
    10.0,
)
