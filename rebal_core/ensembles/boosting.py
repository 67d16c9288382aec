"""Models that each look harder at the rows which those before got wrong."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np

from rebal_core.ensembles.bagging import Balanced, drawn, even_weight, rows_by_class
from rebal_core.ensembles.model import MEMBERS, Members, learn
from rebal_core.model import FitJob, FitNote, Model
from rebal_core.params import Number, Param
from rebal_core.rows import Floats, Ints
from rebal_core.samplers.base import RATIO
from rebal_core.wording import Text

ROUNDS = Number(
    "rounds",
    "Rounds of boosting",
    "So many models are boosted one after the other on each draw; each costs a fit.",
    4,
    1,
    50,
)


class Boosting(Members):
    """AdaBoost for many classes: rows that a model gets wrong weigh more for the next.

    References
    ----------
    Zhu, Zou, Rosset, Hastie (2009), Multi-class AdaBoost, Statistics and Its Interface 2, 349-360:
    SAMME. The votes weigh the probabilities of the models.
    """

    def prior(self, shares: Floats, counts: tuple[int, ...]) -> Floats:
        """Return the class shares: the first model sees them as they are."""
        return shares

    def grow(self, members: list[Model], job: FitJob, rng: np.random.Generator) -> Floats:
        """Fit each member on all rows, by weights that follow from those before."""
        every = np.arange(len(job.rows))
        return _noted(boosted(members, job, lambda: every))


class RUSBoost(Balanced):
    """AdaBoost, of which each model sees a balanced draw and is judged on all rows.

    References
    ----------
    Seiffert, Khoshgoftaar, Van Hulse, Napolitano (2010), RUSBoost, IEEE Trans. SMC A 40, 185-197;
    with SAMME in place of AdaBoost.M2.
    """

    def grow(self, members: list[Model], job: FitJob, rng: np.random.Generator) -> Floats:
        """Fit each member on a draw of its own."""
        sizes, each = self.sizes(job), rows_by_class(job)
        return _noted(boosted(members, job, lambda: drawn(each, sizes, rng, False)))


class EasyEnsemble(Balanced):
    """The mean of AdaBoosts, each on a balanced draw of its own.

    Parameters
    ----------
    n_estimators : int
        Draws.
    ratio : float
    rounds : int
        Models that are boosted on each.

    References
    ----------
    Liu, Wu, Zhou (2009), Exploratory undersampling for class-imbalance learning, IEEE Trans. SMC B
    39, 539-550, algorithm 1.
    """

    parameters: ClassVar[tuple[Param, ...]] = (MEMBERS, RATIO, ROUNDS)

    def __init__(self, n_estimators: int = 10, ratio: float = 1.0, rounds: int = 4) -> None:
        super().__init__(n_estimators, ratio)
        self.rounds = rounds

    @property
    def size(self) -> int:
        """How many models are fitted."""
        return self.n_estimators * self.rounds

    def grow(self, members: list[Model], job: FitJob, rng: np.random.Generator) -> Floats:
        """Boost on each draw; each has the same say."""
        weight, sizes, each = even_weight(job), self.sizes(job), rows_by_class(job)
        votes = []
        for start in range(0, len(members), self.rounds):
            at = drawn(each, sizes, rng, False)
            part = replace(
                job, rows=job.rows.take(at), weight=None if weight is None else weight[at]
            )
            every = partial(np.arange, len(at))
            found = boosted(members[start : start + self.rounds], part, every)
            votes.append(found / found.sum())
        return np.concatenate(votes)


def boosted(members: list[Model], job: FitJob, draw: Callable[[], Ints]) -> Floats:
    """Boost by SAMME; return the votes.

    It ends with a model that gets all rows right. One that is no better than guessing has no vote,
    and ends it too where the next would see the same.

    Parameters
    ----------
    members : list of Model
    job : FitJob
    draw : callable
        Gives the positions of the rows that the next model sees.

    Returns
    -------
    ndarray of shape (members,)
        At least one above 0.
    """
    y = job.rows.y
    classes = len(np.unique(y))
    weight = np.ones(len(y)) if job.weight is None else job.weight / job.weight.mean()
    votes = np.zeros(len(members))
    for k, member in enumerate(members):
        at = draw()
        learn(member, job, at, weight)
        wrong = member.predict_proba(job.rows).argmax(axis=1) != y
        error = float(weight[wrong].sum() / weight.sum())
        if error <= 0:
            votes[k] = 1.0
            break
        if error < 1 - 1 / classes:
            votes[k] = np.log((1 - error) / error) + np.log(classes - 1)
            weight = np.where(wrong, weight * np.exp(votes[k]), weight)
            weight = weight / weight.mean()
        elif len(at) == len(y):
            break
    if not votes.any():
        votes[0] = 1.0
    return votes


def _noted(votes: Floats) -> Floats:
    """Let the fit tell where some models have no vote."""
    having = np.count_nonzero(votes)
    if having < len(votes):
        text = Text(
            "Only {n} of {all} models have a vote: boosting ends with a model that gets every "
            "training row right, and leaves out those that are no better than guessing.",
            {"n": having, "all": len(votes)},
        )
        warnings.warn(text.render(), FitNote, stacklevel=2)
    return votes
