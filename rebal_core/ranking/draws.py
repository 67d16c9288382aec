"""How sure a mean over visits is: the same bootstrap draws of users for all arms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rebal_core.evaluation.bootstrap import HELD, MOST_DRAWS, POISSON
from rebal_core.evaluation.intervals import LEVEL, Difference
from rebal_core.rows import Floats
from rebal_core.seeding import generator


class UserDraws:
    """Means over visits, and what they are where users had come another way.

    A draw gives every user a Poisson(1) weight; a user is asked once, so that these are the rows.
    All values that are asked for see the same weights: differences between them are paired. The
    draws know of other users only, not of another log to learn from; errors are widened by
    ``sqrt(1 + n_asked / n_learned)``, as Nadeau and Bengio widen those of one split.

    Parameters
    ----------
    visits : int
        N.
    learned : int
        Events that were learned from.
    seed : int
        The run's seed.

    References
    ----------
    Nadeau & Bengio (2003), Inference for the generalization error, Machine Learning 52, 239-281.
    """

    def __init__(self, visits: int, learned: int, seed: int) -> None:
        self.visits, self.seed = visits, seed
        self.wider = float(np.sqrt(1.0 + visits / max(learned, 1)))

    def means(self, values: Floats) -> Floats:
        """Return the means of each row of values, and those under each draw.

        Parameters
        ----------
        values : ndarray of shape (m, n)
            nan where a visit has no such value.

        Returns
        -------
        ndarray of shape (m, 1 + B)
            The mean itself first; nan where no visit has a value.
        """
        there = ~np.isnan(values)
        filled = np.where(there, values, 0.0).astype(np.float32)
        counted = there.astype(np.float32)
        top = np.zeros((len(values), 1 + MOST_DRAWS))
        bottom = np.zeros((len(values), 1 + MOST_DRAWS))
        top[:, 0] = np.where(there, values, 0.0).sum(axis=1)
        bottom[:, 0] = there.sum(axis=1)
        for part, weights in self._weights():
            top[:, 1:] += filled[:, part] @ weights
            bottom[:, 1:] += counted[:, part] @ weights
        return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)

    def interval(self, means: Floats) -> tuple[float, float]:
        """Return the 95 % interval of one mean; nan where it is not defined."""
        return self._difference(means).interval(LEVEL)

    def difference(self, arm: Floats, other: Floats) -> Difference:
        """Return how much larger one mean is than the other, both as :meth:`means` gave them."""
        return self._difference(arm - other)

    def _difference(self, drawn: Floats) -> Difference:
        known = drawn[1:][~np.isnan(drawn[1:])]
        if np.isnan(drawn[0]) or known.size < 2:
            return Difference(float(drawn[0]), np.nan)
        return Difference(float(drawn[0]), self.wider * float(known.std(ddof=1)))

    def _weights(self) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        rng = generator(self.seed, "users")
        step = max(1, HELD // MOST_DRAWS)
        for start in range(0, self.visits, step):
            part = slice(start, min(start + step, self.visits))
            drawn = rng.integers(0, POISSON.size, (part.stop - start, MOST_DRAWS), dtype=np.uint16)
            yield part, POISSON[drawn]
