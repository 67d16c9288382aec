"""Names and widths of typed columns, and the columns that stand beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Roles of the columns that steps may ask for though no classifier sees them.
UNSEEN = ("group", "time", "item")


@dataclass(frozen=True)
class Layout:
    """What the columns of :class:`TypedRows` are, fixed when a preparation is fitted.

    Parameters
    ----------
    numbers : tuple of str
        Names behind ``TypedRows.numbers`` (an indicator is named ``col=missing``).
    codes : tuple of str
        Names behind ``TypedRows.codes``.
    cardinalities : tuple of int
        Values known per code column; codes run from 0 to cardinality-1, -1 is missing or unknown.
    texts : tuple of str
        Text columns, in the order in which their blocks stand in ``text`` and ``text_dense``.
    text_blocks : tuple of (int, int)
        Columns of each text column in ``text``.
    dense_blocks : tuple of (int, int)
        Columns of each text column in ``text_dense``.
    embeddings : tuple of str
        Embedding columns; their values stand in ``numbers`` after the plain numbers.
    players : tuple of str
        For each column of ``numbers``: the user's own column it belongs to.
    """

    numbers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    cardinalities: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    text_blocks: tuple[tuple[int, int], ...] = ()
    dense_blocks: tuple[tuple[int, int], ...] = ()
    embeddings: tuple[str, ...] = ()
    players: tuple[str, ...] = ()

    @property
    def indicators(self) -> NDArray[np.bool_]:
        """Which columns of ``numbers`` say "was missing": they are 0 or 1, never between."""
        pairs = zip(self.numbers, self.players, strict=True)
        return np.array([name == f"{player}=missing" for name, player in pairs], dtype=bool)


@dataclass(frozen=True)
class Unseen:
    """A column that no classifier sees, for steps that keep its rows together or in order.

    Parameters
    ----------
    name : str
    role : str
        One of :data:`UNSEEN`.
    values : ndarray of shape (n,), float64
        Codes of a group or an item, days since 1970 or numbers of a time; NaN where missing.
    """

    name: str
    role: str
    values: NDArray[np.float64]

    def take(self, rows: NDArray[Any]) -> Unseen:
        """Return the values at these positions."""
        return replace(self, values=self.values[rows])
