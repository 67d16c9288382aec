"""What networks still find where the numbers of test rows are moved against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rebal_core.arm import Attacked, Protocol
from rebal_core.evaluation.intervals import LEVEL, Difference, nadeau_bengio, train_test_ratio
from rebal_core.rows import Floats

if TYPE_CHECKING:
    from rebal_core.evaluation.evaluate import Evaluation


@dataclass(frozen=True)
class Robustness:
    """How an arm stands an attack, by the test rows of one class; no verdict knows of it.

    Parameters
    ----------
    reach : float
        Largest move of a number, in standard deviations of its column.
    rows : float
        Rows of the class that were moved, of one repeat.
    clean : float
        Part of them that is found as they are, all classes taken for equally frequent.
    found : Difference
        Part that is still found when they are moved; its error is that over the folds.
    even : Difference
        Part of the moved rows of a class that is told right, averaged over all classes: who calls
        more rows rare finds more of them, under attack too.
    gain : Difference or None
        How much more of that than of the reference, which is attacked by its own slope; None of an
        arm that is not judged.
    """

    reach: float
    rows: float
    clean: float
    found: Difference
    even: Difference
    gain: Difference | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the part that is found under attack; nan where folds do not tell."""
        return _part_interval(self.found)

    @property
    def even_interval(self) -> tuple[float, float]:
        """The 95 % interval of the part that is told right of all classes alike."""
        return _part_interval(self.even)

    @property
    def gain_interval(self) -> tuple[float, float]:
        """The 95 % interval of the gain; nan without one."""
        low, high = (np.nan, np.nan) if self.gain is None else self.gain.interval(LEVEL)
        return max(low, -1.0), min(high, 1.0)


def _part_interval(part: Difference) -> tuple[float, float]:
    if not part.se > 0:  # all folds alike: all found, or none
        return np.nan, np.nan
    low, high = part.interval(LEVEL)
    return max(low, 0.0), min(high, 1.0)


def robustness(e: Evaluation, arm: str) -> Robustness | None:
    """Return how an arm stands an attack, by the class under claim; None where it has no slope.

    Differences are paired fold by fold, for the folds' models are what differs; their error is the
    corrected one of Nadeau and Bengio.
    """
    decided, verdict = e.decisions.get(arm), e.verdicts.get(arm)
    if decided is None or not decided.attacked:
        return None
    other = None if verdict is None else e.decisions.get(str(verdict.reference))
    cells, k, gain = decided.attacked, e.focus, None
    even = _even(cells)
    if other is not None and len(other.attacked) == len(cells):
        gain = _over_folds(even - _even(other.attacked), e.protocol)
    return Robustness(
        reach=cells[0].reach,
        rows=sum(cell.rows[k] for cell in cells) / e.protocol.repeats,
        clean=float(_over_folds(_parts(cells, "clean", k), e.protocol).gain),
        found=_over_folds(_parts(cells, "found", k), e.protocol),
        even=_over_folds(even, e.protocol),
        gain=gain,
    )


def _parts(cells: Sequence[Attacked], what: str, k: int) -> Floats:
    """Return which part of the moved rows of a class was found in each cell; nan without rows."""
    found = np.array([getattr(cell, what)[k] for cell in cells], dtype=float)
    rows = np.array([cell.rows[k] for cell in cells], dtype=float)
    parts: Floats = np.divide(found, rows, out=np.full(len(rows), np.nan), where=rows > 0)
    return parts


def _even(cells: Sequence[Attacked]) -> Floats:
    """Return the part found of each cell, averaged over the classes that have rows; nan of none."""
    parts = np.array([_parts(cells, "found", k) for k in range(len(cells[0].rows))])
    there = np.isfinite(parts)
    total = np.where(there, parts, 0.0).sum(axis=0)
    known: Floats = np.divide(
        total, there.sum(axis=0), out=np.full(len(cells), np.nan), where=there.any(axis=0)
    )
    return known


def _over_folds(values: Floats, protocol: Protocol) -> Difference:
    return nadeau_bengio(values, train_test_ratio(protocol.folds, protocol.split))
