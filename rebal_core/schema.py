"""What the columns of a table are and what each is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Role = Literal["target", "feature", "id", "group", "time", "item", "weight", "value", "ignore"]
Kind = Literal["number", "category", "text", "time", "embedding"]
Fill = Literal["median", "most_frequent", "constant", "indicator"]


@dataclass(frozen=True)
class Column:
    """One column of a table and what it is for.

    Parameters
    ----------
    name : str
        As in the accepted table (a doubled header has become ``y_2``).
    kind : {"number", "category", "text", "time", "embedding"}
        How its values are read. An embedding is a list of floats of one length.
    role : str
        What it is for; only ``feature`` columns reach a classifier. ``value`` is the amount at
        risk: what it costs to miss the row.
    fill : {"median", "most_frequent", "constant", "indicator"}
        What stands in for a missing value; fitted inside each training fold. ``indicator`` is the
        median plus a column that says "was missing". Categories treat missing as one more value
        unless ``most_frequent`` or ``constant`` is asked for.
    constant : str or None
        The value of ``fill="constant"``.
    note : str
        Why the guess is what it is, for the user to read.
    """

    name: str
    kind: Kind
    role: Role = "feature"
    fill: Fill = "median"
    constant: str | None = None
    note: str = ""


def key_name(key: Sequence[str]) -> str:
    """Return what some columns together are called."""
    return " x ".join(key)


@dataclass(frozen=True)
class Rates:
    """How often the class in focus occurred before each row: columns that no table holds.

    Each fold works them out from its training rows; see :mod:`rebal_core.data.preparing.rates`.

    Parameters
    ----------
    time : str
        Column that says what came before.
    keys : tuple of tuple of str
        Columns, or several together, among whose rows the class is counted.
    """

    time: str
    keys: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the added columns are called, in the order of the keys."""
        return tuple(f"{key_name(key)}: rate before" for key in self.keys)


@dataclass(frozen=True)
class Schema:
    """The columns of a table with their roles.

    Parameters
    ----------
    columns : tuple of Column
        In the order of the table.
    positive : str or None
        Label of the class in focus; None means the rarest.
    rates : Rates or None
        Columns that are added in each fold.
    """

    columns: tuple[Column, ...]
    positive: str | None = None
    rates: Rates | None = None

    def __getitem__(self, name: str) -> Column:
        """Return the column of that name; KeyError when absent."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def named(self, role: Role) -> tuple[str, ...]:
        """Names of the columns that have this role."""
        return tuple(c.name for c in self.columns if c.role == role)

    @property
    def target(self) -> str | None:
        """Name of the target column, None while it has not been chosen."""
        return next(iter(self.named("target")), None)

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns a classifier may see."""
        return tuple(c for c in self.columns if c.role == "feature")

    @property
    def needed(self) -> tuple[Column, ...]:
        """The columns that a preparation reads: features, and those that rates are counted by."""
        if self.rates is None:
            return self.features
        asked = {self.rates.time, *(name for key in self.rates.keys for name in key)}
        return tuple(c for c in self.columns if c.role == "feature" or c.name in asked)

    def with_role(self, role: Role, *names: str) -> Schema:
        """Give these columns the role; a column that was target before becomes a feature."""
        single = role in ("target", "time", "group", "weight", "value")
        columns = []
        for c in self.columns:
            if c.name in names:
                c = replace(c, role=role)
            elif single and c.role == role:
                c = replace(c, role="feature" if role == "target" else "ignore")
            columns.append(c)
        return replace(self, columns=tuple(columns))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = asdict(self)
        if self.rates is None:  # as versions before them wrote it
            del values["rates"]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Schema:
        """Rebuild what :meth:`to_dict` wrote."""
        columns = tuple(Column(**c) for c in values["columns"])
        rates = values.get("rates")
        if rates is not None:
            rates = Rates(rates["time"], tuple(map(tuple, rates["keys"])))
        return cls(columns=columns, positive=values.get("positive"), rates=rates)
