"""The draws of a class by a generator, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rebal_core.rows import Ints
from rebal_core.samplers.generators.tails import Tails

#: Numbers and codes as typed rows have them, and as a generator draws them.
Typed = tuple[NDArray[np.float32], NDArray[np.int32]]
Raw = tuple[NDArray[np.float32], Ints]


@dataclass
class Told:
    """What became of drawn rows.

    Parameters
    ----------
    broke : ndarray of shape (rules,)
        How many broke each rule.
    seen : ndarray of shape (values,)
        How many kept all rules, by their value.
    drawn : int
    taken : int
        How many of those seen were still wanted.
    closed : int
        Of the rows that are taken, how many have a sum that was made equal.
    """

    broke: Ints
    seen: Ints
    drawn: int = 0
    taken: int = 0
    closed: int = 0

    @classmethod
    def none(cls, rules: int, values: int) -> Self:
        """Return what is told before the first row."""
        return cls(np.zeros(rules, dtype=np.int64), np.zeros(values, dtype=np.int64))

    def plus(self, other: Told) -> Told:
        """Return what is told of the rows of both."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Told(*(mine + its for mine, its in pairs))

    def needed(self, left: Ints) -> int:
        """Return about how many rows are to be drawn, to have those that are left."""
        shares = (self.seen + 0.5) / (self.drawn + 1)
        return int((left / shares).max()) + 1


class Draws:
    """The draws of a class by a generator, around given values where it can.

    Parameters
    ----------
    fitted : Fitted
    label : int
    rng : numpy Generator
    tails : Tails, optional
        How numbers go on beyond those that were seen; else they do not.
    """

    def __init__(
        self, fitted: Any, label: int, rng: np.random.Generator, tails: Tails | None = None
    ) -> None:
        self.fitted, self.label, self.rng, self.tails = fitted, label, rng, tails

    @property
    def guided(self) -> bool:
        """Whether values may be given."""
        return bool(getattr(self.fitted, "guided", False))

    def __call__(self, size: int, given: Mapping[int, NDArray[Any]] | None = None) -> Raw:
        """Draw so many rows, of columns by their places with these values."""
        more = (given,) if given else ()
        raw: Raw = self.fitted.draw(self.label, size, self.rng, *more)
        if self.tails is None:
            return raw
        return self.tails.beyond(raw[0], self.label, self.rng), raw[1]
