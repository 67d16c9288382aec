"""How the numbers of a class go on beyond the outermost that were seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Floats

#: Known values of a class, below which nothing is told of what lies beyond them.
_ENOUGH = 20
#: The farthest that a number goes beyond its end: this part of the range of its class, and of the
#: way to 0 where 0 is not passed.
_FAR = 0.5
#: Of the outermost values more than this part at the end itself: larger ones were cut off there.
_PILED = 1 / 3
#: Below the end, and above it: what follows is told of what lies above, of values by their sign.
_SIGNS = (-1.0, 1.0)


@dataclass(frozen=True)
class Tails:
    """What lies beyond the outermost values of the numbers of classes, below and above.

    Of the K classes those that are not asked of, and numbers that do not go on, have no chances.

    Parameters
    ----------
    cuts : ndarray of shape (2, K, p)
        Beyond these lie the outermost real values, of which each side is told.
    ends : ndarray of shape (2, K, p)
        The outermost real value.
    means : ndarray of shape (2, K, p)
        How far a value beyond the end lies from it, on average.
    rooms : ndarray of shape (2, K, p)
        How far at most.
    chances : ndarray of shape (2, K, p)
        How many of the values beyond the cut lie beyond the end.
    steps : ndarray of shape (p,)
        Width of the grid of a number; 0 where it has none.

    Notes
    -----
    A new value lies above the largest of n with a chance of 1 / (n + 1), whatever its distribution
    (by symmetry: each of n + 1 may be the largest). Of the k = sqrt(n) largest values the excesses
    over the one below them are, where the tail is that of a normal, gamma or lognormal one, nearly
    exponential with their mean, and so is that over the largest, for an exponential one forgets
    where it began (Weissman). A tail of powers reaches farther than this; none is assumed.

    References
    ----------
    Weissman (1978), Estimation of parameters and large quantiles based on the k largest
    observations, JASA 73, 812-815; Pickands (1975), Annals of Statistics 3, 119-131.
    """

    cuts: Floats
    ends: Floats
    means: Floats
    rooms: Floats
    chances: Floats
    steps: Floats

    @classmethod
    def of(
        cls,
        classes: Mapping[int, Sequence[NDArray[np.float32]]],
        steps: Floats,
        walls: Floats,
    ) -> Self:
        """Learn from real rows.

        Parameters
        ----------
        classes : mapping of int to sequence of p ndarray
            The known values of each number in a class; none of one that may not go on.
        steps : ndarray of shape (p,)
        walls : ndarray of shape (2, p)
            What is not passed below and above; infinite where nothing is in the way.
        """
        shape = (2, max(classes, default=-1) + 1, len(steps))
        cuts, ends, rooms, chances = (np.zeros(shape) for _ in range(4))
        means = np.ones(shape)
        told = (cuts, ends, means, rooms, chances)
        for label, numbers in classes.items():
            for j, values in enumerate(numbers):
                for side, sign in enumerate(_SIGNS):
                    wall = sign * float(walls[side, j])
                    found = _tail(sign * values.astype(np.float64), float(steps[j]), wall)
                    for array, value in zip(told, found or (), strict=found is not None):
                        array[side, label, j] = value
        return cls(*told, steps)

    def beyond(
        self, numbers: NDArray[Any], label: int, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Return drawn numbers of a class, of which some go on beyond their end."""
        result = np.array(numbers, dtype=np.float32)
        luck = rng.random(result.shape)
        for side, sign in enumerate(_SIGNS):
            chances = self.chances[side, label]
            rows, at = np.nonzero((sign * numbers > self.cuts[side, label]) & (luck < chances))
            part = luck[rows, at] / chances[at]  # even between 0 and 1, as it was below its chance
            mean, room = self.means[side, label, at], self.rooms[side, label, at]
            excess = -mean * np.log1p(part * np.expm1(-room / mean))
            steps = self.steps[at]
            whole = np.ceil(excess / np.where(steps > 0, steps, 1.0)) * steps
            excess = np.where(steps > 0, np.minimum(whole, room), excess)
            result[rows, at] = sign * (self.ends[side, label, at] + excess)
        return result

    def bounds(self) -> tuple[Floats, Floats]:
        """Return the least and the largest value of each number, shape (p,); NaN where none is."""
        far = np.where(self.chances > 0, self.ends + self.rooms, np.nan)
        least, most = (np.fmax.reduce(sides, axis=0, initial=np.nan) for sides in far)
        return -least, most

    def suit(self, numbers: int) -> bool:
        """Tell whether they are those of so many numbers."""
        shape = (2, self.ends.shape[1] if self.ends.ndim == 3 else 0, numbers)
        several = (self.cuts, self.ends, self.means, self.rooms, self.chances)
        return all(x.shape == shape for x in several) and self.steps.shape == (numbers,)

    def to_state(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}


def _tail(values: Floats, step: float, wall: float) -> tuple[float, ...] | None:
    """Return cut, end, mean, room and chance of what lies above values; None where nothing does."""
    n = len(values)
    if n < _ENOUGH:
        return None
    k = round(n**0.5)
    outer = np.partition(values, n - k - 1)[n - k - 1 :]
    below, end = float(outer[0]), float(outer.max())
    outer = outer[outer > below]
    room = _FAR * min(end - float(values.min()), max(wall - end, 0.0))
    if step:
        room = np.floor(room / step + 1e-6) * step
    held = int((outer == end).sum())
    if room <= 0 or not outer.size or (held > 1 and held > _PILED * outer.size):
        return None  # it has no place to go, or was cut off at its end
    cut = (below + float(outer.min())) / 2
    return cut, end, float((outer - below).mean()), float(room), n / (n + 1) / len(outer)
