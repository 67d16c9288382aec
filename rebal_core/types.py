"""Dataclasses that more than one room of the house shares, and the two errors a user can cause.

Everything here is a frozen value: it can be hashed into a key, written as JSON, sent to a worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Role = Literal["target", "feature", "id", "group", "time", "item", "weight", "ignore"]
Kind = Literal["number", "category", "text", "time", "embedding"]
Fill = Literal["median", "most_frequent", "constant", "indicator"]
SplitRule = Literal["stratified", "group", "time"]

#: Where a row of a balanced set comes from; an array of origins holds positions in this tuple.
ORIGINS = ("original", "duplicate", "interpolated", "generated", "adversarial", "removed")
ORIGINAL, DUPLICATE, INTERPOLATED, GENERATED, ADVERSARIAL, REMOVED = range(6)

#: Scores of probabilities, then of decisions; the names of design.md 7.
SCORES = ("roc_auc", "average_precision", "log_loss", "brier", "calibration_ratio")
DECISIONS = (
    "f1",
    "macro_f1",
    "balanced_accuracy",
    "g_mean",
    "mcc",
    "accuracy",
    "recall",
    "precision",
)


class UserError(Exception):
    """A mistake of the user's making, told in one sentence: what, where, what to do."""


class Unsuitable(UserError):
    """A strategy or classifier that cannot serve this table; the text is the reason."""


@dataclass(frozen=True)
class Column:
    """One column of a table and what it is for.

    Parameters
    ----------
    name : str
        As in the accepted table (a doubled header has become ``y_2``).
    kind : {"number", "category", "text", "time", "embedding"}
        How its values are read. An embedding is a list of floats of one length.
    role : str
        What it is for; only ``feature`` columns reach a classifier.
    fill : {"median", "most_frequent", "constant", "indicator"}
        What stands in for a missing value; fitted inside each training fold. ``indicator`` is the
        median plus a column that says "was missing". Categories treat missing as one more value
        unless ``most_frequent`` or ``constant`` is asked for.
    constant : str or None
        The value of ``fill="constant"``.
    note : str
        Why the guess is what it is, for the user to read.
    """

    name: str
    kind: Kind
    role: Role = "feature"
    fill: Fill = "median"
    constant: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Schema:
    """The columns of a table with their roles.

    Parameters
    ----------
    columns : tuple of Column
        In the order of the table.
    positive : str or None
        Label of the class in focus; None means the rarest.
    """

    columns: tuple[Column, ...]
    positive: str | None = None

    def __getitem__(self, name: str) -> Column:
        """Return the column of that name; KeyError when absent."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def named(self, role: Role) -> tuple[str, ...]:
        """Names of the columns that have this role."""
        return tuple(c.name for c in self.columns if c.role == role)

    @property
    def target(self) -> str | None:
        """Name of the target column, None while it has not been chosen."""
        return next(iter(self.named("target")), None)

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns a classifier may see."""
        return tuple(c for c in self.columns if c.role == "feature")

    def with_role(self, role: Role, *names: str) -> Schema:
        """Give these columns the role; a column that was target before becomes a feature."""
        single = role in ("target", "time", "group", "weight")
        columns = []
        for c in self.columns:
            if c.name in names:
                c = replace(c, role=role)
            elif single and c.role == role:
                c = replace(c, role="feature" if role == "target" else "ignore")
            columns.append(c)
        return replace(self, columns=tuple(columns))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Schema:
        """Rebuild what :meth:`to_dict` wrote."""
        columns = tuple(Column(**c) for c in values["columns"])
        return cls(columns=columns, positive=values.get("positive"))


@dataclass(frozen=True)
class Layout:
    """What the columns of :class:`TypedRows` are, fixed when a preparation is fitted.

    Parameters
    ----------
    numbers : tuple of str
        Names behind ``TypedRows.numbers`` (an indicator is named ``col=missing``).
    codes : tuple of str
        Names behind ``TypedRows.codes``.
    cardinalities : tuple of int
        Values known per code column; codes run from 0 to cardinality-1, -1 is missing or unknown.
    texts : tuple of str
        Text columns, in the order in which their blocks stand in ``text`` and ``text_dense``.
    text_blocks : tuple of (int, int)
        Columns of each text column in ``text``.
    dense_blocks : tuple of (int, int)
        Columns of each text column in ``text_dense``.
    embeddings : tuple of str
        Embedding columns; their values stand in ``numbers`` after the plain numbers.
    players : tuple of str
        For each column of ``numbers``: the user's own column it belongs to.
    """

    numbers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    cardinalities: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    text_blocks: tuple[tuple[int, int], ...] = ()
    dense_blocks: tuple[tuple[int, int], ...] = ()
    embeddings: tuple[str, ...] = ()
    players: tuple[str, ...] = ()


