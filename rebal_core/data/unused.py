"""Which columns of a table reach no model, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rebal_core.data.schema import LEFT_ALONE
from rebal_core.schema import Column, Schema
from rebal_core.wording import Text

#: Why a column of this role is not used, where the schema's note does not say it better.
_ROLES = {
    "id": Text("It names the row and says nothing about it."),
    "group": Text("It says which rows belong together, for a split."),
    "time": Text("It says when a row was made, for a split."),
    "item": Text("It says what the row is about."),
    "weight": Text("It says how much a row counts."),
    "value": Text("It says what is at risk in a row."),
    "ignore": Text("Left out by the user."),
}
_DROPPED = Text("Dropped when the table was read, so nothing of it is stored.")
_INDEX = Text("The row numbers of pandas, which have no name.")


def unused(schema: Schema, source: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
    """Return every column that no model sees, with the reason.

    Parameters
    ----------
    schema : Schema
        With the roles of the comparison.
    source : mapping, optional
        Of the dataset: what was left out while it was read.

    Returns
    -------
    list of dict
        ``column, reason``, in the order of the table; then what is not in it.
    """
    source = source or {}
    found = [
        (c.name, _reason(c))
        for c in schema.columns
        if c.role != "target" and c not in schema.needed
    ]
    known = {c.name for c in schema.columns}
    masked = source.get("masked") or {}
    found += [
        (n, _DROPPED.render()) for n, what in masked.items() if what == "drop" and n not in known
    ]
    found += [(name, _INDEX.render()) for name in source.get("nameless") or ()]
    return [{"column": name, "reason": reason} for name, reason in found]


def left_out_by_user(column: Column) -> bool:
    """Tell whether a column is left out because the user said so, not for what it looks like."""
    return column.role == "ignore" and not column.note.startswith(LEFT_ALONE)


def _reason(column: Column) -> str:
    guessed = column.role in ("id", "ignore") and column.note.startswith(LEFT_ALONE)
    return column.note if guessed else _ROLES[column.role].render()
