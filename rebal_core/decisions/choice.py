"""Which repair an arm gets: chosen for each fold on the other folds, by cross-fitted log loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rebal_core.arm import CellResult
from rebal_core.decisions.logits import logits
from rebal_core.decisions.repair import Repair, correct_prior
from rebal_core.decisions.repairs import (
    REPAIRS,
    Calibration,
    FittedRepair,
    Lesson,
    recalibrations,
    softmax_rows,
)
from rebal_core.rows import Floats, Ints

#: Rows of one class, and logits of a repeat, that are looked at; more would settle nothing.
MOST_ROWS, MOST_LOGITS = 10_000, 3_000_000
#: Of at most so many classes logits are kept column by column.
BY_COLUMN = 16
#: A probability of 0 that turned out wrong counts as this, as in the scores.
SMALLEST = 1e-15
#: A log loss is lower beyond noise from so many standard errors of the difference on.
NOISE = 1.0
#: Fewer tested rows of a class say too little about its E/O; for recalibrations of many classes
#: the small ones would outvote the rest, and a timid model would be left as it is.
FEWEST_JUDGED = 50
#: E/O within this of 1 (in logarithms, mean over the classes) is not made better by being nearer.
NEAR = 0.05


class Chooser:
    """Chooses and fits the repairs of one arm in one repeat; no classifier is fitted again.

    A candidate is judged on each teaching fold by what it learnt from the others, so what is
    chosen for a fold has never seen it, neither in the choice nor in the fit.

    Parameters
    ----------
    cells : sequence of CellResult
        All cells of the repeat.
    """

    def __init__(self, cells: Sequence[CellResult]) -> None:
        shifted = any(not np.array_equal(c.prior_fit, c.prior_train) for c in cells)
        self.closed = "prior" if shifted else "none"
        self.names = recalibrations(cells[0].proba.shape[1])
        most = -(-_most_of_a_class(cells) // len(cells))
        parts = [_part(cell, most) for cell in cells]
        self.logits, self.y, self.weight, self.own = (
            np.concatenate(part) for part in zip(*parts, strict=True)
        )
        # A fold that has to teach alone is cut in halves: row by row, its rows lie by class.
        self.half = np.concatenate(
            [2 * i + np.arange(part[1].size) % 2 for i, part in enumerate(parts)]
        )
        self.fits: dict[tuple[str, tuple[int, ...]], FittedRepair] = {}

    def choose(self, teachers: Sequence[int]) -> Repair:
        """Return the repair that these cells teach; the closed form where there are none.

        Parameters
        ----------
        teachers : sequence of int
            Positions of cells.
        """
        blocks: list[tuple[int, ...]] = [(2 * i, 2 * i + 1) for i in teachers]
        if len(blocks) == 1:
            blocks = [(half,) for half in blocks[0]]
        if not blocks:
            return Repair(self.closed)
        best, taken = self._trial(None, blocks), None
        for name in self.names:
            trial = self._trial(name, blocks)
            if trial.beats(best):
                best, taken = trial, name
        return Repair(self.closed) if taken is None else self._after_closed(taken, blocks)

    def named(self, name: str, teachers: Sequence[int]) -> Repair:
        """Return the recalibration of that name, as these cells teach it; see :meth:`choose`."""
        if not teachers:
            return Repair(self.closed)
        return self._after_closed(name, [(2 * i, 2 * i + 1) for i in teachers])

    def _after_closed(self, taken: str, blocks: Sequence[tuple[int, ...]]) -> Repair:
        told = taken if self.closed == "none" else f"{self.closed}+{taken}"
        return Repair(told, self._fitted(taken, (h for block in blocks for h in block)))

    def _fitted(self, name: str, halves: Iterable[int]) -> FittedRepair:
        key = name, tuple(halves)
        if key not in self.fits:
            rows = np.isin(self.half, key[1])
            lesson = Lesson(self._logits(rows), self.y[rows], self.weight[rows])
            self.fits[key] = REPAIRS[name].fit(lesson)
        return self.fits[key]

    def _logits(self, rows: np.ndarray) -> Floats:
        """Return some rows of the logits; of few classes each class in one piece of memory.

        Sums over two classes, row by row, cost eight times as much as column by column.
        """
        found: Floats = self.logits[rows]
        return np.asfortranarray(found) if found.shape[1] <= BY_COLUMN else found

    def _trial(self, name: str | None, blocks: Sequence[tuple[int, ...]]) -> _Trial:
        """Judge a candidate on every block by what it learns from the others."""
        losses, weights = [], []
        expected, observed = np.zeros((2, self.logits.shape[1]))
        for block in blocks:
            rows = np.isin(self.half, block)
            y, w, x = self.y[rows], self.weight[rows], self._logits(rows)
            calibration: FittedRepair = Calibration()
            if name is not None:
                others = (h for other in blocks if other != block for h in other)
                calibration = self._fitted(name, others)
            p, _normaliser = softmax_rows(calibration.applied(x))
            own = self.own[rows] if name is None else p[np.arange(y.size), y]
            losses.append(-np.log(np.maximum(own, SMALLEST)))
            weights.append(w)
            expected += w.astype(p.dtype) @ p
            observed += np.bincount(y, w, minlength=x.shape[1])
        return _Trial(np.concatenate(losses), np.concatenate(weights), _miss(expected, observed))


@dataclass(frozen=True)
class _Trial:
    """How a candidate did on rows that it had not seen: their log loss, and how far E is from O."""

    loss: Floats
    weight: Floats
    miss: float

    def beats(self, other: _Trial) -> bool:
        """Whether the log loss is lower beyond noise, and E/O no further from 1."""
        gain, w = other.loss - self.loss, self.weight
        mean = (w @ gain) / w.sum()
        noise = np.sqrt((w**2) @ (gain - mean) ** 2) / w.sum()
        return bool(mean > NOISE * noise and self.miss <= max(other.miss, NEAR))


def _miss(expected: Floats, observed: Floats) -> float:
    """Return the mean distance of log E/O from 0 over the classes that can be judged."""
    enough = observed >= FEWEST_JUDGED
    if not enough.any():
        return 0.0
    return float(np.abs(np.log(expected[enough] / observed[enough])).mean())


def _most_of_a_class(cells: Sequence[CellResult]) -> int:
    """Return how many rows of one class may be looked at; small classes are seen whole."""
    k = cells[0].proba.shape[1]
    counts = np.sort(np.sum([np.bincount(c.y, minlength=k) for c in cells], axis=0))
    room = MOST_LOGITS // k
    for smaller, count in enumerate(int(c) for c in counts):
        share = room // (k - smaller)
        if count > share:
            return int(min(MOST_ROWS, max(1, share)))
        room -= count
    return MOST_ROWS


def _part(cell: CellResult, most: int) -> tuple[Floats, Ints, Floats, Floats]:
    """Return logits, codes, weights and own probabilities of a cell's rows, class after class.

    Of a class with more than ``most`` rows some are taken, at even steps, and weigh more.
    """
    rows, weights = [], []
    for code in np.unique(cell.y):
        own = np.flatnonzero(cell.y == code)
        taken = own[np.linspace(0, own.size, min(own.size, most), endpoint=False).astype(int)]
        rows.append(taken)
        weights.append(np.full(taken.size, own.size / taken.size))
    where = np.concatenate(rows)
    y = cell.y[where]
    base = correct_prior(cell.proba[where], cell.prior_fit, cell.prior_train)
    x = logits(base)
    if x.shape[1] > 2:
        x = x.astype(np.float32)  # type: ignore[assignment]
    return x, y, np.concatenate(weights), base[np.arange(y.size), y]
