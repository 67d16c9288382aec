"""Rules that rows keep, as a user writes them: ``a <= b; c + d = e; pairs(f, g)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rebal_core.facts import TableFacts
from rebal_core.params import Word
from rebal_core.rows import Floats
from rebal_core.samplers.generators.words import (
    Name,
    Token,
    brief,
    decimals_of,
    named,
    numbered,
    parts,
    require_short,
    tokens,
)
from rebal_core.units import Reading
from rebal_core.wording import Names, UserError

SIGNS = ("<=", "<", ">=", ">", "=")
PAIRS = "pairs"
#: Kinds of columns of which a rule may speak.
_NUMBERS, _KNOWN = ("number", "time"), ("number", "time", "category")
#: So many columns at most have values that are allowed together.
_MOST = 4
#: So often all sums are made equal in turn, as one may hold the last column of another.
_PASSES = 10

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Side:
    """A sum of columns and a number.

    Parameters
    ----------
    columns : tuple of str
    more : float
    """

    columns: tuple[str, ...]
    more: float = 0.0

    def __str__(self) -> str:
        number = [numbered(self.more)] if self.more or not self.columns else []
        return " + ".join([*map(named, self.columns), *number])

    def of(self, values: Mapping[str, Floats]) -> Floats | float:
        """Return the sum of each row; NaN where a value is missing."""
        return sum((values[name] for name in self.columns), self.more)


@dataclass(frozen=True)
class Sums:
    """Two sums, and which is less.

    Parameters
    ----------
    left, right : Side
    sign : str
        One of :data:`SIGNS`.
    """

    left: Side
    sign: str
    right: Side

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of which it speaks."""
        return (*self.left.columns, *self.right.columns)

    @property
    def last(self) -> str | None:
        """The column that may be set so that two sums are equal."""
        ends = self.right.columns[-1:]
        once = self.sign == "=" and self.columns.count("".join(ends)) == 1
        return ends[0] if ends and once else None

    def broken(self, values: Mapping[str, Floats], reading: Reading) -> Bools:
        """Return which rows break it; none of which a value is missing.

        A difference that the decimals of the columns cannot say is none.
        """
        least = self._least(reading)
        gap = self.left.of(values) - self.right.of(values)
        with np.errstate(invalid="ignore"):
            match self.sign:
                case "<=":
                    return np.asarray(gap > least)
                case "<":
                    return np.asarray(gap > -least)
                case ">=":
                    return np.asarray(gap < -least)
                case ">":
                    return np.asarray(gap < least)
            return np.asarray(np.abs(gap) > least)

    def _least(self, reading: Reading) -> float:
        """Return the difference of the sums that says nothing."""
        units = reading.units
        places = {k for name in self.columns if (k := reading.number(name)) is not None}
        rough = [units.tolerance(k) for k in places if units.decimals[k] is None]
        told = [0.5 * 10.0 ** -decimals_of(side.more) for side in (self.left, self.right)]
        return sum(rough) if rough else min([*told, *map(units.tolerance, places)])

    def closing(self, values: Mapping[str, Floats]) -> Floats:
        """Return the values of the last column under which the sums are equal."""
        (*others, name) = self.right.columns
        right = Side(tuple(others), self.right.more).of(values)
        return np.asarray(self.left.of(values) - right + 0.0 * values[name])


@dataclass(frozen=True)
class Pairs:
    """Columns whose values stand together only as they do in some training row.

    Parameters
    ----------
    columns : tuple of str
    """

    columns: tuple[str, ...]

    def __str__(self) -> str:
        return f"{PAIRS}({', '.join(map(named, self.columns))})"


Rule = Sums | Pairs


def read_rules(text: str, facts: TableFacts | None = None) -> tuple[Rule, ...]:
    """Return the rules of a text, with semicolons or line ends between.

    Raises
    ------
    UserError
        When one cannot be read; with facts also when the table has no such column.
    """
    require_short(text)
    found = tokens(text)
    if found is None:
        raise UserError(
            "A name in the rules “{rules}” begins with a backtick (`) and does not end with one; "
            "write such names as `my name`.",
            rules=brief(text),
        )
    rules = []
    for place, part in enumerate(parts(found, (";", "\n")), start=1):
        rule = _rule(part)
        if rule is None:
            raise UserError(
                "Rule {place}, “{rule}”, cannot be read; write it like a <= b, a + b = c, "
                "a >= 18 or pairs(a, b), names with signs in backticks.",
                place=place,
                rule=brief(_shown(part)),
            )
        if facts is not None and facts.columns:
            _require(place, rule, facts)
        rules.append(rule)
    return tuple(dict.fromkeys(rules))


