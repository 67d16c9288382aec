"""The shares that values of a column have among drawn rows: ``gender: F=60, M=40``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rebal_core.facts import TableFacts
from rebal_core.params import Word
from rebal_core.rows import Floats, Ints
from rebal_core.samplers.generators.words import (
    Name,
    Token,
    brief,
    named,
    numbered,
    parts,
    require_short,
    tokens,
)
from rebal_core.units import Reading
from rebal_core.wording import Names, Unsuitable, UserError

#: Signs before the end of a stretch of numbers.
_ENDS = ("<", "<=", ">", ">=")
_KINDS = ("number", "time", "category")


@dataclass(frozen=True)
class Value:
    """A value of a column, or all numbers on one side of an end.

    Parameters
    ----------
    word : str
        The value; a number where a sign stands before it.
    sign : str
        One of ``<``, ``<=``, ``>`` and ``>=``, or empty.
    """

    word: str
    sign: str = ""

    def __str__(self) -> str:
        return f"{self.sign}{self.word if _number(self.word) is not None else named(self.word)}"

    def held(self, values: Floats, tolerance: float) -> NDArray[np.bool_]:
        """Return which numbers it means."""
        number = _number(self.word)
        if number is None:
            return np.zeros(len(values), dtype=bool)
        gap = values - number
        with np.errstate(invalid="ignore"):
            match self.sign:
                case "<":
                    return np.asarray(gap < -tolerance)
                case "<=":
                    return np.asarray(gap <= tolerance)
                case ">":
                    return np.asarray(gap > tolerance)
                case ">=":
                    return np.asarray(gap >= -tolerance)
            return np.asarray(np.abs(gap) <= tolerance)


@dataclass(frozen=True)
class Marginal:
    """How often values of a column come, by their shares.

    Parameters
    ----------
    column : str
    values : tuple of Value
    shares : tuple of float
        Above 0; what they are of is their sum.
    """

    column: str
    values: tuple[Value, ...]
    shares: tuple[float, ...]

    def __str__(self) -> str:
        pairs = zip(self.values, self.shares, strict=True)
        return f"{named(self.column)}: {', '.join(f'{v}={numbered(n)}' for v, n in pairs)}"

    def wanted(self, size: int) -> Ints:
        """Return the rows of each value, exact to a row."""
        return apportioned(self.shares, size)

    def which(
        self, reading: Reading, numbers: NDArray[np.float32], codes: NDArray[np.int32]
    ) -> Ints:
        """Return the place of the value of each typed row, -1 where it is none of these."""
        values = reading.column(self.column, numbers, codes)
        place = reading.number(self.column)
        result = np.full(len(values), -1, dtype=np.int64)
        for k, value in enumerate(self.values):
            if place is None:
                code = self.code(reading, k)
                held = np.asarray(values == (-1 if code is None else code))
            else:
                held = value.held(values, reading.units.tolerance(place))
            result[held & (result < 0)] = k
        return result

    def code(self, reading: Reading, k: int) -> int | None:
        """Return the code of a value of a category; None where it is none, or not known."""
        place = reading.category(self.column)
        known = () if place is None else reading.units.values[place]
        word = self.values[k].word
        return known.index(word) if word in known else None

    def require_known(self, reading: Reading) -> None:
        """Refuse a column that rows do not have, and values that a category does not have.

        Raises
        ------
        Unsuitable
        """
        place = reading.category(self.column)
        if place is None and reading.number(self.column) is None:
            raise Unsuitable(
                "The shares name “{column}”, which is no column of numbers or categories.",
                column=self.column,
            )
        for k, value in enumerate(self.values):
            if place is not None and self.code(reading, k) is None:
                raise self.absent(value, reading.units.values[place])

    def require_seen(
        self, reading: Reading, numbers: NDArray[np.float32], codes: NDArray[np.int32]
    ) -> None:
        """Refuse values that no training row has.

        Raises
        ------
        Unsuitable
        """
        seen = self.which(reading, numbers, codes)
        for k, value in enumerate(self.values):
            if not (seen == k).any():
                raise self.absent(value)

    def absent(self, value: Value, known: Sequence[str] = ()) -> Unsuitable:
        """Return the error of a value that no training row has; categories have known ones."""
        if known:
            return Unsuitable(
                "The shares ask for “{value}” of “{column}”, which no training row has; "
                "choose from {values}.",
                value=str(value),
                column=self.column,
                values=Names(known[:8]),
            )
        return Unsuitable(
            "The shares ask for “{value}” of “{column}”, which no training row has; "
            "name numbers that there are, or ends such as <30 and >=30.",
            value=str(value),
            column=self.column,
        )


def apportioned(shares: Sequence[float] | Ints, size: int) -> Ints:
    """Return whole numbers that are `size` together and nearest to the shares.

    What is left over goes to the largest remainders, of equal ones to the first.
    """
    weights = np.asarray(shares, dtype=np.float64)
    exact = weights * (size / weights.sum())
    result: Ints = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - result), kind="stable")
    result[order[: size - int(result.sum())]] += 1
    return result


def read_marginal(text: str, facts: TableFacts | None = None) -> Marginal | None:
    """Return the marginal of a text; None of an empty one.

    Raises
    ------
    UserError
        When it cannot be read; with facts also when the table has no such column.
    """
    if not text.strip():
        return None
    require_short(text)
    found = tokens(text, numbers=False) or []
    marginal = _marginal(found)
    if marginal is None:
        raise UserError(
            "The shares “{text}” cannot be read; write one column and the shares of its values "
            "like gender: F=60, M=40 or age: <30=50, >=30=50, names with signs in backticks.",
            text=brief(text),
        )
    if facts is not None and facts.columns:
        kinds = dict(facts.kinds)
        features = [
            n for n, r in facts.columns if r == "feature" and kinds.get(n, _KINDS[0]) in _KINDS
        ]
        if marginal.column not in features:
            raise UserError(
                "The shares name “{column}”, which is no column of numbers, times or "
                "categories; choose from {columns}.",
                column=marginal.column,
                columns=Names(features[:8]),
            )
    return marginal


@dataclass(frozen=True)
class MarginalText(Word):
    """The shares of a column; see :func:`read_marginal`."""

    def read(self, value: Any, facts: TableFacts | None = None) -> str:
        """Return them as they are written."""
        return str(read_marginal(str(value), facts) or "")


MARGINAL = MarginalText(
    "marginal",
    "Shares of values of a column",
    "Of the rows drawn of each class, for example gender: F=60, M=40, or age: <30=50, >=30=50; "
    "values that are not named are not drawn. The other columns follow.",
)


def _marginal(found: list[Token]) -> Marginal | None:
    if len(found) < 3 or not isinstance(found[0], Name) or found[1] != ":":
        return None
    values, shares = [], []
    for part in parts(found[2:], (",",)):
        value, share = _value(part[:-2]), _number(str(part[-1]).removesuffix("%"))
        if value is None or type(part[-2]) is not str or part[-2] != "=" or not share or share < 0:
            return None
        values.append(value)
        shares.append(share)
    if not values or len(set(values)) < len(values):
        return None
    return Marginal(str(found[0]), tuple(values), tuple(shares))


def _value(part: list[Token]) -> Value | None:
    *signs, word = part or [""]
    if not isinstance(word, Name) or len(signs) > 1:
        return None
    if not signs:
        return Value(str(word))
    number = _number(str(word))
    if type(signs[0]) is not str or signs[0] not in _ENDS or number is None:
        return None
    return Value(str(word), signs[0])


def _number(text: str) -> float | None:
    """Return a finite number; None of anything else."""
    try:
        number = float(text)
    except ValueError:
        return None
    bare = text == text.strip()  # else it is a word, and is written in backticks
    return number if bare and abs(number) < 1e15 else None
