"""Nearest neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier
from rebal_core.classifiers.encode import distances
from rebal_core.classifiers.margins import FILE, floats
from rebal_core.classifiers.rbf_svm import too_many_levels
from rebal_core.facts import TableFacts
from rebal_core.files import put_arrays, read_arrays
from rebal_core.model import Explains, FitJob
from rebal_core.params import Choice, Number
from rebal_core.rows import Floats, Ints, TypedRows

#: Processor seconds of rows ^ 2 x columns: the tested rows, a quarter as many, each ask all.
_PAIR = 4e-11
#: Rows that ask at once.
_CHUNK = 10_000


@dataclass
class NeighborsModel:
    """Votes of the nearest training rows, and one vote more by the class shares.

    Without that vote a class that has no row nearby would be impossible, and one such row would
    cost more than all others together. Votes count as the rows weigh.

    Parameters
    ----------
    n_neighbors : int
    by : {"rows", "nearness"}
        Whether near rows count as much as the nearest, or by 1 / distance.
    n_classes : int
        K, known after the fit.
    space_ : ndarray of shape (n, d), float32
        The training rows, see :func:`rebal_core.classifiers.encode.distances`.
    y_ : ndarray of shape (n,)
    weight_ : ndarray of shape (n,)
    """

    kind: ClassVar[str] = "neighbors"
    explains: ClassVar[Explains] = "permutation"

    n_neighbors: int = 10
    by: str = "nearness"
    n_classes: int = 0
    space_: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 0), np.float32), repr=False
    )
    y_: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    weight_: Floats = field(default_factory=lambda: np.zeros(0), repr=False)

    def fit(self, job: FitJob) -> None:
        """Keep the rows."""
        self.n_classes = job.n_classes
        self.space_, self.y_ = distances(job.rows), job.rows.y
        self.weight_ = np.ones(len(self.y_)) if job.weight is None else np.asarray(job.weight)

    @property
    def classes_(self) -> tuple[int, ...]:
        """Labels that the training rows hold."""
        return tuple(np.unique(self.y_).tolist())

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        from sklearn.neighbors import NearestNeighbors

        search = NearestNeighbors(n_neighbors=min(self.n_neighbors, len(self.y_)))
        search.fit(self.space_)
        mass = np.bincount(self.y_, self.weight_, minlength=self.n_classes)
        a_row = self.weight_.sum() / max(np.count_nonzero(self.weight_), 1)
        usual = a_row * mass / max(mass.sum(), 1e-300)
        parts = [np.zeros((0, self.n_classes))]
        for start in range(0, len(rows), _CHUNK):
            asked = distances(rows.take(np.arange(start, min(start + _CHUNK, len(rows)))))
            far, near = search.kneighbors(asked)
            votes = self.weight_[near] * (self._nearness(far) if self.by == "nearness" else 1.0)
            counts = np.tile(usual, (len(asked), 1))
            np.add.at(counts, (np.arange(len(asked))[:, None], self.y_[near]), votes)
            parts.append(counts / counts.sum(axis=1, keepdims=True))
        return np.concatenate(parts)

    @staticmethod
    def _nearness(far: Floats) -> Floats:
        """Return 1 / distance, 1 on average; a row at distance 0 counts as a very near one."""
        scale = np.maximum(far.mean(axis=1, keepdims=True), 1e-12)
        worth = 1.0 / np.maximum(far, 0.01 * scale)
        return np.asarray(worth / worth.mean(axis=1, keepdims=True))

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the rows as ``model.npz``."""
        put_arrays(folder / FILE, {"space": self.space_, "y": self.y_, "weight": self.weight_})
        names = ("n_neighbors", "by", "n_classes")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def load(
        cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]
    ) -> NeighborsModel:
        """Rebuild what :meth:`save` wrote."""
        arrays = read_arrays(folder / FILE)
        space, y = arrays["space"], arrays["y"]
        weight = floats(arrays["weight"], (len(y),))
        k, classes = about["n_neighbors"], about["n_classes"]
        if type(k) is not int or type(classes) is not int or k < 1 or classes < 2:
            raise ValueError("neighbours or classes that are none")
        if y.dtype != np.int64 or space.dtype != np.float32 or space.ndim != 2:
            raise ValueError("rows of another kind")
        sound = len(space) == len(y) > 0 and (y >= 0).all() and (y < classes).all()
        if not sound or not np.isfinite(space).all() or (weight < 0).any():
            raise ValueError("rows that are none")
        return NeighborsModel(k, str(about["by"]), classes, space, y, weight)


def _make(seed: int, **params: Any) -> NeighborsModel:
    return NeighborsModel(**params)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    return FIXED + _PAIR * facts.rows**2 * (facts.width + facts.levels)


knn = CLASSIFIERS.add(
    Classifier(
        name="knn",
        label="Nearest neighbours",
        family="neighbours",
        aliases=("k_nearest_neighbors", "neighbors", "kneighbors", "k近邻", "最近邻"),
        reference="Cover & Hart (1967), Nearest neighbor pattern classification, IEEE Trans. "
        "Inf. Theory 13",
        about="Looks up the most similar training rows and lets them vote. Nothing is learned "
        "beforehand, so asking takes longer the more rows there are.",
        make=_make,
        parameters=(
            Number(
                "n_neighbors",
                "Neighbours",
                "Rows that vote: more make smoother probabilities and drown rare classes.",
                10,
                1,
                1000,
            ),
            Choice(
                "by",
                "Votes",
                "What a vote counts by.",
                "nearness",
                (("rows", "All alike"), ("nearness", "The nearer, the more")),
            ),
        ),
        seconds=_seconds,
        explain="permutation",
        unsuitable=lambda facts, left: too_many_levels(facts),
    )
)