def written(rules: Sequence[Rule]) -> str:
    """Return rules as text that :func:`read_rules` reads."""
    return "; ".join(map(str, rules))


@dataclass(frozen=True)
class RuleText(Word):
    """Rules, with semicolons between; see :func:`read_rules`."""

    def read(self, value: Any, facts: TableFacts | None = None) -> str:
        """Return the rules as they are written."""
        return written(read_rules(str(value), facts))


RULES = RuleText(
    "rules",
    "Rules that drawn rows keep",
    "With semicolons between: a <= b, a + b = c, age >= 18, pairs(a, b) (only values that stand "
    "together in some real row). Names with signs in backticks. What breaks one is drawn again.",
)


def _rule(part: list[Token]) -> Rule | None:
    """Return a rule from its words; None where it is none."""
    if len(part) > 3 and part[0] == PAIRS and part[1] == "(" and part[-1] == ")":
        return _pairs(part[2:-1])
    signs = [k for k, token in enumerate(part) if type(token) is str and token in SIGNS]
    if len(signs) != 1:
        return None
    left, right = _side(part[: signs[0]]), _side(part[signs[0] + 1 :])
    if left is None or right is None or not (left.columns or right.columns):
        return None
    return Sums(left, str(part[signs[0]]), right)


def _pairs(part: list[Token]) -> Pairs | None:
    names, commas = part[::2], part[1::2]
    columns = tuple(dict.fromkeys(str(n) for n in names if isinstance(n, Name)))
    if len(columns) < len(names) or not 2 <= len(columns) <= _MOST or len(part) % 2 == 0:
        return None
    return Pairs(columns) if all(type(c) is str and c == "," for c in commas) else None


def _side(part: list[Token]) -> Side | None:
    terms, signs = part[::2], part[1::2]
    if len(part) % 2 == 0 or any(type(s) is not str or s != "+" for s in signs):
        return None
    if not all(isinstance(t, Name | float) for t in terms):
        return None
    more = float(sum(t for t in terms if isinstance(t, float)))
    return Side(tuple(str(t) for t in terms if isinstance(t, Name)), more)


def _shown(part: list[Token]) -> str:
    """Return the words of a rule as they were meant."""
    told = (
        numbered(t) if isinstance(t, float) else named(t) if isinstance(t, Name) else t
        for t in part
    )
    return " ".join(told)


def _require(place: int, rule: Rule, facts: TableFacts) -> None:
    """Refuse a rule about columns that the table does not have, or of which none can be kept."""
    features = [name for name, role in facts.columns if role == "feature"]
    kinds, fitting = dict(facts.kinds), _NUMBERS if isinstance(rule, Sums) else _KNOWN
    for name in rule.columns:
        if name not in features:
            raise UserError(
                "Rule {place}, “{rule}”, names “{column}”, which is no feature of this table; "
                "choose from {columns}.",
                place=place,
                rule=brief(str(rule)),
                column=name,
                columns=Names(features[:8]),
            )
        if kinds.get(name, fitting[0]) in fitting:
            continue
        if isinstance(rule, Sums):
            raise UserError(
                "Rule {place}, “{rule}”, compares “{column}”, which holds no numbers; "
                "pairs(a, b) keeps values together.",
                place=place,
                rule=brief(str(rule)),
                column=name,
            )
        raise UserError(
            "Rule {place}, “{rule}”, names “{column}”, whose values are not drawn; choose columns "
            "of numbers, times or categories.",
            place=place,
            rule=brief(str(rule)),
            column=name,
        )


