"""Numbers and dates as people write them: ``¥1,234.50``, ``12.5%``, ``25/03/2025``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

#: What a comma parts in a number.
Comma = Literal["decimals", "thousands"] | None
#: Signs of a currency, before or after the number; the full-width one counts as the other.
SIGNS = "¥$€£元"
_WIDE = {"￥": "¥", "％": "%"}
_SPACE = "[ \u00a0]?"
_ANY = f"[{SIGNS}￥]"
_DIGITS = r"(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]*)?|\.[0-9]+)"
_BEFORE = f"(?:[+-]?(?:{_ANY}{_SPACE})?|{_ANY}{_SPACE}[+-])"
#: A number with or without its marks; the whole value must match.
WRITTEN = f"{_BEFORE}{_DIGITS}|[+-]?{_DIGITS}{_SPACE}[{SIGNS}￥%％]"
_WRITTEN = re.compile(WRITTEN)
_MARKS = f"{SIGNS}￥%％, \u00a0"
_UNMARKED = dict.fromkeys(map(ord, _MARKS))


@dataclass(frozen=True)
class Form:
    """How the numbers of one column are written.

    Parameters
    ----------
    sign : str
        Of the currency, ``%``, or nothing.
    before : bool
        Whether the sign stands before the number.
    thousands : bool
        Whether commas stand between thousands.
    decimals : int
        Most digits after the point.
    """

    sign: str = ""
    before: bool = False
    thousands: bool = False
    decimals: int = 0

    @property
    def note(self) -> str:
        """What the user should know."""
        if self.sign and self.thousands:
            return f"Read as numbers without “{self.sign}”; the commas part thousands."
        if self.sign:
            return f"Read as numbers without “{self.sign}”."
        return "Read as numbers; the commas part thousands."

    def write(self, value: float) -> str:
        """Write a number in this form.

        Examples
        --------
        >>> Form("¥", before=True, thousands=True, decimals=2).write(-1234.5)
        '-¥1,234.50'
        >>> Form("%", decimals=1).write(12.5)
        '12.5%'
        """
        text = f"{abs(value):{',' if self.thousands else ''}.{self.decimals}f}"
        minus = "-" if value < 0 and text.strip("0.,") else ""
        return minus + (f"{self.sign}{text}" if self.before else f"{text}{self.sign}")


@dataclass(frozen=True)
class DateForm:
    """How the dates of one column are written, where that is not ISO 8601.

    Parameters
    ----------
    pattern : str
        Of ``strftime``.
    """

    pattern: str

    @property
    def note(self) -> str:
        """What the user should know."""
        return f"Read as dates in the form {self.pattern}."

    def write(self, value: datetime) -> str:
        """Write a date in this form."""
        return value.strftime(self.pattern)


def form_from(values: Mapping[str, Any]) -> Form | DateForm:
    """Return the form that a dataset remembers by its fields."""
    return DateForm(**values) if "pattern" in values else Form(**values)


@dataclass
class Marks:
    """What was seen of marks in the pieces of one column.

    Parameters
    ----------
    signs : set of str
        Currencies.
    percent : int
        Values with a percent sign.
    parted : bool
        Whether a comma stands where thousands are parted.
    certain : bool
        Whether some comma can part nothing but thousands: there is a second one, or a point.
    """

    signs: set[str] = field(default_factory=set)
    percent: int = 0
    parted: bool = False
    certain: bool = False
    before: bool = False
    decimals: int = 0

    def taken(self, text: pa.Array) -> pa.Array | None:
        """Return these texts as plain numbers, and remember their marks; None where one is none."""
        if not _WRITTEN.fullmatch(text[0].as_py()):
            return None
        if not pc.all(pc.match_substring_regex(text, f"^(?:{WRITTEN})$")).as_py():
            return None
        for wide, usual in _WIDE.items():
            text = pc.replace_substring(text, wide, usual)
        self.signs |= {s for s in SIGNS if pc.match_substring(text, s).true_count}
        self.percent += pc.match_substring(text, "%").true_count
        self.before |= pc.match_substring_regex(text, f"^[+-]?[{SIGNS}]").true_count > 0
        self.parted |= pc.match_substring(text, ",").true_count > 0
        self.certain |= pc.match_substring_regex(text, ",.*[,.]").true_count > 0
        plain = pc.replace_substring_regex(text, f"[{_MARKS}]", "")
        points = pc.find_substring(plain, ".")
        digits = pc.subtract(pc.subtract(pc.utf8_length(plain), points), 1)
        most = pc.max(digits.filter(pc.greater_equal(points, 0))).as_py()
        self.decimals = max(self.decimals, most or 0)
        return plain

    def agree(self, values: int) -> bool:
        """Return whether the values have one unit: one currency, or all of them percent."""
        return len(self.signs) + (self.percent > 0) <= 1 and self.percent in (0, values)

    def form(self, thousands: bool) -> Form | None:
        """Return the form that the marks make; None where there are none."""
        sign = "%" if self.percent else "".join(self.signs)
        if not (sign or thousands):
            return None
        return Form(sign, self.before, thousands, self.decimals)


def is_written(text: str) -> bool:
    """Return whether a text is one number, with or without marks, and nothing else."""
    return _WRITTEN.fullmatch(text) is not None


def plain(text: str, comma: Comma = None) -> str:
    """Return a written number without its marks, anything else as it is.

    ``comma`` says what it parts in a bare ``1,234``, which else stays as it is.
    """
    bare = "," in text and not re.search(f",.*[,.]|[{SIGNS}￥]", text)
    if bare and comma == "decimals":
        return text.replace(",", ".")
    certain = not bare or comma == "thousands"
    return text.translate(_UNMARKED) if certain and is_written(text.strip()) else text


def signs_of(texts: Iterable[object]) -> set[str]:
    """Return the currency and percent signs of the written numbers among these values."""
    found: set[str] = set()
    for text in texts:
        if isinstance(text, str):
            found |= _signs(text.strip())
    return found


def _signs(text: str) -> set[str]:
    for wide, usual in _WIDE.items():
        text = text.replace(wide, usual)
    return {s for s in (*SIGNS, "%") if s in text} if is_written(text) else set()


def plain_sql(text: str) -> str:
    """Return the SQL of a written number without its marks."""
    return f"translate({text}, '{_MARKS}', '')"