@dataclass(frozen=True)
class TypedRows:
    """Rows as samplers and classifiers see them.

    Parameters
    ----------
    numbers : ndarray of shape (n, p), float32
        Scaled, filled; no NaN.
    codes : ndarray of shape (n, q), int32
        Categories as codes, -1 where missing or never seen in training.
    text : csr_matrix of shape (n, t) or None
        TF-IDF, for linear models.
    text_dense : ndarray of shape (n, <= 100 a text column) or None, float32
        Truncated SVD of it, for all others and for the neighbour search.
    y : ndarray of shape (n,), int64
        Labels 0..K-1.
    layout : Layout
        Names and widths.
    weight : ndarray of shape (n,) or None
        The user's own row weights (role ``weight``).
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.int32]
    y: Ints
    layout: Layout
    text: sp.csr_matrix | None = None
    text_dense: NDArray[np.float32] | None = None
    weight: Floats | None = None

    def __len__(self) -> int:
        return int(self.y.shape[0])

    def take(self, rows: Ints) -> TypedRows:
        """Return the rows at these positions, in this order; positions may repeat."""
        return replace(
            self,
            numbers=self.numbers[rows],
            codes=self.codes[rows],
            y=self.y[rows],
            text=None if self.text is None else self.text[rows],
            text_dense=None if self.text_dense is None else self.text_dense[rows],
            weight=None if self.weight is None else self.weight[rows],
        )


@dataclass(frozen=True)
class Recipe:
    """How each row of a resampled set comes from the rows it was made of.

    A sampler answers with a recipe, not with values: so provenance is exact, text and categories
    follow their parents, and the balanced data can be written in the user's own columns.

    Parameters
    ----------
    base : ndarray of shape (m,), int64
        Position of the row itself, or of the first parent.
    mate : ndarray of shape (m,), int64
        Position of the second parent, -1 for originals and duplicates.
    step : ndarray of shape (m,), float32
        ``u`` of ``base + u (mate - base)``; 0 for originals and duplicates.
    pick : ndarray of shape (m,), bool
        True where categories and text come from the mate.
    origin : ndarray of shape (m,), int8
        Positions in :data:`ORIGINS`.
    notes : tuple of str
        What the user should know, e.g. that a class of one row was copied instead.
    """

    base: Ints
    mate: Ints
    step: NDArray[np.float32]
    pick: NDArray[np.bool_]
    origin: NDArray[np.int8]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.base.shape[0])


@dataclass(frozen=True)
class Split:
    """One fold: which labelled rows train and which test.

    Parameters
    ----------
    repeat, fold : int
        From 0.
    train, test : ndarray of int64
        0-based row numbers of the accepted table.
    """

    repeat: int
    fold: int
    train: Ints
    test: Ints


@dataclass(frozen=True)
class Protocol:
    """How arms are judged; frozen before a run starts.

    Parameters
    ----------
    metric : str
        The primary metric, one of :data:`SCORES` or :data:`DECISIONS`.
    rule : str
        Threshold rule: ``"f1"``, ``"macro_f1"``, ``"balanced_accuracy"``, ``"g_mean"``, ``"mcc"``,
        ``"top_k:20"`` (act on 20 of 1,000 rows), ``"recall>=0.8"`` (highest precision with at
        least that recall), ``"none"`` (no cut-off is tuned).
    margin : float
        Differences inside plus or minus this are too small to matter.
    """

    metric: str
    rule: str
    margin: float = 0.01
    folds: int = 5
    repeats: int = 1
    split: SplitRule = "stratified"
    group: str | None = None
    time: str | None = None
    seed: int = 0
    tuning: int = 0


@dataclass(frozen=True)
class Arm:
    """A strategy with its parameters on a classifier with its parameters.

    Parameters
    ----------
    strategy, classifier : str
        Registered names.
    params : tuple of (str, value)
        Strategy parameters that differ from the defaults, sorted by name.
    """

    strategy: str
    classifier: str
    params: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """``strategy/classifier``, with changed parameters: ``smote(k_neighbors=9)/logistic``."""
        inside = ",".join(f"{k}={v}" for k, v in self.params)
        return f"{self.strategy}{f'({inside})' if inside else ''}/{self.classifier}"

    @classmethod
    def bare(cls, name: str) -> Arm:
        """Return the arm that a name speaks of, without its changed parameters."""
        strategy, _, classifier = name.rpartition("/")
        return cls(strategy.partition("(")[0], classifier)


@dataclass(frozen=True)
class CellResult:
    """What one arm said about the untouched test rows of one split.

    Parameters
    ----------
    rows : ndarray of shape (m,)
        Row numbers of the accepted table.
    y : ndarray of shape (m,)
        True labels, 0..K-1.
    proba : ndarray of shape (m, K), float64
        The model's own output, unrepaired; rows sum to 1.
    prior_train : ndarray of shape (K,)
        Class shares of the training fold as it is.
    prior_fit : ndarray of shape (K,)
        Class shares that the classifier effectively saw (after resampling or weights).
    seconds : mapping
        ``resample``, ``fit``, ``predict``.
    notes : tuple of str
        Warnings of the fit (no convergence, k lowered, ...).
    """

    repeat: int
    fold: int
    rows: Ints
    y: Ints
    proba: Floats
    prior_train: Floats
    prior_fit: Floats
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What a check has to say about a table.

    Parameters
    ----------
    code : str
        ``RBL001`` and so on; stable for ever.
    severity : {"issue", "tip", "passed"}
        An issue makes numbers wrong, a tip makes them better.
    message : str
        One sentence in English with the numbers filled in.
    values : mapping
        The same numbers, for the translated sentence of the screen.
    columns : tuple of str
        Columns it speaks of.
    """

    code: str
    severity: Literal["issue", "tip", "passed"]
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
