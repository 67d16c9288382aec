"""Parameters that a user may set, by kind: each reads a value, checks it and tells its default.

A value is plain and can be hashed: a number, a text, a truth value, a tuple of names, or tuples of
pairs where it says something of each class.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rebal_core.column_params import ColumnName as ColumnName
from rebal_core.column_params import ColumnNames as ColumnNames
from rebal_core.column_params import ItemColumn as ItemColumn
from rebal_core.facts import TableFacts
from rebal_core.room import require_room
from rebal_core.wording import Names, Text, UserError

#: What a parameter may hold.
Value = Any
#: Something said of single classes, by their codes.
ByClass = tuple[tuple[int, Any], ...]


class Param(Protocol):
    """One parameter of a step or a classifier."""

    @property
    def name(self) -> str:
        """As the constructor of the step takes it."""

    @property
    def label(self) -> str:
        """Name for people, in English."""

    @property
    def about(self) -> str:
        """What it does, for people."""

    @property
    def default(self) -> Value:
        """The value where nobody says another."""

    def read(self, value: Any, facts: TableFacts | None = None) -> Value:
        """Return a value in its own type, checked; text may come from a command line.

        Raises
        ------
        UserError
            When it does not suit; with ``facts`` also when the table has no such class or column.
        """


@dataclass(frozen=True)
class Number:
    """A number; whole where its default is.

    Parameters
    ----------
    low, high : float
        Bounds, both allowed.
    """

    name: str
    label: str
    about: str
    default: float | int
    low: float
    high: float

    def read(self, value: Any, facts: TableFacts | None = None) -> float | int:
        """Return the number."""
        kind = type(self.default)
        number = _number(value)
        if number is None or (kind is int and number != int(number)) or not self._holds(number):
            noun = Text("a whole number") if kind is int else Text("a number")
            raise UserError(
                "{name} is {value}; give {noun} from {low:g} to {high:g}.",
                name=self.name,
                value=repr(value),
                noun=noun,
                low=self.low,
                high=self.high,
            )
        return kind(number)

    def _holds(self, number: float) -> bool:
        return self.low <= number <= self.high


@dataclass(frozen=True)
class Amounts(Number):
    """A number, or several: a comparison then holds an arm for each of them.

    The value is the number, or a tuple of them, sorted.

    Parameters
    ----------
    usual : tuple of float
        Those that a page offers.
    """

    usual: tuple[float, ...] = ()

    def read(self, value: Any, facts: TableFacts | None = None) -> Any:
        """Return the number, or the numbers; text has commas between them."""
        if isinstance(value, str):
            value = [part for part in value.split(",") if part.strip()] or value
        if not isinstance(value, tuple | list):
            return super().read(value, facts)
        found = tuple(sorted({super(Amounts, self).read(one, facts) for one in value}))
        return found if len(found) > 1 else super().read(next(iter(found), value), facts)


@dataclass(frozen=True)
class Choice:
    """One of a few words.

    Parameters
    ----------
    options : mapping items of str to str
        Each value with its words for people.
    """

    name: str
    label: str
    about: str
    default: str
    options: tuple[tuple[str, str], ...]

    def read(self, value: Any, facts: TableFacts | None = None) -> str:
        """Return the word."""
        known = [option for option, _words in self.options]
        if value not in known:
            raise UserError(
                "{name} is {value}; choose from {options}.",
                name=self.name,
                value=repr(value),
                options=Names(known),
            )
        return str(value)


@dataclass(frozen=True)
class Switch:
    """On or off.

    Parameters
    ----------
    apart : bool
        Whether what is switched on is also judged against the same without it.
    """

    name: str
    label: str
    about: str
    default: bool = False
    apart: bool = False

    def read(self, value: Any, facts: TableFacts | None = None) -> bool:
        """Return the truth value; ``true``, ``false``, ``yes``, ``no``, 1 and 0 are read."""
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        found = words.get(str(value).strip().casefold())
        if found is None:
            raise UserError(
                "{name} is {value}; give true or false.", name=self.name, value=repr(value)
            )
        return found


@dataclass(frozen=True)
class Word:
    """Whatever somebody writes.

    Parameters
    ----------
    of : str
        The parameter that names a column of which it is a value; empty for none.
    """

    name: str
    label: str
    about: str
    default: str = ""
    of: str = ""

    def read(self, value: Any, facts: TableFacts | None = None) -> str:
        """Return the text."""
        return str(value)


@dataclass(frozen=True)
class Counts:
    """Rows of single classes; a class that is not named is left to the other parameters.

    The value is a tuple of (label code, rows), sorted. It is read from a mapping, or JSON of one,
    by label (where the labels are known) or by code.
    """

    name: str = "counts"
    label: str = "Rows of single classes"
    about: str = "Rows of single classes; wins over the ratio."
    default: None = None
    low: float = 1
    high: float = 1e8

    def read(
        self, value: Any, facts: TableFacts | None = None
    ) -> tuple[tuple[int, int], ...] | None:
        """Return the pairs; None where no class is named."""
        items = _items(value)
        if items is not None and not items:
            return None
        pairs = _by_code(self.name, items, facts) if items is not None else None
        counts = None if pairs is None else [(k, _number(n)) for k, n in pairs]
        if counts is None or any(
            n is None or n != int(n) or not self.low <= n <= self.high for _k, n in counts
        ):
            raise UserError(
                "{name} is {value}; give rows per class, each from {low:g} to {high:,.0f}.",
                name=self.name,
                value=repr(value),
                low=self.low,
                high=self.high,
            )
        found = tuple((k, int(n)) for k, n in counts if n is not None)
        require_room(n for _k, n in found)
        return found


@dataclass(frozen=True)
class Table:
    """A number for each class, or for each pair of classes (of which the first is the true one).

    The value is a tuple of (label code, number), or of (label code, tuple of such pairs); a class
    that is not named has the number ``rest``, or what the step says where that is None. It is read
    from nested mappings, or JSON of them, by label (where the labels are known) or by code.

    Parameters
    ----------
    pairs : bool
        Whether there is a number for each pair of classes.
    low, high : float
        Bounds, both allowed.
    rest : float or None
    """

    name: str
    label: str
    about: str
    pairs: bool = False
    default: None = None
    low: float = 0.0
    high: float = 1e9
    rest: float | None = 1.0

    def read(
        self, value: Any, facts: TableFacts | None = None
    ) -> tuple[tuple[int, Any], ...] | None:
        """Return the numbers; None where no class is named."""
        items = _items(value)
        if items is not None and not items:
            return None
        found = None if items is None else self._numbers(items, facts, self.pairs)
        if found is None:
            raise UserError(
                "{name} is {value}; give a number per {noun}, each from {low:g} to {high:g}.",
                name=self.name,
                value=repr(value),
                noun=Text("pair of classes") if self.pairs else Text("class"),
                low=self.low,
                high=self.high,
            )
        return found

    def _numbers(
        self, items: list[tuple[Any, Any]], facts: TableFacts | None, nested: bool
    ) -> tuple[tuple[int, Any], ...] | None:
        found: list[tuple[int, Any]] = []
        pairs = _by_code(self.name, items, facts)
        if pairs is None:
            return None
        for code, inner in pairs:
            if nested:
                row = _items(inner)
                value: Any = None if row is None else self._numbers(row, facts, False)
            else:
                value = _number(inner)
                value = value if value is not None and self.low <= value <= self.high else None
            if value is None:
                return None
            found.append((code, value))
        return tuple(found)


def _number(value: Any) -> float | None:
    """Return a finite number, also from text; None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None


