"""What a strategy is: a frozen spec of slots, each filled by a prototype that holds no state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, Protocol

from sklearn.base import clone

from rebal_core.classifiers import CLASSIFIERS, Model
from rebal_core.registry import Registry
from rebal_core.samplers import RowSampler
from rebal_core.strategies.room import require_room
from rebal_core.weighting import ClassWeight
from rebal_core.wording import UserError


@dataclass(frozen=True)
class FoldFacts:
    """What is known of a table before anything is fitted.

    Parameters
    ----------
    rows : int
        Rows with a label.
    counts : tuple of int
        Rows of each class, 0..K-1.
    numbers, categories, texts, embeddings : int
        Feature columns of each kind.
    asked : mapping of int to int
        Rows that the user asks of single classes, by their code.
    training : float
        Part of the rows that a fit sees: of the smallest training part of a comparison.
    levels : int
        Values of all category columns together, about; 0 where nobody counted.
    letters : float
        Letters of a row in all text columns together, on average; 0 where nobody counted.
    """

    rows: int
    counts: tuple[int, ...]
    numbers: int
    categories: int
    texts: int
    embeddings: int
    asked: Mapping[int, int] = field(default_factory=dict)
    training: float = 1.0
    levels: int = 0
    letters: float = 0.0

    @property
    def classes(self) -> int:
        """K."""
        return len(self.counts)


@dataclass(frozen=True)
class Decision:
    """What happens between probability and answer.

    Parameters
    ----------
    repair : {"none", "chosen"}
        Whether the probabilities stay as they are, or are put right by what the other folds choose:
        the class shares of the fit are undone, and where that falls short, they are recalibrated.
    threshold : {"default", "tuned"}
        Which decision rule the arm is about.
    """

    repair: Literal["none", "chosen"] = "chosen"
    threshold: Literal["default", "tuned"] = "tuned"


@dataclass(frozen=True)
class Param:
    """A parameter that a user may set.

    Parameters
    ----------
    name : str
        As in the slot that takes it.
    default : float, int or None
        None: rows per class, a mapping of label code to rows.
    low, high : float
        Bounds, both allowed.
    about : str
        What it does, for people.
    """

    name: str
    default: float | int | None
    low: float
    high: float
    about: str

    def read(self, value: Any) -> Any:
        """Return the value in its own type; numbers may come as text.

        Raises
        ------
        UserError
            When it is no such number, or out of bounds.
        """
        if self.default is None:
            return self._counts(value)
        kind = type(self.default)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        whole = kind is float or number == int(number) if abs(number) < 1e15 else False
        if isinstance(value, bool) or not whole or not self.low <= number <= self.high:
            noun = "a whole number" if kind is int else "a number"
            raise UserError(
                f"{self.name} is {value!r}; give {noun} from {self.low:g} to {self.high:g}."
            )
        return kind(number)

    def _counts(self, value: Any) -> tuple[tuple[int, int], ...] | None:
        if not value:
            return None
        try:
            pairs = tuple(sorted((int(label), int(n)) for label, n in dict(value).items()))
        except (TypeError, ValueError):
            pairs = ((0, -1),)
        if any(label < 0 or not self.low <= n <= self.high for label, n in pairs):
            raise UserError(
                f"{self.name} is {value!r}; give rows per class, each from "
                f"{self.low:g} to {self.high:,.0f}."
            )
        require_room(n for _label, n in pairs)
        return pairs


RATIO = Param("ratio", 1.0, 0.001, 1.0, "Rows of a rarer class per row of a more frequent one.")
COUNTS = Param("counts", None, 1, 1e8, "Rows of single classes; wins over the ratio.")


class Ensemble(Protocol):
    """A learner of its own that handles the imbalance inside."""

    classifier: str

    def build(self, seed: int) -> Model:
        """Return an unfitted model."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return its parameters."""


def no_limit(facts: FoldFacts) -> str | None:
    """Return no reason: serves every table."""
    return None


