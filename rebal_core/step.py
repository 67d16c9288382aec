"""What a step of a strategy is: it fills one slot and says everything about itself.

Samplers, weights, losses and ensembles are steps. A step holds parameters only, so that it prints,
pickles, clones and is keyed by value.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from rebal_core.facts import TableFacts
from rebal_core.model import Model, TrainingPlan
from rebal_core.params import Param
from rebal_core.rows import ORIGINS, Floats, Ints, Recipe, TypedRows
from rebal_core.wording import Text

Slot = Literal["clean", "over", "under", "weights", "training", "ensemble"]
#: Slots of the steps that change rows.
SAMPLING: tuple[Slot, ...] = ("clean", "over", "under")


class Neighbors(Protocol):
    """Nearest rows of the rows of a fold, searched once and shared."""

    @property
    def space(self) -> NDArray[np.floating]:
        """Where nearness is measured, shape (n, d)."""

    def all(self, k: int) -> tuple[Floats, Ints]:
        """Return distances and positions of the k nearest other rows, shape (n, k) each."""

    def within(self, label: int, k: int) -> tuple[Floats, Ints]:
        """Return the same among the rows of one class, in the order of its rows."""


@dataclass(frozen=True)
class Fold:
    """What a step may ask: training rows, never a test row.

    Parameters
    ----------
    rows : TypedRows
        Never changed.
    neighbors : Neighbors
        Of these rows.
    n_classes : int
        K of the whole table, which a fold may not fully hold.
    rng : numpy Generator
        The step's own.
    origin : ndarray of shape (n,), int8
        Where each row comes from, a position in :data:`rebal_core.rows.ORIGINS`: a step before may
        have made some.
    """

    rows: TypedRows
    neighbors: Neighbors
    n_classes: int
    rng: np.random.Generator
    origin: NDArray[np.int8]

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
    makes : str
        Origin of the rows that it adds, a name of :data:`rebal_core.rows.ORIGINS`.
    serves : tuple of str
        Classifiers that it works with; empty for all.
    needs : frozenset of str
        ``"gpu"``: it is worth a GPU where there is one.
    trusted : tuple of str
        Types, by their full names, that a file of its model may hold.
    """

    slot: ClassVar[Slot]
    parameters: ClassVar[tuple[Param, ...]] = ()
    makes: ClassVar[str] = ORIGINS[0]
    serves: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[frozenset[str]] = frozenset()
    trusted: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """Its class in small letters, as parameters of several steps are told apart by it."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    def settings(self) -> dict[str, Any]:
        """Return the parameters and their values, those of a user and all others."""
        values = self.get_params(deep=False)
        return {name: value for name, value in values.items() if name != "random_state"}

    def counts_after(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return the rows of each class after it, as far as they are known beforehand.

        Raises
        ------
        Unsuitable
            When a class is asked for a number of rows that it cannot have.
        """
        return counts

    def seconds(self, facts: TableFacts) -> float:
        """Return the processor seconds that it takes on a table of this size."""
        return 0.0

    def limit(self, facts: TableFacts) -> Text | None:
        """Return why it cannot serve a table, or None."""
        return None


class Sampler(Step):
    """A step that changes rows; a subclass defines :meth:`recipe`."""

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


class Training(Step):
    """A step that changes how a model learns."""

    slot = "training"

    @abstractmethod
    def plan(self) -> TrainingPlan:
        """Return what is to be done otherwise than usual."""


class Ensemble(Step):
    """A step that handles the imbalance inside an ensemble of models."""

    slot = "ensemble"

    @abstractmethod
    def build(self, base: Callable[[int], Model], seed: int) -> Model:
        """Return an unfitted model.

        Parameters
        ----------
        base : callable
            Makes an unfitted model of the arm's classifier from a seed.
        seed : int
        """

    def prior(self, prior_train: Floats) -> Floats:
        """Return the class shares that its members see; by default as many of each class."""
        return np.asarray((prior_train > 0) / np.count_nonzero(prior_train), dtype=np.float64)

    @abstractmethod
    def fit_seconds(self, facts: TableFacts, base: float) -> float:
        """Return the seconds of a fit, where one of the base model on all rows takes ``base``."""
