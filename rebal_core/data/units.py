"""As how many units of equal size rows count.

Of ten customers, one of whom has nine rows in ten, hardly more than one is heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rebal_core.data.dataset import Dataset
from rebal_core.data.profile import item_counts
from rebal_core.rows import Floats, Ints

#: A class whose rows count as fewer units carries no claim.
FEWEST_UNITS = 5


@dataclass(frozen=True)
class Held:
    """Who holds the rows of a class.

    Parameters
    ----------
    values : int
        Customers, days or whatever it is that holds rows.
    top : int
        So many of the largest hold half of the rows or more.
    share : float
        What these hold.
    units : float
        As how many of equal size they count (Kish).
    """

    values: int
    top: int
    share: float
    units: float

    @property
    def few(self) -> bool:
        """Whether nothing can be claimed of the class."""
        return self.units < FEWEST_UNITS


def held(sizes: Ints | Floats) -> Held:
    """Return who holds the rows, from the rows of each.

    References
    ----------
    Kish (1965), Survey Sampling; Carter, Schnepel, Steigerwald (2017), Review of Economics and
    Statistics 99, 698-709, for clusters of unequal size.
    """
    falling = np.sort(np.asarray(sizes, dtype=float))[::-1]
    falling = falling[falling > 0]
    total = float(falling.sum())
    if not total:
        return Held(0, 0, 0.0, 0.0)
    sums = np.cumsum(falling)
    top = int(np.searchsorted(sums, total / 2)) + 1
    units = total**2 / float((falling**2).sum())
    return Held(falling.size, top, float(sums[top - 1]) / total, units)


def held_too_unevenly(dataset: Dataset, column: str) -> tuple[str, Held] | None:
    """Return the class of two of which a split by a column can say nothing, and who holds it.

    None where each can be judged, and for many classes: one that cannot be is named afterwards,
    and silences nothing.
    """
    labels = dataset.labels()
    if len(labels.classes) != 2:
        return None
    found = []
    for label, rows in zip(labels.classes, labels.counts, strict=True):
        sizes = item_counts(dataset, column, label)
        alone = np.ones(max(0, rows - int(sizes.sum())), dtype=np.int64)  # rows without a value
        found.append((label, held(np.concatenate([sizes, alone]))))
    label, least = min(found, key=lambda pair: pair[1].units)
    return (label, least) if least.few else None
