"""What a step of a strategy is: it fills one slot and says everything about itself.

Samplers, weights, losses and ensembles are steps. A step holds parameters only, so that it prints,
pickles, clones and is keyed by value.
"""

from __future__ import annotations

import inspect
import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from rebal_core.facts import TableFacts
from rebal_core.model import Attackable, Memory, Model, Progress, TrainingPlan
from rebal_core.params import Param
from rebal_core.rows import ORIGINS, Floats, Ints, Recipe, TypedRows
from rebal_core.wording import Text

Slot = Literal["clean", "over", "under", "weights", "training", "ensemble"]
#: Slots of the steps that change rows.
SAMPLING: tuple[Slot, ...] = ("clean", "over", "under")
#: The order in which steps that change rows may stand, each at most once.
ORDER: tuple[Slot, ...] = ("clean", "over", "under", "clean")
#: So many of them at most.
MOST_STEPS = 3


class Neighbors(Protocol):
    """Nearest rows of the rows of a fold, searched once and shared."""

    @property
    def space(self) -> NDArray[np.floating]:
        """Where nearness is measured, shape (n, d)."""

    @property
    def p(self) -> int:
        """The power of the differences in it that distances are sums of: 1 or 2."""

    def all(self, k: int) -> tuple[Floats, Ints]:
        """Return distances and positions of the k nearest other rows, shape (n, k) each."""

    def within(self, label: int, k: int) -> tuple[Floats, Ints]:
        """Return the same among the rows of one class, in the order of its rows."""

    def towards(self, label: int, other: int, k: int) -> tuple[Floats, Ints]:
        """Return the same of the rows of one class among those of another."""


@dataclass(frozen=True)
class Aids:
    """What a step may use beside the rows.

    Parameters
    ----------
    network : callable, optional
        Makes the arm's own network, untaught, from its most epochs and a seed; None where the arm
        learns by something else.
    progress : callable, optional
        Is told how far a long step is; what it raises ends the step.
    memory : Memory, optional
        Keeps how far it is.
    keep : callable, optional
        Is handed what a generator has learned: the step, the columns, and the fitted generator.
    """

    network: Callable[[int, int], Attackable] | None = None
    progress: Progress | None = None
    memory: Memory | None = None
    keep: Callable[[Any, Any, Any], None] | None = None


@dataclass(frozen=True)
class Fold:
    """What a step may ask: training rows, never a test row.

    Parameters
    ----------
    rows : TypedRows
        Never changed.
    neighbors : Neighbors
        Of these rows, by the columns and the metric that define neighbours for the step.
    n_classes : int
        K of the whole table, which a fold may not fully hold.
    rng : numpy Generator
        The step's own.
    origin : ndarray of shape (n,), int8
        Where each row comes from, a position in :data:`rebal_core.rows.ORIGINS`: a step before may
        have made some.
    aids : Aids
    """

    rows: TypedRows
    neighbors: Neighbors
    n_classes: int
    rng: np.random.Generator
    origin: NDArray[np.int8]
    aids: Aids = Aids()

    @property
    def counts(self) -> tuple[int, ...]:
        """Rows of each class."""
        return tuple(np.bincount(self.rows.y, minlength=self.n_classes).tolist())

    def members(self, label: int) -> Ints:
        """Return the positions of the rows of one class."""
        return np.flatnonzero(self.rows.y == label)


class Step(BaseEstimator):  # type: ignore[misc]
    """Base of all steps.

    Attributes
    ----------
    slot : str
        What it fills; a strategy has at most one step that weighs, trains or is an ensemble.
    parameters : tuple of Param
        What a user may set; each is a parameter of the constructor.
    later : tuple of str
        Parameters that the step had not at first: where they are as the constructor has them, no
        key and no seed knows of them, so that older draws stay.
    foretells : bool
        Whether ``counts_after`` is exact; else about so many rows are left or made.
    makes : str
        Origin of the rows that it adds, a name of :data:`rebal_core.rows.ORIGINS`.
    serves : tuple of str
        Classifiers that it works with, or families of them; empty for all.
    compares_all : bool
        Whether it asks for the nearest of all rows.
    needs : frozenset of str
        ``"gpu"``: it is worth a GPU where there is one; ``"unlabelled"``: rows without a label.
    trusted : tuple of str
        Types, by their full names, that a file of its model may hold.
    """

    slot: ClassVar[Slot]
    parameters: ClassVar[tuple[Param, ...]] = ()
    later: ClassVar[tuple[str, ...]] = ()
    foretells: ClassVar[bool] = True
    makes: ClassVar[str] = ORIGINS[0]
    serves: ClassVar[tuple[str, ...]] = ()
    compares_all: ClassVar[bool] = False
    needs: ClassVar[frozenset[str]] = frozenset()
    trusted: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """Its class in small letters, as parameters of several steps are told apart by it."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    def settings(self) -> dict[str, Any]:
        """Return the parameters and their values, those of a user and all others.

        They make the keys and seeds of what it does; see ``later``.
        """
        values = self.get_params(deep=False)
        usual = inspect.signature(type(self)).parameters
        idle = {name for name in self.later if values[name] == usual[name].default}
        return {n: value for n, value in values.items() if n not in idle | {"random_state"}}

    def draw_settings(self) -> dict[str, Any]:
        """Return the settings that its random numbers follow from."""
        return self.settings()

    def counts_after(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return the rows of each class after it, as far as they are known beforehand.

        Raises
        ------
        Unsuitable
            When a class is asked for a number of rows that it cannot have.
        """
        return counts

    def searches(self, facts: TableFacts) -> Mapping[str, float]:
        """Return the seconds of each search among near rows, by its name.

        Steps that search the same rows by the same name share what was found; it is a part of
        :meth:`seconds`.
        """
        return {}

    def seconds(self, facts: TableFacts) -> float:
        """Return the processor seconds that it takes on a table of this size, alone."""
        return sum(self.searches(facts).values())

    def memory(self, facts: TableFacts) -> float:
        """Return the bytes that it holds meanwhile, the rows themselves aside."""
        return 0.0

    def limit(self, facts: TableFacts) -> Text | None:
        """Return why it cannot serve a table, or None."""
        return None

    def reason(self, facts: TableFacts) -> Text | None:
        """Return why it cannot serve a table as it is set, or None: its limit, or one of a kind."""
        return self.limit(facts)

    def idle(self) -> Text | None:
        """Return why it would do nothing as it is set, or None."""
        return None


