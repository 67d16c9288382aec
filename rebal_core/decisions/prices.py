"""What each answer costs, and the answer of the least expected cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rebal_core.decisions.numbers import plain_number
from rebal_core.rows import Floats, Ints
from rebal_core.wording import UserError


@dataclass(frozen=True)
class Prices:
    """Known costs; then no cut-off is searched for.

    Parameters
    ----------
    table : tuple of K tuples of K floats
        What it costs to answer the second class to a row of the first.
    column : str, optional
        Column of the amounts at risk; to miss a row of the class in focus costs its amount beside
        what the table says.

    References
    ----------
    Elkan (2001), The foundations of cost-sensitive learning, IJCAI.
    """

    table: tuple[tuple[float, ...], ...]
    column: str | None = None

    def answers(self, proba: Floats, positive: int, amounts: Floats | None = None) -> Ints:
        """Return the code of least expected cost for each row.

        Parameters
        ----------
        proba : ndarray of shape (n, K)
            Repaired: costs are no excuse for probabilities that are none.
        positive : int
            Code of the class in focus.
        amounts : ndarray of shape (n,), optional
            What is at risk in each row.
        """
        expected = proba @ np.asarray(self.table)
        if self.column is not None:
            if amounts is None:
                raise UserError(
                    "The decision needs the amounts of “{column}”; add this column.",
                    column=self.column,
                )
            expected[:, 1 - positive] += proba[:, positive] * amounts
        if proba.shape[1] == 2:  # from the cut-off on, as everywhere
            act = expected[:, positive] <= expected[:, 1 - positive]
            return np.where(act, np.int64(positive), np.int64(1 - positive))
        return np.asarray(expected.argmin(axis=1), dtype=np.int64)

    def cutoff(self, positive: int, amount: float = 0.0) -> float:
        """Return the cut-off of the class in focus of two, for a row of that amount."""
        other, c = 1 - positive, np.asarray(self.table)
        alarm = c[other, positive] - c[other, other]
        miss = c[positive, other] + amount - c[positive, positive]
        return float(np.clip(alarm / (alarm + miss), 0.0, 1.0)) if alarm + miss > 0 else 0.5

    def spent(self, confusion: Floats) -> float:
        """Return what the table says that 1,000 rows cost; true classes down, answers across."""
        return float(1_000.0 * (confusion * np.asarray(self.table)).sum() / confusion.sum())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"table": [list(row) for row in self.table], "column": self.column}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Prices:
        """Rebuild what :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            When these are no costs.
        """
        table = tuple(tuple(plain_number(c) for c in row) for row in values["table"])
        column = values["column"]
        sound = all(len(row) == len(table) and min(row) >= 0 for row in table)
        if not sound or not np.isfinite(table).all() or not isinstance(column, str | None):
            raise ValueError("costs that are none")
        return cls(table, column)
