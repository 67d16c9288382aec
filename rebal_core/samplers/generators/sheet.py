"""Rows as generators learn them, and back: what a column may hold comes out as it went in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.layout import Layout
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.samplers.generators.tails import Tails

#: A grid of more steps than this between the least and the largest value is no grid.
_MOST_STEPS = 1_000_000
#: Gaps below so many roundings of float32 are roundings.
_ROUNDINGS = 8
#: Any values lie on a grid that is hardly wider than the roundings: the logarithm of the chance.
_CHANCE = -14.0
#: A number of so few values, each seen so often on average, holds none but these.
_FEW, _OFTEN = 64, 20
_EPS = float(np.finfo(np.float32).eps)
#: Before the names of arrays that say how numbers go on.
_TAILS = "tails."


@dataclass(frozen=True)
class Sheet:
    """Rows of two kinds of columns, none of them missing anything.

    Parameters
    ----------
    numbers : ndarray of shape (n, p), float32
        Standardised over all training rows.
    codes : ndarray of shape (n, q), int64
        From 0 on: categories, of which a missing one is a value of its own, then what says of a
        number that it was missing.
    y : ndarray of shape (n,), int64
    known : ndarray of shape (n, p), bool
        False where a number stands for a missing one, as a code beside it says.
    """

    numbers: NDArray[np.float32]
    codes: Ints
    y: Ints
    known: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.y.shape[0])

    def take(self, rows: Ints | NDArray[np.bool_]) -> Sheet:
        """Return some rows."""
        return Sheet(self.numbers[rows], self.codes[rows], self.y[rows], self.known[rows])


@dataclass(frozen=True)
class Columns:
    """What the columns of training rows hold.

    Parameters
    ----------
    plain : ndarray of shape (p,), int64
        Which columns of ``TypedRows.numbers`` are numbers.
    flags : ndarray of shape (f,), int64
        Which of them say "was missing".
    flagged : ndarray of shape (f,), int64
        Of which number each of these says it, a position in `plain`.
    stand_ins : ndarray of shape (f,), float32
        What stands for a number that was missing.
    gaps : ndarray of shape (c,), bool
        Which category columns have missing values.
    cardinalities : tuple of q int
        Values of each column of :attr:`Sheet.codes`.
    low, high : ndarray of shape (p,), float32
        The range that was seen.
    steps : ndarray of shape (p,), float64
        Width of the grid on which all values of a number lie, as whole numbers do; 0 where they
        lie on none.
    few : ndarray of shape (p, 64), float32
        All values of a number that has few; infinity beyond the last, and of a number of many.
    seen : tuple of p ndarray, float32
        The values on a grid, in order; none of a number that lies on no grid, or has few.
    tails : Tails, optional
        How drawn numbers go on beyond the range that was seen; else they stay inside.
    """

    plain: Ints
    flags: Ints
    flagged: Ints
    stand_ins: NDArray[np.float32]
    gaps: NDArray[np.bool_]
    cardinalities: tuple[int, ...]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    steps: Floats
    few: NDArray[np.float32]
    seen: tuple[NDArray[np.float32], ...]
    tails: Tails | None = None

    @classmethod
    def of(cls, rows: TypedRows) -> Columns:
        """Learn from training rows; at least one."""
        layout, numbers = rows.layout, rows.numbers
        plain, flags = np.flatnonzero(~layout.indicators), np.flatnonzero(layout.indicators)
        names = {layout.numbers[j]: place for place, j in enumerate(plain.tolist())}
        flagged = np.array([names[layout.players[j]] for j in flags.tolist()], dtype=np.int64)
        gaps = np.asarray((rows.codes < 0).any(axis=0))
        known = np.array(layout.cardinalities, dtype=np.int64) + gaps
        values = numbers[:, plain]
        at = numbers[:, flags].argmax(axis=0)  # a row in which it is missing, where there is one
        steps = np.array([grid(column) for column in values.T], dtype=np.float64)
        few = np.array([few_values(column) for column in values.T]).reshape(len(plain), _FEW)
        many = (steps > 0) & ~np.isfinite(few[:, 0])
        return cls(
            plain=plain,
            flags=flags,
            flagged=flagged,
            stand_ins=values[at, flagged],
            gaps=gaps,
            cardinalities=(*known.tolist(), *[2] * len(flags)),
            low=values.min(axis=0),
            high=values.max(axis=0),
            steps=steps,
            few=few,
            seen=tuple(
                np.unique(values[: n * len(values), j]) for j, n in enumerate(many.tolist())
            ),
        )

    def sheet(self, rows: TypedRows) -> Sheet:
        """Return rows of the same table as generators learn them."""
        codes = rows.codes.astype(np.int64)
        missing = np.array(self.cardinalities[: codes.shape[1]], dtype=np.int64) - 1
        codes = np.where(codes < 0, missing, codes)
        flags = rows.numbers[:, self.flags] > 0.5
        known = np.ones((len(rows), len(self.plain)), dtype=bool)
        known[:, self.flagged] = ~flags
        return Sheet(rows.numbers[:, self.plain], np.hstack([codes, flags]), rows.y, known)

    def widened(self, rows: TypedRows, labels: Ints) -> Columns:
        """Return columns whose numbers go on beyond those of these rows, class by class.

        A number of few values does not. One that is nowhere negative, or nowhere positive, goes
        half the way to 0 at most.
        """
        sheet, many = self.sheet(rows), ~np.isfinite(self.few[:, 0])
        known = sheet.known & many
        classes = {
            k: [sheet.numbers[own & known[:, j], j] for j in range(len(self.plain))]
            for k, own in ((k, sheet.y == k) for k in labels.tolist())
        }
        low, high = self.low.astype(np.float64), self.high.astype(np.float64)
        units, zeros = rows.reading.units, np.full(len(self.plain), np.nan)
        first = len(units.centers)  # what stands behind them has no unit
        zeros[:first] = -np.array(units.centers) / np.array(units.scales)
        for ends in (low, high):
            near = np.abs(zeros - ends) <= _ROUNDINGS * _EPS * np.maximum(np.abs(zeros), 1.0)
            zeros[near] = ends[near]
        walls = np.stack(
            [np.where(low >= zeros, zeros, -np.inf), np.where(high <= zeros, zeros, np.inf)]
        )
        return replace(self, tails=Tails.of(classes, self.steps, walls))

    def typed(
        self, numbers: NDArray[Any], codes: Ints
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return drawn values as typed rows hold them.

        Parameters
        ----------
        numbers : ndarray of shape (n, p)
        codes : ndarray of shape (n, q)

        Returns
        -------
        numbers : ndarray of shape (n, p + f), float32
        codes : ndarray of shape (n, c), int32
        """
        values = np.nan_to_num(np.asarray(numbers, dtype=np.float64), copy=True)
        on = self.steps > 0
        low, steps = self.low.astype(np.float64), self.steps
        values[:, on] = low[on] + np.rint((values[:, on] - low[on]) / steps[on]) * steps[on]
        values = np.clip(values, *self._bounds())
        for j in np.flatnonzero(np.isfinite(self.few[:, 0])).tolist():
            known = self.few[j][np.isfinite(self.few[j])]
            values[:, j] = _nearest(known, values[:, j])
        for j, known in enumerate(self.seen):
            if known.size:  # a rounding apart would be another value to all who compare
                near = _nearest(known, values[:, j])
                same = np.abs(near - values[:, j]) < steps[j] / 4
                values[same, j] = near[same]
        c = len(self.gaps)
        missing = codes[:, c:] == 1
        for j, place in enumerate(self.flagged.tolist()):
            values[missing[:, j], place] = self.stand_ins[j]
        result = np.empty((len(values), len(self.plain) + len(self.flags)), dtype=np.float32)
        result[:, self.plain], result[:, self.flags] = values, missing
        gone = np.array(self.cardinalities[:c], dtype=np.int64) - self.gaps
        plain = np.where((codes[:, :c] >= gone) | (codes[:, :c] < 0), -1, codes[:, :c])
        return result, plain.astype(np.int32)

    def _bounds(self) -> tuple[Floats, Floats]:
        """Return the least and the largest value that a drawn number may have."""
        low, high = self.low.astype(np.float64), self.high.astype(np.float64)
        if self.tails is None:
            return low, high
        least, most = self.tails.bounds()
        return np.fmin(low, least), np.fmax(high, most)

    def suit(self, layout: Layout) -> bool:
        """Tell whether typed rows of such a layout have these columns."""
        flags, (p, c) = layout.indicators, (len(self.plain), len(layout.codes))
        known = np.array(layout.cardinalities, dtype=np.int64) + self.gaps
        players = [layout.players[j] for j in np.flatnonzero(flags).tolist()]
        said = [layout.numbers[j] for j in self.plain[self.flagged].tolist()]
        return (
            np.array_equal(self.plain, np.flatnonzero(~flags))
            and np.array_equal(self.flags, np.flatnonzero(flags))
            and said == players
            and self.gaps.shape == (c,)
            and self.cardinalities == (*known.tolist(), *[2] * len(players))
            and self.stand_ins.shape == (len(players),)
            and self.few.shape == (p, _FEW)
            and all(x.shape == (p,) for x in (self.low, self.high, self.steps))
            and (self.tails is None or self.tails.suit(p))
        )

    def to_state(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays."""
        names = ("plain", "flags", "flagged", "stand_ins", "gaps", "low", "high", "steps", "few")
        state = {name: np.asarray(getattr(self, name)) for name in names}
        if self.tails is not None:
            state |= {f"{_TAILS}{name}": x for name, x in self.tails.to_state().items()}
        return {
            **state,
            "cardinalities": np.array(self.cardinalities, dtype=np.int64),
            "seen": np.concatenate([*self.seen, state["low"][:0]]),
            "seen_of": np.array([known.size for known in self.seen], dtype=np.int64),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Columns:
        """Rebuild what :meth:`to_state` gave."""
        arrays = {name: x for name, x in state.items() if not name.startswith(_TAILS)}
        beyond = {name.removeprefix(_TAILS): state[name] for name in state.keys() - arrays.keys()}
        tails = Tails(**beyond) if beyond else None
        ends = np.cumsum(arrays.pop("seen_of"))
        seen = tuple(np.split(arrays.pop("seen"), ends)[: len(ends)])
        cardinalities = tuple(arrays.pop("cardinalities").tolist())
        return cls(cardinalities=cardinalities, seen=seen, tails=tails, **arrays)


def _nearest(known: NDArray[np.float32], values: Floats) -> Floats:
    """Return of each value the known one that is nearest."""
    places = known.astype(np.float64)
    return places[np.searchsorted((places[1:] + places[:-1]) / 2, values)]


def few_values(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the values of a number that has few, shape (64,), or infinity throughout."""
    known, result = np.unique(values), np.full(_FEW, np.inf, dtype=np.float32)
    if len(known) <= min(_FEW, len(values) / _OFTEN):
        result[: len(known)] = known
    return result


def grid(values: NDArray[np.float32]) -> float:
    """Return the width of the grid on which all values lie, or 0 where there is none.

    It is their greatest common divisor, up to the roundings of float32.
    """
    known = np.unique(values.astype(np.float64))
    if len(known) < 2:
        return 0.0
    span, rounding = known - known[0], _ROUNDINGS * _EPS * np.maximum(np.abs(known), abs(known[0]))
    gaps = np.diff(known)
    width = float(gaps[gaps <= gaps.min() + rounding.min()].mean())
    while span[-1] / width < _MOST_STEPS and _by_chance(width, rounding[1:]) < _CHANCE:
        width, rest = _fitted(span, width, rounding)
        if not rest:
            return width
        width = rest  # as Euclid divides on by what remains
    return 0.0


def _by_chance(width: float, rounding: Floats) -> float:
    """Return the logarithm of the chance that any values lie on a grid, but for these roundings."""
    return float(np.log(np.minimum(2 * rounding / width, 1.0)).sum())


def _fitted(span: Floats, width: float, rounding: Floats) -> tuple[float, float]:
    """Return the width of a grid told more exactly, and the least that does not lie on it, or 0.

    A small gap is known roughly only, so that it serves near 0; what it tells there of larger ones
    serves farther away.
    """
    reach = 4.0
    while True:
        near = span[span <= reach * width]
        times = np.rint(near / width)
        rest = np.abs(near - times * width)
        off = rest[rest > rounding[: len(near)]]
        if off.size:
            return width, float(off.min())
        if times.any():
            width = float(near @ times / (times @ times))
        if len(near) == len(span):
            return width, 0.0
        reach *= 4
