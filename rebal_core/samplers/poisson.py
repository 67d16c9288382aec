"""Rows that stay by a coin of their own each: Poisson sampling."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import Floats, Recipe
from rebal_core.samplers.plain import RowSampler
from rebal_core.step import Fold
from rebal_core.wording import Text

KEEP_RATE = Number(
    "keep_rate",
    "Share of frequent rows kept (w)",
    "0.1 keeps about one in ten rows of the more frequent classes, drawn by lot; all rows of the "
    "rarest class stay.",
    0.1,
    0.0001,
    1.0,
)


#: Of so few rows no model learns much.
LEAST = 20


def tossed(chance: Floats, fold: Fold) -> Recipe:
    """Return the rows whose coin says so; of a class that would go altogether the nearest to it.

    Parameters
    ----------
    chance : ndarray of shape (n,)
        The probability with which each row stays; 1 keeps it.
    """
    coin = fold.rng.random(len(chance))
    stays, saved = coin < chance, 0
    for label in np.flatnonzero(np.bincount(fold.rows.y)).tolist():
        members = fold.members(label)
        if not stays[members].any():
            stays[members[np.argmin(coin[members] / chance[members])]] = True
            saved += 1
    recipe = Recipe.kept(np.flatnonzero(stays), fold.rows.y)
    return recipe.noted(_saved_note(saved)) if saved else recipe


def too_few_left(facts: TableFacts, counts: tuple[int, ...]) -> Text | None:
    """Tell when these counts are next to nothing of a table."""
    if sum(counts) >= min(LEAST, facts.rows):
        return None
    return Text(
        "About {left} of {rows:,} rows would be left; keep a larger part, or choose class weights.",
        {"left": sum(counts), "rows": facts.rows},
    )


def _saved_note(classes: int) -> Text:
    if classes == 1:
        return Text("One row of a class was kept against the lot: else none would be left.")
    return Text(
        "One row each of {classes} classes was kept against the lot: else none would be left.",
        {"classes": classes},
    )


class NegativeSampling(RowSampler):
    """Keep every row of the rarest class, and each other row with probability ``w``.

    A probability ``p`` of a model that learned from what is left means
    ``q = p / (p + (1 - p) / w)`` of all rows, which is the closed form of class shares that shift.

    Parameters
    ----------
    keep_rate : float
        ``w``.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    References
    ----------
    He et al. (2014), Practical lessons from predicting clicks on ads at Facebook, ADKDD, 6.3.
    """

    slot = "under"
    foretells = False
    measures: ClassVar[bool] = False
    goes = Text("rows of the frequent classes, drawn by lot")
    parameters = (KEEP_RATE,)

    def __init__(self, keep_rate: float = 0.1, random_state: int | None = None) -> None:
        self.keep_rate = keep_rate
        self.random_state = random_state

    def recipe(self, fold: Fold) -> Recipe:
        """Keep rows in their order, and tell the way back."""
        y, counts = fold.rows.y, np.array(fold.counts)
        rarest = _rarest(counts)
        kept = tossed(np.where(y == rarest, 1.0, self.keep_rate), fold)
        before, after = (int(n) for n in (len(y) - counts[rarest], len(kept) - counts[rarest]))
        if before == after:
            return kept
        return kept.noted(
            Text(
                "{after:,} of {before:,} rows of the frequent classes stay, a keep rate w of "
                "{rate:.4g}: what a model on these rows says as p means p / (p + (1 - p) / w).",
                {"after": after, "before": before, "rate": after / before},
            )
        )

    def counts_after(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return about how many rows of each class stay."""
        rarest = _rarest(np.array(counts))
        pairs = enumerate(counts)
        return tuple(
            n if k == rarest else min(n, max(1, round(self.keep_rate * n))) for k, n in pairs
        )

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when next to nothing would be left."""
        return too_few_left(facts, self.counts_after(facts.counts))

    def idle(self) -> Text | None:
        """Tell that all rows stay."""
        return Text("A keep rate of 1 keeps every row; lower it.") if self.keep_rate == 1 else None


def _rarest(counts: np.ndarray) -> int:
    return int(np.argmin(np.where(counts > 0, counts, np.iinfo(np.int64).max)))


def weighed_back(recipe: Recipe, chance: Floats) -> Recipe:
    """Return the recipe with each row weighed by the inverse of its probability to be there."""
    return replace(recipe, weight=1 / chance[recipe.base])
