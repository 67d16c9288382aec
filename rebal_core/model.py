"""What a fitted model is to the rest of the house, and what it is handed to learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from numpy.typing import NDArray

from rebal_core.arm import Attacked
from rebal_core.rows import Floats, Ints, TypedRows


class Progress(Protocol):
    """Who is told after each epoch; what it raises ends the fit."""

    def __call__(self, epoch: int, loss: float, **values: Any) -> None:
        """Hear the epoch's number, from 1, its loss, and what else was measured, plain values."""


class Memory(Protocol):
    """Where a long fit keeps how far it is, so that the next attempt need not begin anew."""

    def load(self) -> Mapping[str, NDArray[Any]] | None:
        """Return what was saved last, or None."""

    def save(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Keep these arrays in the place of earlier ones."""


#: How a model is explained; any can be by permutations.
Explains = Literal["linear", "trees", "permutation", "none"]


class FitNote(UserWarning):
    """What a fit wants to be known, in a sentence; it goes on."""


@dataclass(frozen=True)
class Held:
    """Real rows kept aside for early stopping, weighted to the class shares of the fit."""

    rows: TypedRows
    weight: Floats


@dataclass(frozen=True)
class TrainingPlan:
    """What a model does otherwise than usual while it learns.

    Boosting learns by ``-(1 - p_y) ** focus log p_y`` with ``p = softmax(margins + offset)``.

    Parameters
    ----------
    focus : float
        0 is the cross-entropy. What it bends of the probabilities the model puts right by itself,
        in closed form.
    offset : tuple of K floats
        Added to the margins while it learns only; empty for none.
    course : callable, optional
        Makes how a network is taught, a :class:`rebal_core.nn.course.Course`; called where torch is
        needed. It does what ``focus`` and ``offset`` say by itself.
    """

    focus: float = 0.0
    offset: tuple[float, ...] = ()
    course: Callable[[], Any] | None = None


@dataclass(frozen=True)
class FitJob:
    """What a model learns from; a new slot of strategies is a new field here, no new signature.

    Parameters
    ----------
    rows : TypedRows
    weight : ndarray of shape (n,) or None
    n_classes : int
        K; classes without rows will have probability 0.
    held : Held or None
        Rows to stop early on.
    training : TrainingPlan
    progress : callable, optional
    memory : Memory, optional
        Of a fit that may be long.
    unlabelled : TypedRows, optional
        Rows whose label nobody knows, for a course that learns from such; their y is -1.
    values : mapping of str to tuple of str
        Known values of each category column by its name, in the order of their codes; empty where
        nobody tells them.
    """

    rows: TypedRows
    weight: Floats | None
    n_classes: int
    held: Held | None = None
    training: TrainingPlan = TrainingPlan()
    progress: Progress | None = None
    memory: Memory | None = None
    unlabelled: TypedRows | None = None
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Model(Protocol):
    """A classifier on typed rows.

    Attributes
    ----------
    kind : str
        Names the class in a file.
    n_classes : int
        K, known after the fit.
    explains : str
        Which explainer serves it.
    """

    kind: ClassVar[str]
    n_classes: int

    @property
    def explains(self) -> Explains:
        """Which explainer serves it."""

    def fit(self, job: FitJob) -> None:
        """Learn."""

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities of shape (n, n_classes), rows summing to 1."""

    def save(self, folder: Path) -> Mapping[str, Any]:
        """Write its files into a folder, without pickle; return what JSON must say about it."""

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]) -> Model:
        """Rebuild what :meth:`save` wrote, from these types and those of skops alone."""


class Attacks(Protocol):
    """What moves rows against a network; see :class:`rebal_core.nn.attacker.Attacker`."""

    def attacked(self, at: Ints, reach: NDArray[Any], steps: int, seed: int) -> NDArray[Any]:
        """Return the numbers of rows after an attack."""


@runtime_checkable
class Attackable(Model, Protocol):
    """A model whose answers have a slope in the numbers, along which rows can be moved."""

    def attacker(self, rows: TypedRows, among: TypedRows) -> Attacks:
        """Return what moves rows against it, by the spread and the range of others.

        Parameters
        ----------
        rows, among : TypedRows
            Of classes that it knows.
        """

    def under_attack(self, rows: TypedRows, among: TypedRows, shares: Floats) -> Attacked | None:
        """Return how much it finds of rows that are moved against it, and of the same as they are.

        Parameters
        ----------
        rows : TypedRows
            That it did not learn from; some of each class are moved.
        among : TypedRows
            That it learned from: their spread is the unit of a move, their range its bound.
        shares : ndarray of shape (K,)
            Of the classes, as its probabilities speak of them.

        Returns
        -------
        Attacked or None
            None where there is nothing to move.
        """
