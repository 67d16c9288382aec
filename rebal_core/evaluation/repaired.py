"""How the probabilities of an arm were put right, and whether they can be trusted since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rebal_core.decisions import Decided
from rebal_core.decisions.choice import FEWEST_JUDGED
from rebal_core.decisions.repair import NAMES
from rebal_core.rows import Floats

#: Mean predicted over observed rate (E/O) of a class whose probabilities can be trusted.
LOWEST, HIGHEST = 0.8, 1.25


@dataclass(frozen=True)
class ArmRepair:
    """The repair of an arm over all its folds.

    Parameters
    ----------
    name : str
        The one taken most often, of equally frequent ones the simplest.
    ratios : ndarray of shape (K,)
        E/O of each class after it; nan where too few rows were tested.
    """

    name: str
    ratios: Floats

    @property
    def strays(self) -> tuple[int, ...]:
        """Codes of the classes whose E/O lies outside .8 to 1.25, the furthest first."""
        miss = np.abs(np.log(np.maximum(self.ratios, 1e-9)))
        out = (self.ratios < LOWEST) | (self.ratios > HIGHEST)
        return tuple(int(k) for k in np.argsort(-miss, kind="stable") if out[k])

    @property
    def trusted(self) -> bool:
        """Whether the probabilities of every class that can be judged fit what happened."""
        return not self.strays


def arm_repair(
    cells: Sequence[Decided], support: Floats, positive: int, shown: float | None
) -> ArmRepair:
    """Return how an arm was repaired.

    Parameters
    ----------
    cells : sequence of Decided
        All cells of the arm.
    support : ndarray of shape (K,)
        Tested rows by class, of one repeat.
    positive : int
        Code of the class in focus.
    shown : float, optional
        The E/O of the class in focus as the page shows it, of two classes.
    """
    taken = Counter(d.repair.name for d in cells)
    name = max(taken, key=lambda name: (taken[name], -NAMES.index(name)))
    expected, observed = np.sum([_totals(d) for d in cells], axis=0)
    ratios = np.full(support.size, np.nan)
    np.divide(expected, observed, out=ratios, where=support >= FEWEST_JUDGED)
    moved = any(d.repair.shares for d in cells)
    if shown is not None and not moved and support[positive] >= FEWEST_JUDGED:
        ratios[positive] = shown
    return ArmRepair(name, ratios)


def _totals(d: Decided) -> Floats:
    """Return the expected and the observed rows of each class, of shape (2, K).

    Where probabilities are meant for other class shares, rows weigh as their class does there.
    """
    k, weight = d.proba.shape[1], np.ones(d.cell.y.size)
    if d.repair.shares:
        seen = np.where(d.cell.prior_train > 0, d.cell.prior_train, 1.0)
        weight = (np.asarray(d.repair.shares) / seen)[d.cell.y]
    return np.stack([weight @ d.proba, np.bincount(d.cell.y, weight, minlength=k)])
