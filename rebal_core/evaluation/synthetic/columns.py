"""Columns as people know them: numbers with gaps, and categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rebal_core.rows import Floats, Ints, TypedRows


@dataclass(frozen=True)
class Columns:
    """Rows column by column.

    Parameters
    ----------
    numbers : mapping of name to ndarray of shape (n,)
        NaN where missing.
    codes : mapping of name to ndarray of shape (n,)
        Categories as codes, -1 where missing.
    """

    numbers: Mapping[str, Floats]
    codes: Mapping[str, Ints]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all columns, numbers first."""
        return *self.numbers, *self.codes

    @property
    def size(self) -> int:
        """Rows."""
        return max((len(v) for v in (*self.numbers.values(), *self.codes.values())), default=0)


def columns_of(rows: TypedRows) -> Columns:
    """Return the numbers and categories of rows.

    A number is missing where its indicator says so. Embeddings and text are left out: a made row
    has the text of its donor, and a dimension of an embedding tells nobody anything.
    """
    layout, values = rows.layout, rows.numbers.astype(np.float64)
    flags, numbers = layout.indicators, {}
    for j, (name, player) in enumerate(zip(layout.numbers, layout.players, strict=True)):
        if not flags[j] and player not in layout.embeddings:
            numbers[name] = values[:, j]
    for j in np.flatnonzero(flags).tolist():
        if (known := numbers.get(layout.players[j])) is not None:
            known[values[:, j] > 0.5] = np.nan
    codes = {name: rows.codes[:, j].astype(np.int64) for j, name in enumerate(layout.codes)}
    return Columns(numbers, codes)
