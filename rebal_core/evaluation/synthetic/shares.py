"""A share of made rows beside the same share of real rows that were held back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rebal_core.data.segments import wilson


@dataclass(frozen=True)
class Share:
    """So many of so many rows.

    Parameters
    ----------
    hits, rows : int
    """

    hits: int
    rows: int

    @classmethod
    def of(cls, found: np.ndarray) -> Share:
        """Return the share of rows that were found, by a mask."""
        return cls(int(found.sum()), int(found.size))

    @property
    def value(self) -> float:
        """The share; nan of no rows."""
        return self.hits / self.rows if self.rows else np.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval (Wilson); 0 to 1 of no rows."""
        if not self.rows:
            return 0.0, 1.0
        low, high = wilson(np.array(float(self.hits)), np.array(float(self.rows)))
        return float(low), float(high)


@dataclass(frozen=True)
class Shares:
    """The same share of made rows, and of real rows that no generator saw.

    What is found among made rows alone says little: real rows repeat, lie outside the range of
    others, and are taken for another class, too.

    Parameters
    ----------
    made, held : Share
    """

    made: Share
    held: Share

    @property
    def excess(self) -> tuple[float, float]:
        """The 95 % interval of the difference of the shares; nan where no real rows were held back.

        References
        ----------
        Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
        """
        if not (self.made.rows and self.held.rows):
            return np.nan, np.nan
        p, q = self.made.value, self.held.value
        (low, high), (least, most) = self.made.interval, self.held.interval
        below, above = np.hypot(p - low, most - q), np.hypot(high - p, q - least)
        return float(p - q - below), float(p - q + above)

    def beyond(self, tolerance: float) -> bool:
        """Tell whether the made rows' share is larger by more than this, chance set aside."""
        return self.excess[0] > tolerance
