"""What samplers share that take rows away because of the rows around them."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from rebal_core.facts import TableFacts
from rebal_core.params import Choice
from rebal_core.rows import ORIGINAL, Ints, Recipe
from rebal_core.samplers.nearness import Near
from rebal_core.samplers.plain import RowSampler
from rebal_core.step import Fold
from rebal_core.wording import Text

#: Above this the search for contradicted rows takes many minutes, unless columns are few.
MOST_ROWS, FEW_COLUMNS = 2_000_000, 9

CLASSES = Choice(
    "classes",
    "Classes that lose rows",
    "Of which classes rows may go.",
    "others",
    (
        ("others", "all but the rarest"),
        ("majority", "only the most frequent"),
        ("all", "all, the rarest too"),
    ),
)


def cleaned_classes(counts: tuple[int, ...], classes: str) -> Ints:
    """Return the codes of the classes that may lose rows, ascending.

    Parameters
    ----------
    counts : tuple of int
        Rows of each class.
    classes : {"others", "majority", "all"}
    """
    present = np.flatnonzero(counts)
    if classes == "all":
        return present
    if classes == "majority":
        return np.array([int(np.argmax(counts))])
    return np.setdiff1d(present, rarest_class(counts))


def rarest_class(counts: tuple[int, ...]) -> int:
    """Return the code of the class of fewest rows; of several the last, as codes go by size."""
    return max((-n, code) for code, n in enumerate(counts) if n)[1]


class Cleaner(Near, RowSampler):
    """Base of samplers that take rows away; a subclass defines :meth:`disputed`.

    Attributes
    ----------
    classes : {"others", "majority", "all"}
        Which classes may lose rows.

    Notes
    -----
    A class that the cleaning would remove entirely keeps its own rows (of rows that a step before
    made, only those that are the user's), and a note says so.
    """

    slot = "clean"
    compares_all = True
    foretells = False
    classes: str
    goes = Text("rows that near rows contradict")

    @abstractmethod
    def disputed(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows are to go, whatever their class, shape (n,)."""

    def recipe(self, fold: Fold) -> Recipe:
        """Return the rows that are left, in their order."""
        y = fold.rows.y
        keep = ~(self.disputed(fold) & self.cleaned(fold))
        gone = np.setdiff1d(y, y[keep])
        keep |= np.isin(y, gone) & (fold.origin == ORIGINAL)
        left = Recipe.kept(np.flatnonzero(keep), y)
        return left.noted(_spared_note(len(gone))) if len(gone) else left

    def cleaned(self, fold: Fold) -> NDArray[np.bool_]:
        """Tell which rows are of a class that may lose some, shape (n,)."""
        return np.isin(fold.rows.y, cleaned_classes(fold.counts, self.classes))

    def searches(self, facts: TableFacts) -> dict[str, float]:
        """Return the search among all rows."""
        return self.searched({"all": facts.rows}, facts)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when there are too many rows to compare each with every other."""
        return too_many_to_compare(facts)


def too_many_to_compare(facts: TableFacts) -> Text | None:
    """Tell when there are too many rows to compare each with every other."""
    wide = facts.categories or facts.texts or facts.embeddings
    if facts.rows <= MOST_ROWS or (facts.numbers <= FEW_COLUMNS and not wide):
        return None
    return Text(
        "Cleaning compares every row with every other, which takes too long for {rows:,} rows "
        "(at most {most:,}); choose {strategy}.",
        {"rows": facts.rows, "most": MOST_ROWS, "strategy": "smote"},
    )


def _spared_note(classes: int) -> Text:
    if classes == 1:
        return Text("One class kept its own rows: the cleaning would have removed all.")
    return Text(
        "{classes} classes kept their own rows: the cleaning would have removed all.",
        {"classes": classes},
    )
