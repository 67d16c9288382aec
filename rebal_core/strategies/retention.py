"""All rare rows stay, and each frequent one by a coin."""

from __future__ import annotations

import numpy as np

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.facts import TableFacts
from rebal_core.model import FitJob
from rebal_core.params import Number, Switch
from rebal_core.rows import Floats, Recipe
from rebal_core.samplers.plain import RowSampler
from rebal_core.samplers.poisson import too_few_left, tossed, weighed_back
from rebal_core.step import Fold
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.wording import Text

RHO = Number(
    "rho",
    "Share of frequent rows kept (ρ)",
    "0.1 keeps about one in ten rows of the more frequent classes, drawn by lot. No class becomes "
    "smaller than the rarest one.",
    0.1,
    0.001,
    1.0,
)
PILOT = Switch(
    "pilot",
    "Keep hard rows more often",
    "A quick first model, learned from a tenth of the rows, finds the frequent rows that look like "
    "another class. These are kept more often, and weights make up for it.",
)
#: Part of each class that a pilot learns from, and rows of it at least.
PART, LEAST = 0.1, 50
#: No row stays more seldom than so, for its weight would be too large.
LOWEST = 0.01


class Retention(RowSampler):
    """Keep the rows of the rarest class, and each other row with a probability of its own.

    The probability is the same for all rows of a class, or follows a pilot model: proportional to
    the probability that a row is of another class, from .01 on, with the same mean. Then rows
    differ within a class, and no shift of class shares could undo it: each row weighs the inverse
    of its probability instead, by which every sum over the rows is right on average. (The log-odds
    offset ``log rho(x)`` needs the pilot with every prediction, and is right for a model only that
    holds the truth.)

    Parameters
    ----------
    rho : float
    pilot : bool
    random_state : int, optional
        For :meth:`fit_resample` alone.

    References
    ----------
    Fithian & Hastie (2014), Local case-control sampling: efficient subsampling in imbalanced data
    sets, Annals of Statistics 42, 1693-1724. Wang, Zhang & Wang (2021), Nonuniform negative
    sampling and log odds correction with rare events data, NeurIPS.
    """

    slot = "under"
    foretells = False
    goes = Text("rows of the frequent classes, drawn by lot")
    parameters = (RHO, PILOT)

    def __init__(
        self, rho: float = 0.1, pilot: bool = False, random_state: int | None = None
    ) -> None:
        self.rho = rho
        self.pilot = pilot
        self.random_state = random_state

    def recipe(self, fold: Fold) -> Recipe:
        """Keep rows in their order; with a pilot they weigh."""
        counts = np.array(fold.counts)
        rates = _rates(counts, self.rho)
        if not self.pilot:
            return tossed(rates[fold.rows.y], fold)
        chance = np.ones(len(fold.rows))
        doubt = _doubt(fold)
        for label in np.flatnonzero(rates < 1).tolist():
            members = fold.members(label)
            chance[members] = spread_out(doubt[members], float(rates[label]))
        return weighed_back(tossed(chance, fold), chance)

    def counts_after(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return about how many rows of each class stay."""
        now = np.array(counts)
        return tuple(np.rint(_rates(now, self.rho) * now).astype(int).tolist())

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the pilot."""
        if not self.pilot:
            return 0.0
        spec = CLASSIFIERS["logistic"]
        return spec.seconds(facts.of_training(PART), spec.params)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when next to nothing would be left."""
        return too_few_left(facts, self.counts_after(facts.counts))

    def idle(self) -> Text | None:
        """Tell that all rows stay."""
        return Text("A part of 1 keeps every row; lower ρ.") if self.rho == 1 else None


def _rates(counts: np.ndarray, rho: float) -> Floats:
    """Return the part of each class that stays: no class is cut below the rarest."""
    rarest = counts[counts > 0].min()
    return np.asarray(np.minimum(1.0, np.maximum(rho, rarest / np.maximum(counts, 1))))


def _doubt(fold: Fold) -> Floats:
    """Return the probability that each row is of another class, by a pilot on part of the rows."""
    y, rng = fold.rows.y, fold.rng
    parts = []
    for label in np.unique(y).tolist():
        members = fold.members(label)
        size = min(len(members), max(LEAST, round(PART * len(members))))
        parts.append(rng.choice(members, size, replace=False))
    taught = fold.rows.take(np.sort(np.concatenate(parts)))
    shares = np.bincount(y) / np.maximum(np.bincount(taught.y), 1)
    model = CLASSIFIERS["logistic"].build(seed=int(rng.integers(2**31)))
    model.fit(FitJob(taught, shares[taught.y] / shares[taught.y].mean(), fold.n_classes))
    return np.asarray(1 - model.predict_proba(fold.rows)[np.arange(len(y)), y])


def spread_out(doubt: Floats, rate: float) -> Floats:
    """Return probabilities in proportion to the doubt, from .01 to 1, with that mean.

    Parameters
    ----------
    doubt : ndarray of shape (n,)
        Not negative.
    rate : float
        At least .01 in effect.
    """
    doubt = np.maximum(doubt, 1e-9)
    # By halving: the mean grows with the factor, and the largest here keeps every row.
    low, high = 0.0, 1 / float(doubt.min())
    for _ in range(60):
        middle = (low + high) / 2
        if np.clip(middle * doubt, LOWEST, 1).mean() < rate:
            low = middle
        else:
            high = middle
    return np.asarray(np.clip(high * doubt, LOWEST, 1))


retention = STRATEGIES.add(
    Strategy(
        name="retention",
        label="Retention sampling",
        family="context",
        reference="Fithian & Hastie (2014), Local case-control sampling: efficient subsampling in "
        "imbalanced data sets, Annals of Statistics 42, 1693-1724",
        aliases=(
            *("local_case_control", "case_control", "poisson_sampling"),
            *("保留采样", "留存采样", "病例对照抽样", "局部病例对照"),
        ),
        about="All rows of the rarest class stay; of the others only a share, drawn by lot. With "
        "“Keep hard rows more often” a quick first model says which, and weights make up for it.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Forgetting the weight 1/ρ (or to add log ρ to the log-odds): the probabilities "
        "are then those of the smaller table. And, where hard rows are kept more often, correcting "
        "as if every row had been kept equally often.",
        steps=(Retention(),),
    )
)