@dataclass(frozen=True)
class Strategy:
    """One remedy, or none.

    Parameters
    ----------
    name, label, family, aliases, reference, about
        What people read and search for.
    sampler : RowSampler, optional
        Changes the rows of the training fold.
    weights : ClassWeight, optional
        Weighs them.
    ensemble : Ensemble, optional
        Brings its own learner.
    learner : str, optional
        The only classifier it goes with, where there is but one.
    decision : Decision
    parameters : tuple of Param
        What may be changed; each is a parameter of one of the slots.
    limit : callable
        Reason why it cannot serve a table, or None.
    """

    name: str
    label: str
    family: str
    reference: str
    aliases: tuple[str, ...]
    about: str
    sampler: RowSampler | None = None
    weights: ClassWeight | None = None
    ensemble: Ensemble | None = None
    learner: str | None = None
    decision: Decision = Decision()
    parameters: tuple[Param, ...] = ()
    limit: Callable[[FoldFacts], str | None] = field(default=no_limit, repr=False)

    @property
    def _slots(self) -> dict[str, Any]:
        slots = {"sampler": self.sampler, "weights": self.weights, "ensemble": self.ensemble}
        return {name: slot for name, slot in slots.items() if slot is not None}

    @property
    def params(self) -> Mapping[str, Any]:
        """Parameters and their present values."""
        held = {k: v for slot in self._slots.values() for k, v in slot.get_params().items()}
        return MappingProxyType({p.name: held[p.name] for p in self.parameters})

    def with_params(self, values: Mapping[str, Any]) -> Strategy:
        """Return the strategy with other parameters.

        Raises
        ------
        UserError
            When there is no such parameter, or the value does not suit it.
        """
        known = {p.name: p for p in self.parameters}
        for name in values:
            if name not in known:
                have = f"it has {', '.join(known)}" if known else "it has none"
                raise UserError(f"{self.name} has no parameter “{name}”; {have}.")
        read = {name: known[name].read(value) for name, value in values.items()}
        changed = {}
        for name, slot in self._slots.items():
            own = {k: v for k, v in read.items() if k in slot.get_params()}
            changed[name] = clone(slot).set_params(**own)
        return replace(self, **changed)

    @property
    def own_classifier(self) -> str | None:
        """Name of the learner that it brings, None when it works with any."""
        return self.learner if self.ensemble is None else self.ensemble.classifier

    @property
    def serves(self) -> tuple[str, ...]:
        """Names of the classifiers it can be combined with."""
        if self.own_classifier:
            return (self.own_classifier,)
        return tuple(c.name for c in CLASSIFIERS if c.family != "reference")

    @property
    def makes_rows(self) -> bool:
        """True when the training rows after it are not those before."""
        return self.sampler is not None

    def unsuitable(self, facts: FoldFacts, classifier: str) -> str | None:
        """Return why it cannot serve this table with this classifier, or None.

        The classifier is asked about the rows that the strategy leaves of a training part: what
        remains can be too little for one and enough for another.
        """
        from rebal_core.strategies.outlook import rows_left

        if classifier not in self.serves:
            return f"{self.label} brings its own learner, {', '.join(self.serves)}."
        asked = dict(self.params.get("counts") or ())
        reason = self.limit(replace(facts, asked=asked))
        return reason or CLASSIFIERS[classifier].unsuitable(facts, rows_left(self, facts))


STRATEGIES: Registry[Strategy] = Registry(
    "strategy",
    {
        "over": ("oversampling", "upsampling", "over_sampling", "过采样", "上采样"),
        "under": ("undersampling", "downsampling", "under_sampling", "欠采样", "下采样"),
        "combined": ("combination", "hybrid", "组合采样", "混合采样"),
        "weighting": ("weights", "加权", "权重"),
        "ensemble": ("ensembles", "集成", "集成学习"),
        "decision": ("决策", "决策规则"),
        "reference": ("baseline", "基线", "对照"),
    },
)

#: A class of fewer rows than this makes an undersampled set too small to learn from,
FEWEST = 5
#: unless that many rows of all classes are left, and half of the table.
FEWEST_LEFT = 20


def too_few_to_cut(facts: FoldFacts) -> str | None:
    """Tell when cutting every class to the rarest would leave next to nothing."""
    rarest = min(n for n in facts.counts if n)
    # What the user asks for is not ours to refuse: only the other classes are cut to the rarest.
    unasked = [n for code, n in enumerate(facts.counts) if code not in facts.asked]
    left = sum(facts.asked.values()) + sum(min(n, rarest) for n in unasked)
    enough = left >= max(FEWEST_LEFT, facts.rows / 2)
    if rarest >= FEWEST or enough or max(unasked, default=0) <= rarest:
        return None
    return (
        f"The rarest class has {rarest} rows, and cutting every class to that would leave "
        f"{left} of {facts.rows:,} rows; choose oversampling or class weights."
    )
