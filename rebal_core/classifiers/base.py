"""What a classifier is: a frozen spec that builds unfitted models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

import numpy as np

from rebal_core.classifiers.encode import Encoding, encode
from rebal_core.registry import Registry
from rebal_core.rows import Floats, TypedRows

#: Called after each epoch with its number (from 1) and loss; what it raises ends the fit.
Progress = Callable[[int, float], None]


class Facts(Protocol):
    """What a classifier wants to know of a table before it is chosen."""

    @property
    def rows(self) -> int:
        """Rows with a label."""

    @property
    def counts(self) -> tuple[int, ...]:
        """Rows of each class."""

    @property
    def texts(self) -> int:
        """Text columns."""


@dataclass(frozen=True)
class Held:
    """Real rows kept aside for early stopping, weighted to the class shares of the fit."""

    rows: TypedRows
    weight: Floats


class Model(Protocol):
    """A classifier on typed rows."""

    n_classes: int

    def fit(
        self,
        rows: TypedRows,
        weight: Floats | None,
        *,
        n_classes: int,
        held: Held | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Fit on these rows; classes without rows will have probability 0."""

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities of shape (n, n_classes), rows summing to 1."""


@dataclass
class SklearnModel:
    """A scikit-learn estimator behind its encoding.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
    encoding : {"onehot", "ordinal"}
    n_classes : int
        K, known after the fit.
    """

    estimator: Any
    encoding: Encoding
    n_classes: int = 0

    def fit(
        self,
        rows: TypedRows,
        weight: Floats | None,
        *,
        n_classes: int,
        held: Held | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Fit the estimator."""
        self.n_classes = n_classes
        self.estimator.fit(encode(rows, self.encoding), rows.y, sample_weight=weight)

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        known = self.estimator.predict_proba(encode(rows, self.encoding))
        proba = np.zeros((len(rows), self.n_classes))
        if known.shape != (len(rows), len(self.estimator.classes_)):
            raise ValueError("answers for other classes than it names")
        proba[:, self.estimator.classes_] = known
        return proba


def always_suitable(facts: Facts, left: int) -> str | None:
    """Return no reason: serves every table."""
    return None


@dataclass(frozen=True)
class Classifier:
    """One entry of the registry.

    Parameters
    ----------
    name, label, family, aliases, reference, about
        What people read and search for.
    defaults : tuple of (str, value)
        Parameters.
    make : callable ``(seed, **params) -> Model``
    device : {"cpu", "gpu-capable"}
    explain : {"linear", "trees", "net", "none"}
        Which explainer serves it.
    holds_out : bool
        True when it stops early and so wants real rows that it is not fitted on.
    unsuitable : callable ``(facts, left)``
        Reason why it cannot serve a table, or None; ``left`` are the rows of a training part that
        the remedy leaves it to learn from.
    """

    name: str
    label: str
    family: str
    aliases: tuple[str, ...]
    reference: str
    about: str
    make: Callable[..., Model] = field(repr=False)
    defaults: tuple[tuple[str, Any], ...] = ()
    device: Literal["cpu", "gpu-capable"] = "cpu"
    explain: Literal["linear", "trees", "net", "none"] = "none"
    holds_out: bool = False
    unsuitable: Callable[[Facts, int], str | None] = field(default=always_suitable, repr=False)

    @property
    def params(self) -> Mapping[str, Any]:
        """Parameters and their defaults."""
        return MappingProxyType(dict(self.defaults))

    def build(self, params: Mapping[str, Any] | None = None, seed: int = 0) -> Model:
        """Return an unfitted model."""
        return self.make(seed, **{**self.params, **(params or {})})


CLASSIFIERS: Registry[Classifier] = Registry(
    "classifier",
    {
        "linear": ("线性模型",),
        "trees": ("tree", "树模型"),
        "net": ("neural_network", "nn"),
        "reference": ("基线",),
    },
)
