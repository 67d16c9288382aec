"""Which of the drawn rows are kept: those of which a model of the real rows is surest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from rebal_core.nn.generators.probe import fast
from rebal_core.rows import Ints, TypedRows

#: So many rows are drawn for each that is kept.
DRAWN = 2


@dataclass(frozen=True)
class Sure:
    """A fast classifier of the real rows, which has seen no drawn one.

    Drawn rows are not tried one by one for what they add on held-back rows: there are few of a rare
    class, so such values are mostly noise (Shapley values of a k-nearest-neighbour classifier, Jia
    et al. 2019, and influence on the loss were tried and help less).
    """

    model: HistGradientBoostingClassifier

    @classmethod
    def of(cls, rows: TypedRows) -> Sure:
        """Learn from training rows of two classes or more."""
        return cls(fast(_flat(rows.numbers, rows.codes), rows.y, rows.weight))

    def surest(
        self,
        numbers: NDArray[np.float32],
        codes: NDArray[np.int32],
        label: int,
        kinds: Ints,
        wanted: Ints,
    ) -> Ints:
        """Return the positions, in order, of the rows that it is surest are of a class.

        Parameters
        ----------
        numbers, codes : ndarray
            As typed rows have them.
        label : int
        kinds : ndarray of shape (n,)
            The kind of each row, a position in `wanted`.
        wanted : ndarray of shape (kinds,)
            How many rows of each kind.
        """
        chances = self.model.predict_proba(_flat(numbers, codes))
        (place,) = np.flatnonzero(self.model.classes_ == label)
        order = np.argsort(-chances[:, place], kind="stable")  # of equal ones those drawn first
        chosen = [order[kinds[order] == k][:n] for k, n in enumerate(wanted.tolist())]
        return np.sort(np.concatenate(chosen))


def _flat(numbers: NDArray[np.float32], codes: NDArray[Any]) -> NDArray[np.float32]:
    return np.hstack([numbers, codes], dtype=np.float32)
