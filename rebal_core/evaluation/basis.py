"""What a verdict rests on: the test rows of each class, and the units that these come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rebal_core.data.units import FEWEST_UNITS, Held, held
from rebal_core.evaluation.arms import ArmCells
from rebal_core.rows import Floats, Ints

#: A class of fewer rows carries no claim, nor one whose rows count as fewer than FEWEST_UNITS.
FEWEST_ROWS = 10


@dataclass(frozen=True)
class Basis:
    """How much stands behind what is said of each class.

    Parameters
    ----------
    support : ndarray of shape (K,)
        Tested rows by class, of one repeat.
    units : ndarray of shape (K,)
        As how many units of equal size (customers, days) these rows count; infinite where rows are
        drawn one by one.
    positive : int
        Code of the class in focus; read for two classes only.
    held : tuple of Held
        Who holds these rows, by class; empty where rows are drawn one by one.
    """

    support: Floats
    units: Floats
    positive: int
    held: tuple[Held, ...] = ()

    @property
    def judged(self) -> np.ndarray:
        """Whether a class can be judged; shape (K,), bool."""
        known: np.ndarray = (self.support >= FEWEST_ROWS) & (self.units >= FEWEST_UNITS)
        return known

    @property
    def focus(self) -> int:
        """The class under claim.

        Of two classes the one in focus. Of many the rarest that can be judged: others are named as
        not judged instead of silencing the run; where fewer than two can be, the second most
        frequent one, which then forbids a verdict.
        """
        if self.support.size == 2:
            return self.positive
        order = np.argsort(-self.support, kind="stable")
        judged = order[self.judged[order]]
        return int(judged[-1] if judged.size > 1 else order[1])

    @property
    def weakest(self) -> int:
        """The class of fewest units: of two classes either, of many the one under claim."""
        return int(np.argmin(self.units)) if self.support.size == 2 else self.focus

    @property
    def reason(self) -> str | None:
        """Why nothing may be claimed, if so."""
        if self.support[self.focus] < FEWEST_ROWS:
            return "few_rows"
        return "few_units" if self.units[self.weakest] < FEWEST_UNITS else None

    @property
    def df(self) -> float:
        """Degrees of freedom of an error that comes from so many units; 1 at least."""
        units = self.units[self.judged] if self.support.size > 2 else self.units
        return max(1.0, float(units.min(initial=np.inf)) - 1.0)


def basis_of(arms: Sequence[ArmCells], positive: int, n_classes: int, units: Ints | None) -> Basis:
    """Count the test rows of the first repeat, and their units.

    Units of unequal size count as fewer of equal size, see :func:`rebal_core.data.units.held`.

    Parameters
    ----------
    units : ndarray of shape (n,), optional
        Unit of each row of the table.
    """
    done = next((a for a in arms if a.status == "done"), None)
    cells = [c for c in (done.cells if done else ()) if c.repeat == 0]
    rows = np.concatenate([c.rows for c in cells]) if cells else np.zeros(0, dtype=np.int64)
    y = np.concatenate([c.y for c in cells]) if cells else np.zeros(0, dtype=np.int64)
    support = np.bincount(y, minlength=n_classes).astype(float)
    if units is None:
        return Basis(support, np.full(n_classes, np.inf), positive)
    holders = tuple(
        held(np.unique(units[rows[y == k]], return_counts=True)[1]) for k in range(n_classes)
    )
    return Basis(support, np.array([one.units for one in holders]), positive, holders)
