"""What is compared: arms, the splits they are judged on, and what each said about a split."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rebal_core.rows import Floats, Ints
from rebal_core.wording import listed

SplitRule = Literal["stratified", "group", "time"]


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
        The primary metric, one of ``metrics.SCORES`` or ``DECISIONS``.
    rule : str
        Threshold rule: ``"f1"``, ``"macro_f1"``, ``"balanced_accuracy"``, ``"g_mean"``, ``"mcc"``,
        ``"top_k:20"`` (act on 20 of 1,000 rows), ``"recall>=0.8"`` (highest precision with at
        least that recall), ``"cost_per_1000"`` (lowest cost), ``"none"`` (no cut-off is tuned).
    margin : float
        Differences inside plus or minus this are too small to matter; of a cost it is a part.
    value : str or None
        Column of the amounts at risk: what it costs to miss a row of the class in focus.
    false_alarm : float
        What it costs to act on a row of the other class, in the unit of the amounts.
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
    value: str | None = None
    false_alarm: float = 1.0

    @property
    def handed_over(self) -> tuple[int, int]:
        """Repeat and fold whose rows and model leave the house: the first.

        Under a time split it is the last window, which is nearest to tomorrow.
        """
        return 0, self.folds - 1 if self.split == "time" else 0


@dataclass(frozen=True)
class Arm:
    """A strategy with its parameters on a classifier with its parameters.

    Parameters
    ----------
    strategy, classifier : str
        Registered names; of combined strategies joined by ``+``.
    params : tuple of (str, value)
        Parameters of the strategy that differ from the defaults, sorted by name.
    settings : tuple of (str, value)
        Those of the classifier.
    """

    strategy: str
    classifier: str
    params: tuple[tuple[str, Any], ...] = ()
    settings: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """``strategy/classifier``, with what was set: ``smote(k_neighbors=9)/logistic(C=0.1)``.

        It is what the arm is stored by; people read what :meth:`called` says.
        """
        return f"{self.strategy}{_set(self.params)}/{self.classifier}{_set(self.settings)}"

    def called(self, classes: Sequence[str]) -> str:
        """Return the name for people: classes by their labels, ``smote(counts: fraud 500)/mlp``."""
        params, settings = (_set_words(some, classes) for some in (self.params, self.settings))
        return f"{self.strategy}{params}/{self.classifier}{settings}"

    @property
    def values(self) -> dict[str, Any]:
        """What was set, by name; one that both have is told by ``classifier.name`` as well."""
        own = dict(self.params)
        more = {k if k not in own else f"{self.classifier}.{k}": v for k, v in self.settings}
        return {**own, **more}

    def params_by_label(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return what was set of the strategy as JSON has it, classes by their labels."""
        return {name: _labelled(value, classes) for name, value in self.params}

    def labelled(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return what was set, what is said of classes by their labels."""
        return {name: _labelled(value, classes) for name, value in self.values.items()}

    @classmethod
    def bare(cls, name: str) -> Arm:
        """Return the arm that a name speaks of, without what was set."""
        strategy, _, classifier = _SET.sub("", name).rpartition("/")
        return cls(strategy, classifier)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Arm:
        """Rebuild an arm from plain values, also after a way through JSON."""
        pairs = (values["params"], values.get("settings", ()))
        params, settings = (tuple((name, frozen(v)) for name, v in some) for some in pairs)
        return cls(values["strategy"], values["classifier"], params, settings)


def frozen(value: Any) -> Any:
    """Return JSON's lists as tuples, however deep."""
    return tuple(frozen(v) for v in value) if isinstance(value, list | tuple) else value


def by_label(value: tuple[tuple[int, Any], ...], classes: Sequence[str]) -> list[str]:
    """Return what is said of single classes in words: ``fraud 500``, of pairs ``fraud→ok 5``.

    Parameters
    ----------
    value : tuple of (label code, number), or of (label code, tuple of such pairs)
        As :class:`rebal_core.params.Counts` and :class:`rebal_core.params.Table` read it.
    classes : sequence of str
        Labels by code.
    """
    found = []
    for code, inner in value:
        if isinstance(inner, tuple):
            found += [f"{classes[code]}→{rest}" for rest in by_label(inner, classes)]
        else:
            found.append(f"{classes[code]} {inner:.12g}")
    return found


def is_list(value: Any) -> bool:
    """Tell whether a value is a list of names or numbers, and not something said of classes."""
    return isinstance(value, tuple | list) and all(isinstance(v, str | int | float) for v in value)


def _labelled(value: Any, classes: Sequence[str]) -> Any:
    if is_list(value):
        return list(value)
    if not isinstance(value, tuple):
        return value
    return {classes[code]: _labelled(inner, classes) for code, inner in value}


#: What was set, behind the name of a strategy or at the end.
_SET = re.compile(r"\(.*?\)(?=/\w+(?:\([^/]*\))?$|$)", re.DOTALL)


def _set(values: tuple[tuple[str, Any], ...]) -> str:
    inside = ",".join(f"{name}={value}" for name, value in values)
    return f"({inside})" if inside else ""


def _set_words(values: tuple[tuple[str, Any], ...], classes: Sequence[str]) -> str:
    """Return what was set as people read it; of many classes the first three."""
    parts = []
    for name, value in values:
        if isinstance(value, tuple):
            told = [str(v) for v in value] if is_list(value) else by_label(value, classes)
            parts.append(f"{name}: {listed(told, 3)}")
        elif isinstance(value, bool):
            parts.append(f"{name}={'yes' if value else 'no'}")
        elif isinstance(value, float):
            parts.append(f"{name}={value:.12g}")
        else:
            parts.append(f"{name}={value}")
    apart = "; " if any(isinstance(value, tuple) for _name, value in values) else ","
    return f"({apart.join(parts)})" if parts else ""


@dataclass(frozen=True)
class Attacked:
    """What a model finds of test rows as they are, and with their numbers moved against it.

    Parameters
    ----------
    reach : float
        Largest move of a number, in standard deviations of its column.
    rows : tuple of K int
        Rows of each class that were moved.
    clean : tuple of K int
        How many of them it finds as they are, all classes taken for equally frequent.
    found : tuple of K int
        How many of these it still finds when they are moved.
    """

    reach: float
    rows: tuple[int, ...]
    clean: tuple[int, ...]
    found: tuple[int, ...]


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
    history : tuple of mapping
        ``epoch`` and what was measured in it, of a fit that goes in epochs; all of them, in order.
    attacked : Attacked or None
        How it stands an attack; None of a model that has no slope to be attacked by.
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
    history: tuple[Mapping[str, Any], ...] = ()
    attacked: Attacked | None = None
