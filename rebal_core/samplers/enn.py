"""Edited nearest neighbours: rows go that a near row contradicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import ORIGINAL, Recipe
from rebal_core.samplers.neighbors import search_seconds
from rebal_core.samplers.plain import RowSampler
from rebal_core.step import Fold
from rebal_core.wording import Text

#: Above this the search for contradicted rows takes many minutes, unless columns are few.
MOST_ROWS, FEW_COLUMNS = 150_000, 9

N_NEIGHBORS = Number(
    "n_neighbors",
    "Neighbours that must agree",
    "A row stays when this many near rows all agree.",
    3,
    1,
    100,
)


class ENN(RowSampler):
    """Drop every row that a near row contradicts.

    Parameters
    ----------
    n_neighbors : int
        A row stays when this many of its nearest rows all have its label.
    random_state : int, optional
        For :meth:`fit_resample` alone.

    Notes
    -----
    A class that the cleaning would remove entirely keeps its own rows (of rows that a step before
    made, only those that are the user's), and a note says so.

    References
    ----------
    Wilson (1972), IEEE Trans. SMC 2, 408-421.
    """

    slot = "clean"
    parameters = (N_NEIGHBORS,)

    def __init__(self, n_neighbors: int = 3, random_state: int | None = None) -> None:
        self.n_neighbors = n_neighbors
        self.random_state = random_state

    def recipe(self, fold: Fold) -> Recipe:
        """Return the rows that are left, in their order."""
        y = fold.rows.y
        keep = self.undisputed(fold)
        gone = np.setdiff1d(y, y[keep])
        keep |= np.isin(y, gone) & (fold.origin == ORIGINAL)
        left = Recipe.kept(np.flatnonzero(keep), y)
        return left.noted(_spared_note(len(gone))) if len(gone) else left

    def undisputed(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows have nearest rows of their own label only, shape (n,)."""
        y = fold.rows.y
        _, positions = fold.neighbors.all(self.n_neighbors)
        return np.asarray((y[positions] == y[:, None]).all(axis=1))

    def seconds(self, facts: TableFacts) -> float:
        """Return the time of the search among all rows."""
        return search_seconds(facts.rows, facts)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when there are too many rows to compare each with every other."""
        wide = facts.categories or facts.texts or facts.embeddings
        if facts.rows <= MOST_ROWS or (facts.numbers <= FEW_COLUMNS and not wide):
            return None
        return Text(
            "Cleaning compares every row with every other, which takes too long for {rows:,} rows "
            "(at most {most:,}); choose smote.",
            {"rows": facts.rows, "most": MOST_ROWS},
        )


def _spared_note(classes: int) -> Text:
    if classes == 1:
        return Text("One class kept its own rows: the cleaning would have removed all.")
    return Text(
        "{classes} classes kept their own rows: the cleaning would have removed all.",
        {"classes": classes},
    )
