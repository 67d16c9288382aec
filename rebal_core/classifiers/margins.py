"""Machines of margins: linear in the columns, or in the nearness to some rows; kept as numbers."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from rebal_core.classifiers.crossfit import Sigmoids, cross_fit
from rebal_core.classifiers.encode import Encoding, encode
from rebal_core.files import put_arrays, read_arrays
from rebal_core.model import Explains, FitJob
from rebal_core.rows import Floats, Ints, TypedRows

FILE = "model.npz"
#: Rows whose nearness is computed at once.
_CHUNK = 4_096


@dataclass(frozen=True)
class Machine:
    """Margins ``f(x) = features(x) @ weights + intercept``.

    Parameters
    ----------
    weights : ndarray of shape (columns or centres, M)
        Of two classes M is 1, and the margin is the second's; of K it is K.
    intercept : ndarray of shape (M,)
    centres : ndarray of shape (centres, columns) or None
        The features are then ``exp(-gamma |x - centre|^2)``; else the columns themselves.
    gamma : float
    """

    weights: Floats
    intercept: Floats
    centres: Floats | None = None
    gamma: float = 0.0

    def margins(self, matrix: Any) -> Floats:
        """Return the margins of encoded rows, shape (n, M)."""
        if self.centres is None:
            return np.asarray(matrix @ self.weights + self.intercept)
        parts = [np.zeros((0, self.intercept.size))]
        for start in range(0, matrix.shape[0], _CHUNK):
            parts.append(self._near(matrix[start : start + _CHUNK]) @ self.weights)
        return np.asarray(np.concatenate(parts) + self.intercept)

    def _near(self, matrix: Floats) -> Floats:
        from sklearn.metrics.pairwise import rbf_kernel

        return np.asarray(rbf_kernel(matrix.astype(np.float64), self.centres, self.gamma))


@dataclass
class MarginModel(ABC):
    """A machine of margins, and the sigmoids that make probabilities of them.

    A subclass says how a machine is trained.

    Parameters
    ----------
    encoding : {"onehot", "distances"}
    explains : str
    n_classes : int
        K, known after the fit.
    classes_ : tuple of int
        Labels that the training rows hold.
    """

    kind: ClassVar[str] = "margins"

    seed: int = 0
    encoding: Encoding = "onehot"
    explains: Explains = "linear"
    n_classes: int = 0
    classes_: tuple[int, ...] = ()
    machine_: Machine | None = field(default=None, repr=False)
    sigmoids_: Sigmoids | None = field(default=None, repr=False)

    @abstractmethod
    def train(self, matrix: Any, y: Ints, weight: Floats | None) -> Machine:
        """Train on labels 0..K-1, all of which are there."""

    def fit(self, job: FitJob) -> None:
        """Train on all rows, and on the folds for the sigmoids."""
        rows, weight = job.rows, job.weight
        known, y = np.unique(rows.y, return_inverse=True)
        matrix = encode(rows, self.encoding)
        size = 1 if known.size == 2 else known.size

        def part(taught: Ints, asked: Ints) -> Floats:
            mass = None if weight is None else weight[taught]
            labels, own = np.unique(y[taught], return_inverse=True)
            found = np.full((asked.size, size), np.nan)
            if labels.size > 1:
                margins = self.train(matrix[taught], own, mass).margins(matrix[asked])
                _spread(margins, labels, found)
            return found

        self.n_classes, self.classes_ = job.n_classes, tuple(known.tolist())
        self.machine_ = self.train(matrix, y, weight)
        with warnings.catch_warnings():  # what did not converge was told of the whole already
            warnings.simplefilter("ignore")
            self.sigmoids_ = cross_fit(rows, y, weight, size, part, self.seed)

    def margins(self, rows: TypedRows) -> Floats:
        """Return the margins of rows, shape (n, M)."""
        if self.machine_ is None:
            raise ValueError("This model has not been fitted.")
        return self.machine_.margins(encode(rows, self.encoding))

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        proba = np.zeros((len(rows), self.n_classes))
        margins = self.margins(rows)
        assert self.sigmoids_ is not None
        proba[:, list(self.classes_)] = self.sigmoids_.probabilities(margins)
        return proba

    def save(self, folder: Path) -> dict[str, Any]:
        """Write all numbers as ``model.npz``."""
        machine, sigmoids = self.machine_, self.sigmoids_
        if machine is None or sigmoids is None:
            raise ValueError("This model has not been fitted.")
        centres = {} if machine.centres is None else {"centres": machine.centres}
        numbers = {"weights": machine.weights, "intercept": machine.intercept, **centres}
        put_arrays(folder / FILE, {**numbers, "slope": sigmoids.slope, "shift": sigmoids.shift})
        return {
            "encoding": self.encoding,
            "explains": self.explains,
            "n_classes": self.n_classes,
            "classes_": list(self.classes_),
            "gamma": machine.gamma,
        }

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]) -> MarginModel:
        """Rebuild what :meth:`save` wrote."""
        arrays = read_arrays(folder / FILE)
        classes, gamma = tuple(about["classes_"]), about["gamma"]
        size = 1 if len(classes) == 2 else len(classes)
        if type(gamma) is not float or not 0 <= gamma < np.inf:
            raise ValueError("a nearness that is none")
        weights = floats(arrays["weights"], (None, size))
        centres = floats(arrays["centres"], (len(weights), None)) if "centres" in arrays else None
        line = [floats(arrays[name], (size,)) for name in ("intercept", "slope", "shift")]
        model = cls(0, about["encoding"], about["explains"], about["n_classes"], classes)
        if model.encoding != ("onehot" if centres is None else "distances"):
            raise ValueError("a model of an unknown encoding")
        model.machine_ = Machine(weights, line[0], centres, gamma)
        model.sigmoids_ = Sigmoids(line[1], line[2])
        return model


@dataclass
class StoredMargins(MarginModel):
    """One of a file, which knows its machine and no longer how that was trained."""

    def train(self, matrix: Any, y: Ints, weight: Floats | None) -> Machine:
        """Refuse to."""
        raise ValueError("A model of a file is not trained again.")


def floats(array: Any, shape: tuple[int | None, ...]) -> Floats:
    """Return an array of a file, of which the sizes given and finite numbers are wanted.

    Raises
    ------
    ValueError
    """
    held = array.ndim == len(shape) and all(
        s is None or s == n for s, n in zip(shape, array.shape, strict=True)
    )
    if not held or array.dtype != np.float64 or not np.isfinite(array).all():
        raise ValueError("numbers of another shape or kind")
    return np.asarray(array)


def _spread(margins: Floats, labels: Ints, found: Floats) -> None:
    """Put margins of some classes into the columns of all; ``found`` receives them."""
    if found.shape[1] == 1:
        found[:] = margins
    elif labels.size == 2:  # of many classes two are left: the one's margin is the other's, turned
        found[:, labels] = np.hstack([-margins, margins])
    else:
        found[:, labels] = margins