@dataclass(frozen=True)
class Rules:
    """Rules and what they need of the training rows.

    Parameters
    ----------
    rules : tuple of Rule
    reading : Reading
    allowed : tuple of ndarray of shape (n, columns) or None
        Of each rule about pairs, the values that stand together.
    """

    rules: tuple[Rule, ...]
    reading: Reading
    allowed: tuple[NDArray[Any] | None, ...]

    @classmethod
    def of(
        cls,
        rules: tuple[Rule, ...],
        reading: Reading,
        numbers: NDArray[np.float32],
        codes: NDArray[np.int32],
    ) -> Self:
        """Learn from training rows what stands together."""
        allowed: list[NDArray[Any] | None] = []
        for rule in rules:
            if isinstance(rule, Sums):
                allowed.append(None)
                continue
            read = [_cells(name, reading, numbers, codes, real=True) for name in rule.columns]
            values = np.column_stack(read)
            allowed.append(np.unique(values[~np.isnan(values).any(axis=1)], axis=0))
        return cls(rules, reading, tuple(allowed))

    def __len__(self) -> int:
        return len(self.rules)

    def broken(
        self, numbers: NDArray[np.float32], codes: NDArray[np.int32], *, real: bool = False
    ) -> Bools:
        """Return which typed rows break which rule, shape (n, rules).

        Parameters
        ----------
        real : bool
            Whether numbers that equal what stands for a missing one count as missing.
        """
        result = np.zeros((len(numbers), len(self.rules)), dtype=bool)
        for k, (rule, allowed) in enumerate(zip(self.rules, self.allowed, strict=True)):
            if isinstance(rule, Sums):
                values = self._values(rule, numbers, codes, real)
                result[:, k] = rule.broken(values, self.reading)
            elif allowed is not None:
                read = [_cells(n, self.reading, numbers, codes, real=real) for n in rule.columns]
                result[:, k] = ~_among(np.column_stack(read), allowed)
        return result

    def closed(
        self, numbers: NDArray[np.float32], codes: NDArray[np.int32]
    ) -> dict[int, NDArray[np.float32]]:
        """Return the numbers, by their places, under which all sums that can be are equal."""
        numbers, found = numbers.copy(), dict[int, NDArray[np.float32]]()
        for _ in range(_PASSES):
            if not self._close(numbers, codes, found):
                break
        return found

    def _close(
        self,
        numbers: NDArray[np.float32],
        codes: NDArray[np.int32],
        found: dict[int, NDArray[np.float32]],
    ) -> bool:
        """Set the last column of each sum in turn, and return whether one was broken."""
        some = False
        for rule in self.rules:
            place = self.reading.number(rule.last or "") if isinstance(rule, Sums) else None
            if place is None or not isinstance(rule, Sums):
                continue
            values, units = self._values(rule, numbers, codes, False), self.reading.units
            wanted = (rule.closing(values) - units.centers[place]) / units.scales[place]
            broken = rule.broken(values, self.reading)
            numbers[broken, place] = wanted[broken]
            found[place] = numbers[:, place]
            some |= bool(broken.any())
        return some

    def _values(
        self, rule: Sums, numbers: NDArray[np.float32], codes: NDArray[np.int32], real: bool
    ) -> dict[str, Floats]:
        read = self.reading.column
        return {name: read(name, numbers, codes, real=real) for name in set(rule.columns)}


def _cells(
    name: str,
    reading: Reading,
    numbers: NDArray[np.float32],
    codes: NDArray[np.int32],
    *,
    real: bool,
) -> Floats:
    """Return the values of a column, those that differ by a rounding alone as one."""
    values = reading.column(name, numbers, codes, real=real)
    place = reading.number(name)
    if place is None or reading.units.decimals[place] is not None:
        return values
    width = 4 * reading.units.tolerance(place)
    return np.asarray(np.rint(values / width))


def _among(values: Floats, allowed: Floats) -> Bools:
    """Return which rows are among the allowed ones, or miss a value."""
    if not len(allowed):
        return np.asarray(np.isnan(values).any(axis=1))
    size = len(allowed)
    both = np.vstack([allowed, values])
    code = np.zeros(len(both), dtype=np.int64)
    for column in both.T:
        known, at = np.unique(column, return_inverse=True)
        code = np.unique(code * len(known) + at, return_inverse=True)[1]
    return np.asarray(np.isin(code[size:], code[:size]) | np.isnan(values).any(axis=1))
