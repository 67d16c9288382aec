"""Parameters that name columns of the table: one, or some."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rebal_core.facts import TableFacts
from rebal_core.wording import Names, UserError


@dataclass(frozen=True)
class ColumnName:
    """A column of the table.

    Parameters
    ----------
    roles : tuple of str
        Roles that it may have; empty for any but the target.
    """

    name: str
    label: str
    about: str
    default: str = ""
    roles: tuple[str, ...] = ()

    def read(self, value: Any, facts: TableFacts | None = None) -> str:
        """Return the name."""
        if facts is not None and facts.columns and value != self.default:
            fitting = [n for n, role in facts.columns if self.fits(role)]
            if value not in fitting:
                raise UserError(
                    "{name} is {value}; choose a column from {columns}.",
                    name=self.name,
                    value=repr(value),
                    columns=Names(fitting[:8]),
                )
        return str(value)

    def fits(self, role: str) -> bool:
        """Tell whether a column of this role may be named."""
        return role in self.roles if self.roles else role != "target"


@dataclass(frozen=True)
class ItemColumn(ColumnName):
    """A column that tells of an item: it says the same in all rows of one, or stands in its table.

    Other names of columns tell of a row.
    """


@dataclass(frozen=True)
class ColumnNames:
    """Some columns of the table.

    The value is a tuple of names, sorted; empty for all that may be named. It is read from names,
    JSON of them, or text with commas between, as a line of a CSV file: a name that holds a comma
    stands in double quotes.

    Parameters
    ----------
    roles : tuple of str
        Roles that they may have.
    """

    name: str
    label: str
    about: str
    default: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("feature",)

    def read(self, value: Any, facts: TableFacts | None = None) -> tuple[str, ...]:
        """Return the names."""
        known = facts.columns if facts is not None else ()
        fitting = [name for name, role in known if self.fits(role)]
        names = _names(value, fitting)
        if names is None:
            raise UserError(
                "{name} is {value}; give names of columns with commas between, those that hold a "
                "comma in double quotes.",
                name=self.name,
                value=repr(value),
            )
        strange = next((name for name in names if known and name not in fitting), None)
        if strange is not None:
            raise UserError(
                "{name} names the column “{column}”, which is no feature of this table; choose "
                "from {columns}.",
                name=self.name,
                column=strange,
                columns=Names(fitting[:8]),
            )
        return tuple(sorted(set(names)))

    def fits(self, role: str) -> bool:
        """Tell whether a column of this role may be named."""
        return role in self.roles


def _names(value: Any, known: list[str]) -> list[str] | None:
    """Return the names of columns that a value holds; None where it holds none that are usable."""
    if isinstance(value, str):
        value = [value] if value in known else _written_names(value)
    if value is None:
        return []
    if isinstance(value, Mapping | bytes) or not isinstance(value, Iterable):
        return None
    names = list(value)
    return [str(n) for n in names] if all(isinstance(n, str) and n for n in names) else None


def _written_names(text: str) -> Any:
    """Return what a text lists: by JSON, or with commas between; ``0`` where it lists nothing."""
    if not text.strip():
        return []
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass  # a name may begin so
    try:
        return [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    except csv.Error:
        return 0
