"""SMOTE on a ready neighbour graph."""

from __future__ import annotations

import numpy as np

from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import Recipe
from rebal_core.samplers.base import COUNTS, RATIO, Counts, ToCounts
from rebal_core.samplers.neighbors import search_seconds
from rebal_core.step import Fold
from rebal_core.wording import Text, Unsuitable

K_NEIGHBORS = Number(
    "k_neighbors",
    "Neighbours k",
    "How many near rows of the class may be a partner.",
    5,
    1,
    100,
)


class SMOTE(ToCounts):
    """Make rows between a row of a class and one of its nearest neighbours in the same class.

    Parameters
    ----------
    k_neighbors : int
        Neighbours to choose from; a class of n rows uses at most n - 1.
    ratio : float
        Rows of each rarer class per row of the most frequent one.
    counts : mapping of label code to rows, or its items, optional
        Rows of single classes; wins over the ratio. Of :meth:`fit_resample`: by the labels of y.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    A class of one row has no neighbour: its row is repeated, and a note says so.

    References
    ----------
    Chawla et al. (2002), SMOTE: Synthetic Minority Over-sampling Technique, JAIR 16, 321-357.
    """

    slot = "over"
    direction = "over"
    makes = "interpolated"
    parameters = (K_NEIGHBORS, RATIO, COUNTS)

    def __init__(
        self,
        k_neighbors: int = 5,
        ratio: float = 1.0,
        counts: Counts = None,
        random_state: int | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.ratio = ratio
        self.counts = counts
        self.random_state = random_state

    def recipe(self, fold: Fold) -> Recipe:
        """Keep all rows and add the made ones, class by class."""
        y, now, rng = fold.rows.y, np.array(fold.counts), fold.rng
        after = np.array(self.counts_after(fold.counts))
        parts = [Recipe.kept(np.arange(len(y)), y)]
        lonely = 0
        for label in np.flatnonzero(after > now).tolist():
            members, size = fold.members(label), after[label] - now[label]
            if len(members) == 1:
                parts.append(Recipe.copies(np.repeat(members, size), y))
                lonely += 1
                continue
            _, mates = fold.neighbors.within(label, self.k_neighbors)
            row, column = np.divmod(rng.integers(0, mates.size, size), mates.shape[1])
            parts.append(Recipe.pairs(members[row], np.asarray(mates[row, column]), y, rng))
        made = Recipe.join(parts)
        return made.noted(_lonely_note(lonely)) if lonely else made

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the search within each class that grows."""
        try:
            after = self.counts_after(facts.counts)
        except Unsuitable:
            return 0.0
        grown = [n for n, m in zip(facts.counts, after, strict=True) if m > n]
        return sum(search_seconds(n, facts) for n in grown)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when no rarer class has two rows to lie between."""
        smaller = sorted(facts.counts)[:-1]
        if max(smaller, default=0) < 2:
            return Text(
                "Every rarer class has only one row, and SMOTE needs two; choose random_over."
            )
        return None


def _lonely_note(classes: int) -> Text:
    if classes == 1:
        return Text("One class of one training row was copied: there is no neighbour.")
    return Text(
        "{classes} classes of one training row were copied: there is no neighbour.",
        {"classes": classes},
    )