class Sampler(Step):
    """A step that changes rows; a subclass defines :meth:`recipe`.

    Attributes
    ----------
    goes : Text
        Which rows it takes away, as the end of a sentence without its full stop.
    keep_prevalence : bool
        Whether the classes weigh what they did before, all steps on the rows together.
    """

    goes: ClassVar[Text] = Text("")
    keep_prevalence: bool = False

    @property
    def network_epochs(self) -> int:
        """Epochs in which it teaches the arm's own network; 0 of a step that asks for none.

        Each network then has rows of its own, which no other classifier shares.
        """
        return 0

    @property
    def crosses(self) -> bool:
        """Whether a row may lie between rows of two classes; it is then of its base's."""
        return False

    @property
    def reach(self) -> tuple[float, float]:
        """From which step on a row may lie, and before which: 0 is its base, 1 the mate."""
        return 0.0, 1.0

    @abstractmethod
    def recipe(self, fold: Fold) -> Recipe:
        """Tell how each row of the resampled set comes from the fold's rows.

        Raises
        ------
        Unsuitable
            When these rows cannot be served.
        """


class Weights(Step):
    """A step that weighs the rows that are left."""

    slot = "weights"

    @abstractmethod
    def weights(self, fold: Fold) -> Floats:
        """Return a factor for the weight of each row, shape (n,)."""


#: The untreated model under another name is no remedy.
AS_USUAL = Text("Set like this, it teaches a model as usual; set it otherwise.")


class Training(Step):
    """A step that changes how a model learns.

    Attributes
    ----------
    by_log_loss : bool
        Whether what is lost in training is the log loss of the rows as they are, by which held rows
        are judged too.
    """

    slot = "training"
    by_log_loss: ClassVar[bool] = False

    @property
    def plain(self) -> bool:
        """Whether it is set so that a model learns as it would without it."""
        return False

    def idle(self) -> Text | None:
        """Tell that it is set so that nothing changes."""
        return AS_USUAL if self.plain else None

    @abstractmethod
    def plan(self, shares: Floats) -> TrainingPlan:
        """Return what is to be done otherwise than usual.

        Parameters
        ----------
        shares : ndarray of shape (K,)
            Of the classes among the rows that are learned from, by their weights.
        """

    def passes(self, facts: TableFacts) -> float:
        """Return how many times the usual fit of a model it takes, where it is not plain.

        Parameters
        ----------
        facts : TableFacts
            Of the rows that are learned from.
        """
        return 1.0

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares that the model's probabilities speak of; by default the same.

        Parameters
        ----------
        shares : ndarray of shape (K,)
            Of the classes among the rows that are learned from, by their weights.
        counts : tuple of K int
            Rows of each class among them.
        """
        return shares


class Ensemble(Step):
    """A step that handles the imbalance inside an ensemble of models.

    Attributes
    ----------
    canonical : tuple of str
        Classifiers that it is published with, the usual one first: of all strategies at once it is
        compared on the first of these that is compared, or of all, alone. Empty: on every one.
    """

    slot = "ensemble"
    canonical: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def build(self, base: Callable[[int], Model], seed: int) -> Model:
        """Return an unfitted model.

        Parameters
        ----------
        base : callable
            Makes an unfitted model of the arm's classifier from a seed.
        seed : int
        """

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares that its members see; by default as many of each class.

        Parameters
        ----------
        shares : ndarray of shape (K,)
            Of the rows that it is handed, by their weights.
        counts : tuple of K int
            Rows of each class among them.
        """
        return np.asarray((shares > 0) / np.count_nonzero(shares), dtype=np.float64)

    def member_counts(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return the rows of each class that a member learns from, of those handed over."""
        return counts

    @abstractmethod
    def fit_seconds(self, facts: TableFacts, base: Callable[[TableFacts], float]) -> float:
        """Return the seconds of a fit.

        Parameters
        ----------
        facts : TableFacts
            Of the rows that it is handed.
        base : callable
            Seconds of a fit of the arm's classifier on a table of such sizes.
        """


def order_reason(slots: Sequence[Slot]) -> Text | None:
    """Return why steps cannot stand together in this order, or None where they can."""
    rows = [slot for slot in slots if slot in SAMPLING]
    if Counter(rows) - Counter(ORDER):  # no order helps
        return Text(
            "Rows are made once, cut once and cleaned twice at most; leave one of these out."
        )
    if len(rows) > MOST_STEPS:
        return Text(
            "At most {most} steps change rows one after the other; leave one out.",
            {"most": MOST_STEPS},
        )
    rest = iter(ORDER)
    if not all(slot in rest for slot in rows):
        return Text(
            "Rows are cleaned, then made, then cut, then cleaned; put the steps in this order."
        )
    others = [slot for slot in slots if slot not in SAMPLING]
    if len(set(others)) < len(others):
        return Text("Two steps do the same, weigh rows for example; leave one out.")
    if any(slot in SAMPLING for slot in slots[len(rows) :]):
        return Text("Rows are changed first and weighed afterwards; put the steps in this order.")
    return None
