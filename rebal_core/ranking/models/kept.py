"""What the models without a net have in common: they are arrays by name, kept in one file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from rebal_core.files import put_arrays, read_arrays
from rebal_core.ranking.log import EventLog, Visits
from rebal_core.ranking.models.base import FitProgress, Scores, no_progress

Arrays = dict[str, NDArray[Any]]
Shape = tuple[int | None, ...]
FILE = "model.npz"


def prior_of(log: EventLog) -> NDArray[np.float32]:
    """Return the logarithm of each item's summed weights, from 0 to 1, shape (items,)."""
    told = np.log1p(np.bincount(log.item, np.maximum(log.weight, 0.0), len(log.items)))
    return np.asarray(told / max(told.max(initial=0.0), 1e-12), dtype=np.float32)


@dataclass
class KeptModel(ABC):
    """A model that is arrays by name, and the parameters that it was made with.

    Parameters
    ----------
    arrays_ : dict of arrays
        ``prior`` of shape (items,), and those of the model; empty before the fit.
    story_ : list of dict
        Of each epoch how it went; empty where a model does not learn in epochs.
    """

    kind: ClassVar[str]
    #: Arrays of whole numbers; the others are float32.
    whole: ClassVar[tuple[str, ...]] = ()

    seed: int = 0
    arrays_: Arrays = field(default_factory=dict, repr=False, kw_only=True)
    story_: list[dict[str, Any]] = field(default_factory=list, repr=False, kw_only=True)

    def fit(self, log: EventLog, progress: FitProgress = no_progress) -> None:
        """Learn from all events of a log."""
        progress(0.0)
        self.arrays_ = {"prior": prior_of(log), **self.learned(log, progress)}
        progress(1.0)

    @abstractmethod
    def learned(self, log: EventLog, progress: FitProgress) -> Arrays:
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
