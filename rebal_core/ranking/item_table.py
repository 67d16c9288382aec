"""A second table that tells of items: a line an item, joined by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rebal_core.data.dataset import Dataset, label_text
from rebal_core.data.formats import count
from rebal_core.ranking.about import plain_values
from rebal_core.rows import Ints
from rebal_core.wording import Text, UserError


@dataclass(frozen=True)
class ItemTable:
    """A table of items, and the column that names them.

    Parameters
    ----------
    dataset : Dataset
    key : str
        Its values are matched to the items of the log as texts: 1 is ``"1"``.
    """

    dataset: Dataset
    key: str

    @property
    def columns(self) -> tuple[str, ...]:
        """What it tells of items beside their names."""
        columns = self.dataset.schema.columns
        return tuple(c.name for c in columns if c.name != self.key and c.kind != "embedding")

    def join(self, items: NDArray[Any]) -> Joined:
        """Return what it says of each item of a log.

        Parameters
        ----------
        items : ndarray of object
            Labels of the log.

        Raises
        ------
        UserError
            When it has no such column, nothing beside it, or names none of the items.
        """
        schema = self.dataset.schema
        if self.key not in [c.name for c in schema.columns]:
            raise UserError(
                "The table of items has no column “{column}”; say which of its columns names the "
                "item.",
                column=self.key,
            )
        if not self.columns:
            raise UserError(
                "The table of items has nothing beside its column “{column}”, so it tells nothing "
                "of items; add what is known of them, or leave the table away.",
                column=self.key,
            )
        frame = self.dataset.frame([self.key, *self.columns])
        keys = frame[self.key].map(label_text, na_action="ignore")
        there, repeated = keys.notna().to_numpy(), keys.duplicated().to_numpy()
        first = np.flatnonzero(there & ~repeated)
        line = pd.Series(first, index=keys.iloc[first]).reindex(list(items))
        found = line.notna().to_numpy()
        if not found.any():
            raise UserError(
                "“{column}” of the table of items names none of the {items} items of the log; "
                "choose another column, or another table.",
                column=self.key,
                items=count(len(items)),
            )
        counts = {
            "lines": len(frame),
            "matched": int(found.sum()),
            "items_without_line": int((~found).sum()),
            "lines_without_item": int(first.size - found.sum()),
            "repeated": int((there & repeated).sum()),
            "without_key": int((~there).sum()),
        }
        at = np.where(found, line, len(frame)).astype(np.int64)
        return Joined(self, frame, at, counts)


@dataclass(frozen=True)
class Joined:
    """A table of items beside the items of a log.

    Parameters
    ----------
    table : ItemTable
    frame : DataFrame
        Its lines.
    line : ndarray of shape (items,)
        Of each item of the log its line, or the number of lines where it has none.
    counts : mapping of str to int
        ``lines``, ``matched``, ``items_without_line``, ``lines_without_item`` (left out),
        ``repeated`` (a key again: the first line counts), ``without_key``.
    """

    table: ItemTable
    frame: pd.DataFrame
    line: Ints
    counts: Mapping[str, int]

    def about_items(self) -> dict[str, pd.Series]:
        """Return the columns that models may learn from: not ignored, of two values at least."""
        roles = {c.name: c.role for c in self.table.dataset.schema.columns}
        columns = self._of_items([c for c in self.table.columns if roles[c] != "ignore"])
        return {name: values for name, values in columns if len(values.dropna().unique()) > 1}

    def named(self, names: Sequence[str]) -> dict[str, pd.Series]:
        """Return the columns of these names that the table has, whatever their role."""
        return dict(self._of_items([name for name in names if name in self.table.columns]))

    def notes(self) -> Iterator[Text]:
        """Say what was joined, and what was not."""
        told = {name: count(n) for name, n in self.counts.items()}
        items = {"items": count(len(self.line)), "matched": told["matched"]}
        yield Text("The table of items tells of {matched} of the {items} items.", items)
        if self.counts["lines_without_item"]:
            template = "Its lines of items that the log has not: {lines_without_item}."
            yield Text(template, told)
        if self.counts["repeated"]:
            yield Text("Its lines that repeat an item: {repeated}; the first of each counts.", told)
        if self.counts["without_key"]:
            yield Text("Its lines that name no item: {without_key}.", told)

    def _of_items(self, names: Sequence[str]) -> Iterator[tuple[str, pd.Series]]:
        schema = self.table.dataset.schema
        for name in names:
            values = self.frame[name].reindex(self.line).reset_index(drop=True)
            yield name, plain_values(schema[name], values)
