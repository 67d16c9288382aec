"""What models and remedies of the ranking room have in common as entries of a registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rebal_core.params import ColumnName, ColumnNames, ItemColumn, Param, read_values


@dataclass(frozen=True)
class Entry:
    """One entry of a registry.

    Parameters
    ----------
    name, label, family, reference, about, aliases
        What people read and search for.
    parameters : tuple of Param
        What a user may set.
    """

    name: str
    label: str
    family: str
    reference: str
    about: str
    aliases: tuple[str, ...] = ()
    parameters: tuple[Param, ...] = ()

    @property
    def params(self) -> dict[str, Any]:
        """Parameters and their defaults."""
        return {p.name: p.default for p in self.parameters}

    def columns(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the columns of the table that it wants to know of each event."""
        found: list[str] = []
        for p in self.parameters:
            if isinstance(p, ColumnNames):
                found += params[p.name]
            elif isinstance(p, ColumnName) and not isinstance(p, ItemColumn):
                found.append(params[p.name])
        return tuple(dict.fromkeys(name for name in found if name))

    def item_columns(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the columns that it wants to know of each item."""
        named = [params[p.name] for p in self.parameters if isinstance(p, ItemColumn)]
        return tuple(dict.fromkeys(name for name in named if name))

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters, some of them with these values, each in its own type.

        Raises
        ------
        UserError
            When there is no such parameter, or the value does not suit it.
        """
        return {**self.params, **read_values(self.name, self.parameters, values)}
