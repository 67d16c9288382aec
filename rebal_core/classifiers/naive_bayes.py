"""Naive Bayes: every column tells its part as if it knew nothing of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier
from rebal_core.classifiers.crossfit import FOLDS, folds_of
from rebal_core.classifiers.margins import FILE, floats
from rebal_core.facts import TableFacts
from rebal_core.files import put_arrays, read_arrays
from rebal_core.model import Explains, FitJob
from rebal_core.params import Number
from rebal_core.rows import Floats, Ints, TypedRows

#: Processor seconds of rows x columns.
_VALUE = 6e-8
#: Least variance of a number, whose own is about 1: a constant column tells nothing.
_LEAST = 1e-3
_ARRAYS = ("prior", "mean", "variance", "table")


@dataclass
class BayesModel:
    """Normal numbers and independent categories, in every class its own.

    Parameters
    ----------
    smoothing : float
        Rows of the whole table that every class is taken to hold besides its own, in its variances
        and categories: a class of one row has no variance of its own.
    seed : int
        Of the folds.
    n_classes : int
        K, known after the fit.
    classes_ : tuple of int
        C labels that the training rows hold.
    numbers_ : dict of arrays
        ``prior`` (C,), ``mean`` and ``variance`` (C, p), ``table`` (C, sum of cardinality + 1): the
        logarithm of how likely a category is, missing or unknown first.
    temper_ : float
        Part of the evidence of the columns that counts: 1 takes them to be independent, and is far
        too sure where they repeat one another, so it is learned on rows held back.

    References
    ----------
    Hand, Yu (2001), Idiot's Bayes: not so stupid after all?, Int. Stat. Review 69, 385-398.
    """

    kind: ClassVar[str] = "bayes"
    explains: ClassVar[Explains] = "permutation"

    smoothing: float = 3.0
    seed: int = 0
    n_classes: int = 0
    classes_: tuple[int, ...] = ()
    cardinalities_: tuple[int, ...] = ()
    numbers_: dict[str, Floats] = field(default_factory=dict, repr=False)
    temper_: float = 1.0

    def fit(self, job: FitJob) -> None:
        """Count and measure, by the weights of the rows; then again on the folds."""
        rows, self.n_classes = job.rows, job.n_classes
        known, y = np.unique(rows.y, return_inverse=True)
        weight = np.ones(len(y)) if job.weight is None else job.weight / job.weight.mean()
        self.classes_ = tuple(known.tolist())
        self.cardinalities_ = tuple(rows.layout.cardinalities)
        self.numbers_ = self._counted(rows, y, weight)
        fold, told = folds_of(rows, y, self.seed), np.zeros((len(y), known.size))
        for held in range(FOLDS):
            taught, asked = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
            if taught.size:
                numbers = self._counted(rows.take(taught), y[taught], weight[taught])
                told[asked] = self._evidence(numbers, rows.take(asked))

        def loss(temper: float) -> float:
            logits = self.numbers_["prior"] + temper * told
            own = logits[np.arange(len(y)), y]
            return float(weight @ (logsumexp(logits, axis=1) - own))

        self.temper_ = float(minimize_scalar(loss, bounds=(0.01, 1.0), method="bounded").x)

    def _counted(self, rows: TypedRows, y: Ints, weight: Floats) -> dict[str, Floats]:
        size, x = len(self.classes_), _columns(rows)
        mass = np.bincount(y, weight, minlength=size)
        share = np.zeros((size, len(y)))
        share[y, np.arange(len(y))] = weight
        least, whole = np.maximum(mass, 1e-300)[:, None], weight @ x / mass.sum()
        mean = np.where(mass[:, None] > 0, (share @ x) / least, whole)
        spread = (weight @ (x - whole) ** 2) / mass.sum() + _LEAST
        own = np.maximum(share @ x**2 - least * mean**2, 0.0)
        variance = (own + self.smoothing * spread) / (least + self.smoothing)
        tables = [np.zeros((size, 0))]
        for j, cardinality in enumerate(rows.layout.cardinalities):
            cell = y * (cardinality + 1) + rows.codes[:, j] + 1
            counts = np.bincount(cell, weight, minlength=size * (cardinality + 1))
            counts = counts.reshape(size, -1)
            usual = (counts.sum(axis=0) + 1.0) / (mass.sum() + cardinality + 1.0)
            tables.append(np.log((counts + self.smoothing * usual) / (least + self.smoothing)))
        return {
            "prior": np.log(np.maximum(mass, 1e-12) / mass.sum()),
            "mean": mean,
            "variance": np.maximum(variance, _LEAST),
            "table": np.hstack(tables),
        }

    def _evidence(self, numbers: Mapping[str, Floats], rows: TypedRows) -> Floats:
        """Return what the columns tell of each class, in logarithms, shape (n, C)."""
        mean, variance, x = numbers["mean"], numbers["variance"], _columns(rows)
        # (x - m)^2 / v, written out so that no array of rows x classes x columns is made.
        told = x**2 @ (1 / variance).T - 2 * x @ (mean / variance).T
        told += (mean**2 / variance + np.log(variance)).sum(axis=1)
        told *= -0.5
        start = 0
        for j, cardinality in enumerate(self.cardinalities_):
            told += numbers["table"][:, start + 1 + rows.codes[:, j]].T
            start += cardinality + 1
        return told

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        told = self.numbers_["prior"] + self.temper_ * self._evidence(self.numbers_, rows)
        proba = np.zeros((len(rows), self.n_classes))
        proba[:, list(self.classes_)] = softmax(told, axis=1)
        return proba

    def save(self, folder: Path) -> dict[str, Any]:
        """Write all numbers as ``model.npz``."""
        put_arrays(folder / FILE, self.numbers_)
        names = ("smoothing", "temper_", "n_classes", "classes_", "cardinalities_")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]) -> BayesModel:
        """Rebuild what :meth:`save` wrote."""
        arrays = read_arrays(folder / FILE)
        classes, cardinalities = tuple(about["classes_"]), tuple(about["cardinalities_"])
        if any(type(size) is not int or not 0 <= size < 2**31 for size in cardinalities):
            raise ValueError("categories that are none")
        levels, size = sum(cardinalities) + len(cardinalities), len(classes)
        width = arrays["mean"].shape[-1]
        shapes = ((size,), (size, width), (size, width), (size, levels))
        held = {n: floats(arrays[n], shape) for n, shape in zip(_ARRAYS, shapes, strict=True)}
        if (held["variance"] <= 0).any():
            raise ValueError("a variance that is none")
        smoothing, temper = about["smoothing"], about["temper_"]
        if not all(type(v) is float and 0 < v < np.inf for v in (smoothing, temper)):
            raise ValueError("a smoothing that is none")
        return BayesModel(smoothing, 0, about["n_classes"], classes, cardinalities, held, temper)


def _columns(rows: TypedRows) -> Floats:
    """Return numbers and the dense form of text."""
    blocks = [rows.numbers] if rows.text_dense is None else [rows.numbers, rows.text_dense]
    return np.hstack(blocks).astype(np.float64)


def _make(seed: int, **params: Any) -> BayesModel:
    return BayesModel(seed=seed, **params)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    return FIXED + _VALUE * facts.rows * facts.width * (1 + facts.classes / 20)


naive_bayes = CLASSIFIERS.add(
    Classifier(
        name="naive_bayes",
        label="Naive Bayes",
        family="bayes",
        aliases=("nb", "gaussian_nb", "bayes", "朴素贝叶斯", "贝叶斯"),
        reference="Hand & Yu (2001), Idiot's Bayes: not so stupid after all?, Int. Stat. Review 69",
        about="Every column tells how typical it is of each class, as if it knew nothing of the "
        "others. Fast; how much it may trust them is learned on rows held back.",
        make=_make,
        parameters=(
            Number(
                "smoothing",
                "Smoothing",
                "Rows of the whole table that every class is taken to hold besides its own.",
                3.0,
                1e-3,
                1e4,
            ),
        ),
        seconds=_seconds,
        explain="permutation",
    )
)
