"""Models that see other rows of the frequent classes the further it goes, by how hard they are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from rebal_core.ensembles.bagging import Balanced, drawn, even_weight, rows_by_class
from rebal_core.ensembles.model import MEMBERS, learn
from rebal_core.model import FitJob, Model
from rebal_core.params import Number, Param
from rebal_core.rows import Floats, Ints
from rebal_core.samplers.base import RATIO

BINS = Number(
    "bins",
    "Steps of hardness",
    "The rows of a frequent class are sorted into so many steps, from easy to hard.",
    5,
    1,
    100,
)


class SelfPaced(Balanced):
    """Let each model see rows of the frequent classes by how hard they were so far.

    The hardness of a row is 1 minus the probability of its class, by the mean of the models so far.
    Rows of a class are sorted into bins of equal width; a bin of mean hardness ``h`` gives rows
    by the weight ``1 / (h + alpha)``, with ``alpha`` from 0 to infinity: at first every bin adds as
    much hardness, in the end as many rows.

    Parameters
    ----------
    n_estimators : int
    ratio : float
    bins : int

    References
    ----------
    Liu, Cao, Gao, Bian, Chen, Chang, Liu (2020), Self-paced ensemble for highly imbalanced massive
    data classification, ICDE, 841-852, algorithm 1; alpha as in the authors' code.
    """

    parameters: ClassVar[tuple[Param, ...]] = (MEMBERS, RATIO, BINS)

    def __init__(self, n_estimators: int = 10, ratio: float = 1.0, bins: int = 5) -> None:
        super().__init__(n_estimators, ratio)
        self.bins = bins

    def grow(self, members: list[Model], job: FitJob, rng: np.random.Generator) -> Floats:
        """Fit each member on a draw that follows from those before."""
        weight, sizes, each = even_weight(job), self.sizes(job), rows_by_class(job)
        y = job.rows.y
        total = np.zeros(len(y))
        for k, member in enumerate(members):
            hardness = 1 - total / max(k, 1)
            alpha = np.tan(np.pi / 2 * k / max(len(members) - 1, 1))
            parts = [
                own[paced(hardness[own], size, alpha, self.bins, rng)]
                for own, size in zip(each, sizes, strict=True)
            ]
            learn(member, job, np.sort(np.concatenate(parts)), weight)
            if k + 1 < len(members):
                total += member.predict_proba(job.rows)[np.arange(len(y)), y]
        return np.ones(len(members))


def paced(hardness: Floats, size: int, alpha: float, bins: int, rng: np.random.Generator) -> Ints:
    """Draw rows of a class by their hardness, without replacement.

    Parameters
    ----------
    hardness : ndarray of shape (n,)
    size : int
        At most n.
    alpha : float
        How little the hardness matters.
    bins : int

    Returns
    -------
    ndarray of shape (size,)
        Positions; a random part where all rows are equally hard.
    """
    low, high = hardness.min(), hardness.max()
    if size == len(hardness) or high <= low:
        return np.asarray(rng.choice(len(hardness), size, replace=False))
    place = np.minimum((hardness - low) / (high - low) * bins, bins - 1).astype(np.int64)
    held = np.bincount(place, minlength=bins)
    mean = np.bincount(place, hardness, minlength=bins) / np.maximum(held, 1)
    given = apportioned(np.where(held > 0, 1 / (mean + alpha + 1e-300), 0.0), size, held)
    parts = [
        rng.choice(np.flatnonzero(place == b), n, replace=False) for b, n in enumerate(given) if n
    ]
    return np.concatenate(parts)


def apportioned(weight: Floats, size: int, room: Ints) -> Ints:
    """Return whole numbers with that sum in proportion to weights, none above its room.

    What does not fit goes to the others by the same weights; ones that are left over go to the
    largest parts of one.
    """
    taken, open_ = np.zeros(len(weight), dtype=np.int64), room > 0
    while open_.any():
        share = np.where(open_, weight, 0.0)
        exact = (size - taken.sum()) * (share / share.sum())
        full = open_ & (exact >= room)
        if not full.any():
            more = np.floor(exact).astype(np.int64)
            rest = size - int(taken.sum()) - int(more.sum())
            more[np.argsort(more - exact, kind="stable")[:rest]] += 1
            return np.asarray(taken + more)
        taken[full], open_ = room[full], open_ & ~full
    return taken


class BalanceCascade(Balanced):
    """Take the rows of the frequent classes away that a model gets right, one model after another.

    After each model the part ``f`` of a class is left that it finds hardest, with ``f`` so that
    the last model has as many rows to choose from as it sees.

    Parameters
    ----------
    n_estimators : int
    ratio : float

    References
    ----------
    Liu, Wu, Zhou (2009), Exploratory undersampling for class-imbalance learning, IEEE Trans. SMC B
    39, 539-550, algorithm 2; the arm's classifier stands in place of AdaBoost.
    """

    def grow(self, members: list[Model], job: FitJob, rng: np.random.Generator) -> Floats:
        """Fit each member on a draw from what those before left."""
        weight, sizes, each = even_weight(job), self.sizes(job), rows_by_class(job)
        whole = [len(own) for own in each]
        for k, member in enumerate(members):
            learn(member, job, drawn(each, sizes, rng, False), weight)
            if k + 1 == len(members):
                break
            done = (k + 1) / (len(members) - 1)
            keep = [round(n * (s / n) ** done) for n, s in zip(whole, sizes, strict=True)]
            each = [
                own if n >= len(own) else hardest(member, job, own, n, rng)
                for own, n in zip(each, keep, strict=True)
            ]
        return np.ones(len(members))


def hardest(member: Model, job: FitJob, own: Ints, size: int, rng: np.random.Generator) -> Ints:
    """Return the rows of a class that a model finds hardest; of equal ones by chance."""
    mixed = rng.permutation(own)
    rows = job.rows.take(mixed)
    right = member.predict_proba(rows)[np.arange(len(rows)), rows.y]
    return np.sort(mixed[np.argsort(right, kind="stable")[:size]])
