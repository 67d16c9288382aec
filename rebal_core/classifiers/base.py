"""What a classifier is: a frozen spec that builds unfitted models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np

from rebal_core.classifiers.encode import Encoding, encode
from rebal_core.facts import TableFacts
from rebal_core.model import Explains, FitJob, Model
from rebal_core.params import Number, Param, read_values
from rebal_core.registry import Registry
from rebal_core.rows import Floats, TypedRows
from rebal_core.wording import Text

#: Tells why a table cannot be served where so many rows are left to learn from, or None.
Unsuitability = Callable[[TableFacts, int], Text | None]
#: What a fit depends on beside its rows and parameters.
Outside = Callable[[], Mapping[str, Any]]

#: Of trees.
DEPTH = Number("max_depth", "Depth", "Questions one after the other; 0 for any number.", 0, 0, 1000)

#: Processor seconds of a fit of next to nothing; ``benchmarks/promise.py`` checks all of them.
FIXED = 0.03


@dataclass
class SklearnModel:
    """A scikit-learn estimator behind its encoding.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
    encoding : {"onehot", "ordinal"}
    explains : str
        Which explainer serves the estimator.
    n_classes : int
        K, known after the fit.
    """

    kind: ClassVar[str] = "sklearn"

    estimator: Any
    encoding: Encoding
    explains: Explains = "permutation"
    n_classes: int = 0

    def fit(self, job: FitJob) -> None:
        """Fit the estimator."""
        self.n_classes = job.n_classes
        rows = job.rows
        self.estimator.fit(encode(rows, self.encoding), rows.y, sample_weight=job.weight)

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        known = self.estimator.predict_proba(encode(rows, self.encoding))
        proba = np.zeros((len(rows), self.n_classes))
        if known.shape != (len(rows), len(self.estimator.classes_)):
            raise ValueError("answers for other classes than it names")
        proba[:, self.estimator.classes_] = known
        return proba

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the estimator as skops."""
        from rebal_core.classifiers.skops_file import dump

        dump(self.estimator, folder / "model.skops")
        return {
            "encoding": self.encoding,
            "explains": self.explains,
            "n_classes": self.n_classes,
        }

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]) -> SklearnModel:
        """Rebuild what :meth:`save` wrote."""
        from rebal_core.classifiers.skops_file import load

        estimator = load(folder / "model.skops", trusted)
        # Files of before this was kept are told by their classifier.
        explains = about.get("explains", "permutation")
        return SklearnModel(estimator, about["encoding"], explains, about["n_classes"])


def always_suitable(facts: TableFacts, left: int) -> Text | None:
    """Return no reason: serves every table."""
    return None


def always_here() -> Text | None:
    """Return no reason: works on every computer."""
    return None


def next_to_nothing(facts: TableFacts, params: Mapping[str, Any]) -> float:
    """Return the seconds of a fit that looks at hardly anything."""
    return FIXED


@dataclass(frozen=True)
class Classifier:
    """One entry of the registry.

    Parameters
    ----------
    name, label, family, aliases, reference, about
        What people read and search for.
    make : callable ``(seed, **params) -> Model``
    parameters : tuple of Param
        What a user may set.
    later : tuple of str
        Parameters that it had not at first: at their defaults no key and no seed knows of them, so
        that the numbers of older runs stay.
    seconds : callable ``(facts, params)``
        Processor seconds of a fit on a table of this size.
    trusted : tuple of str
        Types, by their full names, that a file of its model may hold.
    device : {"cpu", "gpu-capable"}
    explain : {"linear", "trees", "permutation", "none"}
        Which explainer serves its models.
    holds_out : bool
        True when it stops early and so wants real rows that it is not fitted on.
    unsuitable : callable ``(facts, left)``
        Reason why it cannot serve a table, or None; ``left`` are the rows of a training part that
        the remedy leaves it to learn from.
    absent : callable
        Reason why it cannot work on this computer, or None.
    take_file : callable ``(path)``, optional
        Remembers the file that it cannot work without.
    outside : callable
        What its fits depend on beside rows and parameters, plain values; they make keys and seeds.
    """

    name: str
    label: str
    family: str
    aliases: tuple[str, ...]
    reference: str
    about: str
    make: Callable[..., Model] = field(repr=False)
    parameters: tuple[Param, ...] = ()
    later: tuple[str, ...] = ()
    seconds: Callable[[TableFacts, Mapping[str, Any]], float] = field(
        default=next_to_nothing, repr=False
    )
    trusted: tuple[str, ...] = ()
    device: Literal["cpu", "gpu-capable"] = "cpu"
    explain: Explains = "none"
    holds_out: bool = False
    unsuitable: Unsuitability = field(default=always_suitable, repr=False)
    absent: Callable[[], Text | None] = field(default=always_here, repr=False)
    take_file: Callable[[str], None] | None = field(default=None, repr=False)
    outside: Outside = field(default=dict, repr=False)

    @property
    def params(self) -> Mapping[str, Any]:
        """Parameters and their defaults."""
        return MappingProxyType({p.name: p.default for p in self.parameters})

    def identity(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that make keys and seeds; see ``later`` and ``outside``."""
        values = {**self.params, **settings}
        shown = {n: v for n, v in values.items() if n not in self.later or v != self.params[n]}
        return {**shown, **self.outside()}

    def reason(self, facts: TableFacts, left: int) -> Text | None:
        """Return why it cannot serve a table here, or None; see ``absent`` and ``unsuitable``."""
        return self.absent() or self.unsuitable(facts, left)

    def read(self, values: Mapping[str, Any], facts: TableFacts | None = None) -> dict[str, Any]:
        """Return values in their own types, those that differ from the defaults alone.

        Raises
        ------
        UserError
            When there is no such parameter, or the value does not suit it.
        """
        read = read_values(self.name, self.parameters, values, facts)
        return {name: value for name, value in read.items() if value != self.params[name]}

    def build(self, params: Mapping[str, Any] | None = None, seed: int = 0) -> Model:
        """Return an unfitted model."""
        return self.make(seed, **{**self.params, **(params or {})})


CLASSIFIERS: Registry[Classifier] = Registry(
    "classifier",
    {
        "linear": ("线性模型",),
        "trees": ("tree", "树模型"),
        "neighbours": ("similarity", "相似度"),
        "bayes": ("probabilistic", "概率模型"),
        "net": ("neural_network", "nn"),
        "foundation": ("pretrained", "基础模型"),
        "reference": ("基线",),
    },
)
