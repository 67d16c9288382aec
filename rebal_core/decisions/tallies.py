"""What each cut-off of a class picks on held-out rows, at the class's share there or at another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rebal_core.decisions.numbers import plain_number
from rebal_core.decisions.repair import correct_prior
from rebal_core.metrics import Counts
from rebal_core.rows import Floats

MOST_CANDIDATES = 2_000
#: Cut-offs that leave the house with a model.
MOST_KEPT = 300


@dataclass(frozen=True)
class Tallies:
    """Rows that cut-offs pick, and how many of these are right.

    Parameters
    ----------
    cutoffs : ndarray of shape (m,)
        Rising; a row is picked from this probability on.
    hits, picked : ndarray of shape (m,)
        Picked rows of the class, and all picked rows.
    positives, rows : float
        Rows of the class, and all rows.
    lost, wasted : ndarray of shape (m,), optional
        What the rows of the class that are not picked cost, and the picked ones that are not of it.
    """

    cutoffs: Floats
    hits: Floats
    picked: Floats
    positives: float
    rows: float
    lost: Floats | None = None
    wasted: Floats | None = None

    @classmethod
    def of(cls, truth: np.ndarray, p: Floats, costs: Floats | None = None) -> Tallies:
        """Count at the midpoints between distinct probabilities (2,000 quantiles of them at most).

        Parameters
        ----------
        truth : ndarray of shape (n,), bool
            Whether the row is of the class.
        p : ndarray of shape (n,)
            Its probability.
        costs : ndarray of shape (n,), optional
            What a wrong decision on it costs. Then 0 and 1 are counted too: to pick all rows, or
            none, may be cheapest.
        """
        cutoffs, order = _candidates(p), np.argsort(p)
        if costs is not None:
            cutoffs = np.concatenate([[0.0], cutoffs, [1.0]])
        picked = p.size - np.searchsorted(p[order], cutoffs, side="left")
        from_top = order[::-1]

        def of_picked(values: Floats) -> Floats:
            return np.append(0.0, np.cumsum(values[from_top]))[picked]

        found = cls(
            cutoffs, of_picked(truth), picked.astype(float), float(truth.sum()), float(p.size)
        )
        if costs is None:
            return found
        amounts = np.where(truth, costs, 0.0)
        lost = np.maximum(amounts.sum() - of_picked(amounts), 0.0)
        return replace(found, lost=lost, wasted=of_picked(np.where(truth, 0.0, costs)))

    def counts(self, share: float | None = None) -> Counts:
        """Return the counts of shape (m, 2), where the class is code 1.

        Parameters
        ----------
        share : float, optional
            The class's share of a population in which it is more, or less, common. Its rows and the
            others' are as they are, and only weigh otherwise: recall and the share of false alarms
            of a cut-off stay, precision does not (Saerens et al. 2002).
        """
        own = self.positives / self.rows
        here = own if share is None else share
        one, other = here / own, (1.0 - here) / (1.0 - own)
        hit, wrong = one * self.hits, other * (self.picked - self.hits)
        true = np.array([other * (self.rows - self.positives), one * self.positives])
        said = hit + wrong
        cost = None
        if self.lost is not None and self.wasted is not None:
            cost = one * self.lost + other * self.wasted
        return Counts(
            np.column_stack([true[0] - wrong, hit]),
            np.broadcast_to(true, (said.size, 2)),
            np.column_stack([true.sum() - said, said]),
            cost,
        )

    def thinned(self) -> Tallies:
        """Return at most 300 cut-offs, dense where few rows are picked: there rare classes lie."""
        size = self.cutoffs.size
        if size <= MOST_KEPT:
            return self
        back = np.unique(np.geomspace(1, size, MOST_KEPT).round().astype(int))
        keep = np.sort(size - back)
        return replace(
            self,
            cutoffs=self.cutoffs[keep],
            hits=self.hits[keep],
            picked=self.picked[keep],
            lost=None if self.lost is None else self.lost[keep],
            wasted=None if self.wasted is None else self.wasted[keep],
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "cutoffs": self.cutoffs.tolist(),
            "hits": self.hits.tolist(),
            "picked": self.picked.tolist(),
            "positives": self.positives,
            "rows": self.rows,
            "lost": None if self.lost is None else self.lost.tolist(),
            "wasted": None if self.wasted is None else self.wasted.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Tallies:
        """Rebuild what :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            When these are no counts of rows.
        """
        cutoffs, hits, picked = (_numbers(values[n]) for n in ("cutoffs", "hits", "picked"))
        costs = [_numbers(found) for n in ("lost", "wasted") if (found := values.get(n))]
        positives, rows = plain_number(values["positives"]), plain_number(values["rows"])
        sound = (
            0 < cutoffs.size == hits.size == picked.size
            and 0 < positives < rows < np.inf
            and ((cutoffs >= 0) & (cutoffs <= 1)).all()
            and (np.diff(cutoffs) >= 0).all()
            and ((hits >= 0) & (hits <= positives) & (hits <= picked)).all()
            and (picked - hits <= rows - positives).all()
            and len(costs) in (0, 2)
            and all(c.size == cutoffs.size and ((c >= 0) & (c < np.inf)).all() for c in costs)
        )
        if not sound:
            raise ValueError("counts of rows at cut-offs that are none")
        return cls(cutoffs, hits, picked, positives, rows, *costs)


def _numbers(values: Any) -> Floats:
    return np.array([plain_number(x) for x in values], dtype=float)


def moved(cutoff: float, prior_from: Floats, prior_to: Floats, positive: int) -> float:
    """Return the cut-off that picks the same rows once their probabilities are moved as well.

    Parameters
    ----------
    prior_from, prior_to : ndarray of shape (2,)
        Class shares, see :func:`~rebal_core.decisions.correct_prior`.
    positive : int
        Code of the class that the cut-off is of.
    """
    pair = np.empty((1, 2))
    pair[0, positive], pair[0, 1 - positive] = cutoff, 1.0 - cutoff
    return float(correct_prior(pair, prior_from, prior_to)[0, positive])


def _candidates(p: Floats) -> Floats:
    distinct = np.unique(p)
    if distinct.size < 2:
        return distinct
    middles = (distinct[1:] + distinct[:-1]) / 2.0
    if middles.size > MOST_CANDIDATES:
        middles = np.quantile(middles, np.linspace(0.0, 1.0, MOST_CANDIDATES))
    return np.asarray(middles, dtype=float)