def _items(value: Any) -> list[tuple[Any, Any]] | None:
    """Return the pairs of a mapping, of JSON of one, or pairs; None for anything else."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return []
    if isinstance(value, str):
        try:  # as pairs: what is named twice is refused, not overwritten
            value = json.loads(value, object_pairs_hook=tuple)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, Mapping):
        value = value.items()
    try:
        return [(key, inner) for key, inner in value]
    except (TypeError, ValueError):
        return None


def _by_code(
    name: str, items: list[tuple[Any, Any]], facts: TableFacts | None
) -> list[tuple[int, Any]] | None:
    """Return what is said of each class by its code, sorted; None where a code is none.

    Raises
    ------
    UserError
        When the labels are known, and there is no such class; when one is named twice.
    """
    labels = () if facts is None else facts.labels
    codes = {label: code for code, label in enumerate(labels)}
    found: dict[int, Any] = {}
    for key, value in items:
        code = codes.get(str(key))
        if code is None and (not labels or not isinstance(key, str)):
            number = _number(key)
            whole = number is not None and number == int(number) and number >= 0
            code = int(number) if whole and number is not None else None
            code = code if code is None or not labels or code < len(labels) else None
        if code is None:
            if labels:
                raise UserError(
                    "{name} names the class “{label}”, which there is not; the classes are "
                    "{classes}.",
                    name=name,
                    label=key,
                    classes=Names(labels[:10]),
                )
            return None
        if code in found:
            raise UserError(
                "{name} names the class “{label}” twice; name it once.", name=name, label=key
            )
        found[code] = value
    return sorted(found.items())


def read_values(
    owner: str,
    parameters: Sequence[Param],
    values: Mapping[str, Any],
    facts: TableFacts | None = None,
) -> dict[str, Value]:
    """Return the values that are given, each in its own type.

    Raises
    ------
    UserError
        When the owner has no such parameter, or the value does not suit it.
    """
    known = {p.name: p for p in parameters}
    for name in values:
        if name not in known:
            raise unknown_parameter(owner, name, list(known))
    return {name: known[name].read(value, facts) for name, value in values.items()}


def unknown_parameter(owner: str, name: str, known: list[str]) -> UserError:
    """Return the error of a parameter that a strategy or classifier does not have."""
    if not known:
        return UserError("{owner} has no parameter “{name}”; it has none.", owner=owner, name=name)
    return UserError(
        "{owner} has no parameter “{name}”; it has {known}.",
        owner=owner,
        name=name,
        known=Names(known),
    )
