"""Rare rows are drawn again, each with a little noise of its own."""

from __future__ import annotations

import numpy as np

from rebal_core.params import Number
from rebal_core.rows import Recipe
from rebal_core.samplers.base import COUNTS, RATIO, Counts, ToCounts
from rebal_core.step import Fold
from rebal_core.strategies.base import STRATEGIES, Strategy


class SmoothedBootstrap(ToCounts):
    """Draw rows from a kernel estimate of the density of their class.

    References
    ----------
    Menardi & Torelli (2014), Data Mining and Knowledge Discovery 28, 92-122.
    """

    slot = "over"
    direction = "over"
    makes = "generated"
    parameters = (
        Number("shrinkage", "Width of the noise", "0 repeats rows.", 1.0, 0.0, 10.0),
        RATIO,
        COUNTS,
    )

    def __init__(self, shrinkage: float = 1.0, ratio: float = 1.0, counts: Counts = None) -> None:
        self.shrinkage = shrinkage
        self.ratio = ratio
        self.counts = counts

    def recipe(self, fold: Fold) -> Recipe:
        """Keep all rows and add the drawn ones, class by class."""
        rows, y, rng = fold.rows, fold.rows.y, fold.rng
        parts = [Recipe.kept(np.arange(len(y)), y)]
        after = self.counts_after(fold.counts)
        for label, (now, size) in enumerate(zip(fold.counts, after, strict=True)):
            if size == now:
                continue
            members = fold.members(label)
            base = members[rng.integers(0, now, size - now)]
            free = np.where(rows.layout.indicators, 0.0, rows.numbers[members].std(axis=0))
            dimensions = max(1, np.count_nonzero(free))
            width = self.shrinkage * (4 / ((dimensions + 2) * now)) ** (1 / (dimensions + 4))
            noise = rng.normal(size=(len(base), len(free))) * free * width
            numbers = (rows.numbers[base] + noise).astype(np.float32)
            parts.append(Recipe.draws(base, y, numbers, rows.codes[base]))
        return Recipe.join(parts)


STRATEGIES.add(
    Strategy(
        name="smoothed_bootstrap",
        label="Smoothed bootstrap",
        family="over",
        reference="Menardi & Torelli (2014), Data Mining and Knowledge Discovery 28, 92-122",
        aliases=("平滑自助",),
        about="Rare rows are drawn again with noise.",
        steps=(SmoothedBootstrap(),),
    )
)
