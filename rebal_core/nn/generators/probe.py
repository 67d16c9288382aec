"""Whether made rows are any good, asked while a generator learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score

from rebal_core.rows import Floats, Ints

#: Of each class so many are made at least and at most; they weigh as much as the real ones do.
_LEAST, _MOST = 1000, 2000
_TREES = 30


@dataclass(frozen=True)
class Probe:
    """Real rows that judge made ones.

    Parameters
    ----------
    rows : ndarray of shape (n, columns)
    y : ndarray of shape (n,)
    fit : ndarray of int
        Which of them the generator learns from.
    held : ndarray of int
        Which of them it does not.
    labels : ndarray
        The classes that are made; those of all others are real.
    numbers : int
        How many of the columns are numbers; they come first.
    """

    rows: NDArray[np.float32]
    y: Ints
    fit: Ints
    held: Ints
    labels: Ints
    numbers: int

    def judged(self, make: Callable[[int, int], NDArray[np.float32]]) -> dict[str, float]:
        """Return what rows are worth that a function of class and count makes.

        Returns
        -------
        dict
            ``use``: average precision, for the made classes on held real rows, of a fast classifier
            taught by made rows of these and real ones of the others. ``shape``: how alike columns
            are, 1 less the greatest difference of shares of numbers up to a value, or less the
            total variation of categories. Both are means, and 1 at best.
        """
        parts, shapes = [], []
        for label in np.unique(self.y[self.fit]).tolist():
            own = self.rows[self.fit][self.y[self.fit] == label]
            rows = own
            if label in self.labels:
                rows = make(label, min(max(len(own), _LEAST), _MOST))
                shapes.append(self._alike(own, rows))
            parts.append(
                (rows, np.full(len(rows), label), np.full(len(rows), len(own) / len(rows)))
            )
        x, y, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
        return {"use": self._use(x, y, weight), "shape": float(np.mean(shapes))}

    def _use(self, x: NDArray[np.float32], y: Ints, weight: Floats) -> float:
        model = fast(x, y, weight)
        chances = model.predict_proba(self.rows[self.held])
        y = self.y[self.held]
        scores = [
            average_precision_score(y == label, chances[:, k])
            for k, label in enumerate(model.classes_.tolist())
            if label in self.labels and (y == label).any()
        ]
        return float(np.mean(scores)) if scores else 0.0

    def _alike(self, real: NDArray[np.float32], made: NDArray[np.float32]) -> float:
        pairs = list(zip(real.T, made.T, strict=True))
        alike = [1 - _apart(*pair) for pair in pairs[: self.numbers]]
        alike += [1 - _varied(*pair) for pair in pairs[self.numbers :]]
        return float(np.mean(alike))


def fast(x: NDArray[np.float32], y: Ints, weight: Floats | None) -> HistGradientBoostingClassifier:
    """Return the fast classifier, fitted."""
    model = HistGradientBoostingClassifier(
        max_iter=_TREES, early_stopping=False, random_state=0, learning_rate=0.15
    )
    return model.fit(x, y, weight)


def _apart(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return the distance of Kolmogorov and Smirnov."""
    values = np.sort(np.concatenate([first, second]))
    shares = [np.searchsorted(np.sort(x), values, side="right") / len(x) for x in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def _varied(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return the total variation of the shares of codes."""
    most = int(max(first.max(), second.max())) + 1
    shares = [np.bincount(x.astype(int), minlength=most) / len(x) for x in (first, second)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
