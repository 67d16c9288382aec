"""How typed columns read in the units of the user's own columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rebal_core.layout import Layout

_EPS = float(np.finfo(np.float32).eps)
#: Differences below so many roundings of float32 are roundings.
_ROUNDINGS = 8
#: A typed number is seldom farther from 0; it bounds what is lost of it as float32.
_FAR = 10.0


@dataclass(frozen=True)
class Units:
    """The units of the columns of typed rows.

    Parameters
    ----------
    centers, scales : tuple of p float
        Of the numbers, which stand first among the typed ones.
    fills : tuple of p float or None
        What stands for a missing value, where nothing else says that it is missing.
    decimals : tuple of p int or None
        How many say all values; None where so many do not.
    values : tuple of tuple of str
        What each code of the category columns means.
    """

    centers: tuple[float, ...]
    scales: tuple[float, ...]
    fills: tuple[float | None, ...]
    decimals: tuple[int | None, ...]
    values: tuple[tuple[str, ...], ...]

    @classmethod
    def plain(cls, layout: Layout, numbers: NDArray[np.float32]) -> Units:
        """Return the units of rows that are typed as they were given."""
        flags = layout.indicators
        p = int(flags.argmax()) if flags.any() else len(flags)
        whole = [np.array_equal(c, np.rint(c)) for c in numbers[:, :p].T]
        return cls(
            centers=(0.0,) * p,
            scales=(1.0,) * p,
            fills=(None,) * p,
            decimals=tuple(0 if w else None for w in whole),
            values=tuple(tuple(map(str, range(n))) for n in layout.cardinalities),
        )

    def tolerance(self, place: int) -> float:
        """Return the difference of two values of a number that says nothing."""
        digits = self.decimals[place]
        if digits is not None:
            return 0.5 * 10.0**-digits
        return _ROUNDINGS * _EPS * _FAR * abs(self.scales[place])


@dataclass(frozen=True)
class Reading:
    """Reads columns of typed rows by the names that the user knows.

    Parameters
    ----------
    layout : Layout
    units : Units
    classes : tuple of K str
        Labels by code; empty where nobody knows them.
    """

    layout: Layout
    units: Units
    classes: tuple[str, ...] = ()

    def called(self, label: int) -> str:
        """Return the name of a class; its code where nobody knows it."""
        return self.classes[label] if label < len(self.classes) else str(label)

    def number(self, name: str) -> int | None:
        """Return the place of a column among the numbers; None where it is none of them."""
        plain = self.layout.numbers[: len(self.units.centers)]
        return plain.index(name) if name in plain else None

    def category(self, name: str) -> int | None:
        """Return the place of a column among the categories; None where it is none of them."""
        return self.layout.codes.index(name) if name in self.layout.codes else None

    def column(
        self,
        name: str,
        numbers: NDArray[np.float32],
        codes: NDArray[np.int32],
        *,
        real: bool = False,
    ) -> NDArray[np.float64]:
        """Return the values of a column, of categories the codes; NaN where one is missing.

        Parameters
        ----------
        name : str
        numbers, codes : ndarray
            As typed rows have them.
        real : bool
            Whether a number that equals what stands for a missing one is taken for missing.

        Raises
        ------
        KeyError
            When there is no such column of numbers or categories.
        """
        place = self.number(name)
        if place is None:
            at = self.category(name)
            if at is None:
                raise KeyError(name)
            return np.where(codes[:, at] < 0, np.nan, codes[:, at].astype(np.float64))
        units, flag = self.units, f"{name}=missing"
        values = numbers[:, place].astype(np.float64) * units.scales[place] + units.centers[place]
        digits, fill = units.decimals[place], units.fills[place]
        if digits is not None:
            values = np.round(values, digits)
        if flag in self.layout.numbers:
            values[numbers[:, self.layout.numbers.index(flag)] > 0.5] = np.nan
        elif real and fill is not None:
            values[np.abs(values - fill) <= max(self.units.tolerance(place), 1e-12)] = np.nan
        return values
