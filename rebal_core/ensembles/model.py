"""Many models of one classifier, of which each sees rows of its own, as one model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from rebal_core.classifiers import MODELS
from rebal_core.facts import TableFacts
from rebal_core.model import Explains, FitJob, Model, Progress
from rebal_core.params import Number, Param
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.seeding import child_seed
from rebal_core.step import Ensemble

MEMBERS = Number(
    "n_estimators",
    "Number of models",
    "So many models are fitted and averaged; each costs a fit.",
    10,
    2,
    200,
)
#: More members than this no file of ours holds.
MOST = 10_000


class Members(Ensemble):
    """Base of the ensembles that fit the arm's classifier many times and average what it says.

    A subclass defines :meth:`grow`.

    Parameters
    ----------
    n_estimators : int
        Models.
    """

    parameters: ClassVar[tuple[Param, ...]] = (MEMBERS,)
    #: The classifier that it is published with, the first of these that is compared.
    canonical = ("decision_tree", "hist_gradient_boosting")

    def __init__(self, n_estimators: int = 10) -> None:
        self.n_estimators = n_estimators

    @property
    def size(self) -> int:
        """How many models are fitted."""
        return self.n_estimators

    def build(self, base: Callable[[int], Model], seed: int) -> EnsembleModel:
        """Return an unfitted model."""
        members = [base(child_seed(seed, "member", k)) for k in range(self.size)]
        return EnsembleModel(members, child_seed(seed, "rows of members"), self.grow)

    @abstractmethod
    def grow(self, members: list[Model], job: FitJob, rng: np.random.Generator) -> Floats:
        """Fit the members.

        Returns
        -------
        ndarray of shape (members,)
            How much each one's vote counts; one that counts 0 may not be fitted.
        """

    def fit_seconds(self, facts: TableFacts, base: Callable[[TableFacts], float]) -> float:
        """Return the seconds of a fit of every member."""
        return self.size * base(facts.of_counts(self.member_counts(facts.counts)))


#: As :meth:`Members.grow`.
Grow = Callable[[list[Model], FitJob, np.random.Generator], Floats]


@dataclass
class EnsembleModel:
    """The mean of what its members say, each by its vote.

    Parameters
    ----------
    members : list of Model
        Unfitted at first; of the fitted ones those that have a vote.
    seed : int
        Of the draws.
    grow : callable, optional
        Fits the members; None once that is done.
    votes : ndarray of shape (members,)
        Sum 1.
    n_classes : int
        K, known after the fit.
    """

    kind: ClassVar[str] = "ensemble"
    explains: ClassVar[Explains] = "permutation"

    members: list[Model]
    seed: int = 0
    grow: Grow | None = None
    votes: Floats = field(default_factory=lambda: np.zeros(0))
    n_classes: int = 0

    def fit(self, job: FitJob) -> None:
        """Fit the members."""
        if self.grow is None:
            raise ValueError("These models have been fitted before.")
        self.n_classes = job.n_classes
        # Members follow one another: a memory would take one for the other.
        job = replace(job, progress=_onward(job.progress), memory=None)
        votes = self.grow(self.members, job, np.random.default_rng(self.seed))
        self.members = [m for m, vote in zip(self.members, votes, strict=True) if vote > 0]
        self.votes = votes[votes > 0] / votes.sum()
        self.grow = None

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        total = np.zeros((len(rows), self.n_classes))
        for vote, member in zip(self.votes, self.members, strict=True):
            total += vote * member.predict_proba(rows)
        return total

    def save(self, folder: Path) -> dict[str, Any]:
        """Write every member into a folder of its own."""
        return {
            "n_classes": self.n_classes,
            "votes": self.votes.tolist(),
            "members": save_members(self.members, folder),
        }

    @classmethod
    def load(
        cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]
    ) -> EnsembleModel:
        """Rebuild what :meth:`save` wrote."""
        members = load_members(folder, about["members"], trusted)
        votes = np.array(about["votes"], dtype=np.float64)
        if votes.shape != (len(members),) or not (votes > 0).all():
            raise ValueError("votes of other models")
        if abs(votes.sum() - 1) > 1e-9 or not members:
            raise ValueError("votes that do not sum to 1")
        return EnsembleModel(members, votes=votes, n_classes=about["n_classes"])


def member_folder(place: int) -> str:
    """Return the name of the folder of a member in that of the ensemble."""
    return f"member{place:04d}"


def save_members(members: list[Model], folder: Path) -> list[dict[str, Any]]:
    """Write models into folders of their own; return what JSON must say about each."""
    told: list[dict[str, Any]] = []
    for k, member in enumerate(members):
        place = folder / member_folder(k)
        place.mkdir()
        told.append({"kind": member.kind, **member.save(place)})
    return told


def load_members(folder: Path, told: Any, trusted: tuple[str, ...]) -> list[Model]:
    """Rebuild what :func:`save_members` wrote."""
    if not isinstance(told, list) or len(told) > MOST:
        raise ValueError("members that are none")
    return [
        MODELS[about["kind"]].load(folder / member_folder(k), about, trusted)
        for k, about in enumerate(told)
    ]


def learn(member: Model, job: FitJob, at: Ints, weight: Floats | None) -> None:
    """Fit a member on the rows at these positions.

    Parameters
    ----------
    weight : ndarray of shape (n,) or None
        Of all the job's rows.
    """
    part = None if weight is None else weight[at]
    member.fit(replace(job, rows=job.rows.take(at), weight=part))


def _onward(progress: Progress | None) -> Progress | None:
    """Return what counts the epochs of one member after those of the other."""
    if progress is None:
        return None
    epochs = count(1)

    def told(epoch: int, loss: float, **values: Any) -> None:
        progress(next(epochs), loss)

    return told
