"""One notation for all numbers of a column: what parts decimals and thousands, which unit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from rebal_core.data.duck import literal
from rebal_core.data.reading.numbers.powers import Sense
from rebal_core.data.reading.numbers.signs import (
    MAGNITUDES,
    NOUGHT,
    SHARES,
    ZEROS,
    Parts,
    parts,
    usual,
    usual_sql,
)
from rebal_core.wording import Text

_POINTS, _GROUPS = ".,٫", ",. '٬"
_MARKS = re.compile("[.,٫٬' ]")
_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"


@dataclass(frozen=True)
class Form:
    """How the numbers of one column are written.

    Parameters
    ----------
    sign : str
        Of the currency, ``%``, or nothing.
    before : bool
        Whether the sign stands before the number.
    group : str
        What parts the thousands, or nothing.
    decimals : int
        Most digits after the point.
    point : str
        What parts the decimals.
    gap : str
        What stands between number and sign.
    minus : str
        Sign of negative numbers, ``()`` around them, or ``5-`` behind.
    zero : str
        Nought in the script of the digits.
    lakh : bool
        Whether all groups but the last are of two digits: ``12,34,567``.
    times : tuple of str
        Words for powers of ten, such as ``K`` and ``M``.
    style : {"", "fixed", "short"}
        How plain numbers tell their own text: all have ``decimals``, or none a needless ``.0``;
        else the texts are kept.
    """

    sign: str = ""
    before: bool = False
    group: str = ""
    decimals: int = 0
    point: str = "."
    gap: str = ""
    minus: str = "-"
    zero: str = "0"
    lakh: bool = False
    times: tuple[str, ...] = ()
    style: str = ""

    @property
    def plainly(self) -> bool:
        """Whether nothing but a point stands between the digits."""
        return self == Form(decimals=self.decimals, style=self.style)

    @property
    def note(self) -> str:
        """What the user should know; nothing where the numbers are plain."""
        if self.plainly:
            return ""
        first = (
            Text("Read as numbers without “{sign}”.", {"sign": self.sign}).render()
            if self.sign
            else Text("Read as numbers.").render()
        )
        return " ".join(filter(None, (first, self._parted, self._special)))

    @property
    def _parted(self) -> str:
        if usual(self.group) == ",":
            return Text("The commas part thousands.").render()
        if usual(self.group) == ".":
            return Text("The points part thousands, a comma the decimals.").render()
        if self.group:
            return Text("The thousands are parted.").render()
        return Text("A comma parts the decimals.").render() if self.point == "," else ""

    @property
    def _special(self) -> str:
        if self.times:
            return Text("“{mark}” stands for a power of ten.", {"mark": self.times[0]}).render()
        return Text("Those in brackets are negative.").render() if self.minus == "()" else ""

    @property
    def sound(self) -> bool:
        """Whether a form that a foreign file tells is one."""
        words = (self.sign, self.group, self.point, self.gap, self.minus, self.zero)
        signs = all(isinstance(word, str) and len(word) < 9 for word in words)
        kinds = isinstance(self.decimals, int) and 0 <= self.decimals < 400
        kinds = kinds and self.style in ("", "fixed", "short")
        return signs and kinds and self.zero in tuple(ZEROS) and set(self.times) <= {*MAGNITUDES}

    def write(self, value: float) -> str:
        """Write a number in this form.

        Examples
        --------
        >>> Form("¥", before=True, group=",", decimals=2).write(-1234.5)
        '-¥1,234.50'
        >>> Form("%", decimals=1).write(12.5)
        '12.5%'
        >>> Form("€", group=".", point=",", decimals=2, gap=" ").write(1234.5)
        '1.234,50 €'
        """
        size, word = abs(value), ""
        for times in sorted(self.times, key=lambda w: MAGNITUDES[w]):
            if size >= 10 ** MAGNITUDES[times] or not word:
                word = times
        text = f"{size / 10 ** MAGNITUDES.get(word, 0):.{self.decimals}f}"
        negative = value < 0 and text.strip("0.") != ""
        whole, _, decimals = text.partition(".")
        text = self._grouped(whole) + (self.point + decimals if decimals else "")
        text = text.translate({48 + d: chr(ord(self.zero) + d) for d in range(10)}) + word
        minus = self.minus if negative and self.minus not in ("()", "5-") else ""
        if self.before:
            text = f"{minus}{self.sign}{self.gap}{text}"
        else:
            text = f"{minus}{text}{self.gap if self.sign else ''}{self.sign}"
        if negative and self.minus == "()":
            return f"({text})"
        return f"{text}-" if negative and self.minus == "5-" else text

    def _grouped(self, whole: str) -> str:
        if not self.group or len(whole) < 4:
            return whole
        head, size = whole[:-3], 2 if self.lakh else 3
        parts = [head[max(k - size, 0) : k] for k in range(len(head), 0, -size)]
        return self.group.join([*parts[::-1], whole[-3:]])

    def plain(self, text: str) -> str | None:
        """Return a number in this form as a plain one; None where it is not in this form."""
        found = parts(usual(text.strip()))
        if found is None or found.unit not in ("", self.sign):
            return None
        other = "." if self.point == "," else ","
        groups = (usual(self.group), "", other)
        group = next((g for g in groups if _fits(self.point, g)(found.number)), None)
        if group is None:
            return None
        number = found.number.replace(group, "") if group else found.number
        number = number.strip("[]").replace(self.point, ".")
        power = f"e{MAGNITUDES[found.times]}" if found.times else ""
        return f"{'-' if found.minus else ''}{number}{power}"

    def plain_sql(self, text: str) -> str:
        """Return the SQL of :meth:`plain` for values that are all in this form."""
        text = usual_sql(text)
        if self.sign:
            text = f"replace({text}, {literal(self.sign)}, '')"
        for word in sorted(self.times, key=len, reverse=True):
            text = f"replace({text}, {literal(word)}, 'e{MAGNITUDES[word]}')"
        gone = "".join(c for c in f"{usual(self.group)} )+[]" if c != self.point)
        text = f"translate({text}, {literal(f'{self.point}({gone}')}, '.-')"
        return rf"regexp_replace({text}, '^(.*[^eE])-$', '-\1')" if self.minus == "5-" else text


@dataclass(frozen=True)
class Shapes:
    """What the shapes of all numbers of a column allow.

    Parameters
    ----------
    found : tuple of (Parts, int, str)
        Parts of each shape, its rows, and one value that has it.
    sense : Sense
        Whether letters behind the numbers are powers of ten.
    """

    found: tuple[tuple[Parts, int, str], ...]
    sense: Sense = "amounts"

    @classmethod
    def of(cls, rows: Sequence[tuple[str, int, str]]) -> Shapes | None:
        """Take shapes with rows and examples; None where they are not all numbers of one unit."""
        found = []
        for shape, count, example in rows:
            part = parts(shape, shape=True)
            if part is None:
                return None
            found.append((part, count, example))
        units = {part.unit for part, _, _ in found}
        minus = {part.minus for part, _, _ in found}
        shared = bool(units & set(SHARES)) and len(units) > 1
        if not found or len(units - {""}) > 1 or shared or len(minus - {""}) > 1 or minus == {"()"}:
            return None
        return cls(tuple(found))

    @property
    def numbers(self) -> list[str]:
        """Shapes without unit and sign."""
        return [part.number for part, _, _ in self.found]

    @property
    def readings(self) -> list[tuple[str, str]]:
        """What may part decimals and thousands, ``""`` where nothing does; all that fit."""
        return _readings(self.numbers)

    @property
    def padded(self) -> bool:
        """Whether some number begins with a nought that it does not need."""
        return any(re.match(f"{NOUGHT}[0-9]", number) for number in self.numbers)

    @property
    def alike(self) -> bool:
        """Whether all look alike and full, as numbers of accounts and telephones do."""
        one = self.numbers[0]
        full = re.fullmatch(r"999(?:[. ']999){2,}", one)
        return bool(full) and set(self.numbers) == {one} and not self.found[0][0].unit

    @property
    def clear(self) -> bool:
        """Whether the numbers are many enough to tell ``1,5`` from a list, or have a unit."""
        parted = sum(rows for part, rows, _ in self.found if re.search("[.,]", part.number))
        return parted >= _MANY or self.units

    @property
    def units(self) -> bool:
        """Whether some have a unit."""
        return any(part.unit for part, _, _ in self.found)

    @property
    def bare(self) -> bool:
        """Whether some have no mark, and only numbers below a thousand do."""
        bare = {len(n) for n in self.numbers if not _MARKS.search(n)}
        return bool(bare) and max(bare) <= 3

    @property
    def grouped(self) -> bool:
        """Whether the cells speak for thousands: whole ones below, always three digits above."""
        parted = sum(rows for part, rows, _ in self.found if _MARKS.search(part.number))
        return self.bare and parted >= _SURE

    def mixed(self, group: str) -> bool:
        """Whether points and commas part decimals here and thousands there, never in one number.

        Then the numbers of two notations may have been put into one column.
        """
        marks = [re.findall("[.,]", number) for number in self.numbers]
        both = {mark for found in marks for mark in found} == {".", ","}
        return both and group in (".", ",") and all(len(found) < 2 for found in marks)

    def with_mark(self, mark: str = "") -> str:
        """Return a value that has this mark, or any."""
        has = re.compile(re.escape(mark)) if mark else _MARKS
        return next((e for part, _, e in self.found if has.search(part.number)), "")

    @property
    def lettered(self) -> str:
        """A value with a word for a power of ten; nothing where there is none."""
        return next((example for part, _, example in self.found if part.times), "")

    def form(self, point: str, group: str, unused: str = ".") -> Form:
        """Return the form of these numbers, read so; ``unused``: what parts decimals elsewhere."""
        first = next((p for p, _, _ in self.found if p.unit), self.found[0][0])
        texts = [example for _, _, example in self.found]
        bare = re.compile(f".*{re.escape(point or '.')}([0-9]*)")
        ends = [bare.fullmatch(re.split("[eE]", n.strip("[]"))[0]) for n in self.numbers]
        minus = next((part.minus for part, _, _ in self.found if part.minus), "-")
        lakh = any(re.search(r"(^|,)[0-9]{1,2},[0-9]{2},", n) for n in self.numbers)
        return Form(
            first.unit,
            first.before,
            _sign_in(texts, group) if group else "",
            max((len(e[1]) for e in ends if e), default=0),
            point or ({".": ",", ",": "."}.get(group) or unused),
            _sign_in([t for t in texts if first.unit in t], " ") if first.spaced else "",
            _sign_in(texts, "-") if minus == "-" else minus,
            _zero(texts),
            group == "," and lakh,
            tuple(dict.fromkeys(part.times for part, _, _ in self.found if part.times)),
        )

    def whole(self, point: str) -> bool:
        """Return whether all numbers are whole."""
        return not any(
            part.times or re.search("[eE]", part.number) or (point and point in part.number)
            for part, _, _ in self.found
        )

    @property
    def digits(self) -> int:
        """Most digits of a number."""
        return max(sum(c in f"9{NOUGHT}" for c in number) for number in self.numbers)


#: So many values with a comma are no lists of two.
_MANY = 20
#: That so many decimals all have three digits is no chance: 0.9 ** 50.
_SURE = 50


def plain(text: str) -> str:
    """Return a written number as a plain one; anything else, and a bare ``1,234``, as it is."""
    found = parts(usual(text.strip()))
    readings = _readings([found.number]) if found else []
    if found is None or not readings:
        return text
    if len(readings) > 1:  # a point parts decimals, a comma thousands where a unit speaks for it
        sure = [r for r in readings if r[0] == "." or (r[1] == "," and found.unit)]
        if not sure:
            return text
        readings = sure
    point, group = readings[0]
    return Form(found.unit, point=point or ".", group=group).plain(text) or text


def _readings(numbers: Sequence[str]) -> list[tuple[str, str]]:
    marks = {c for n in numbers for c in _MARKS.findall(n)}
    pairs = [
        (point, group)
        for point in ("", *_POINTS)
        for group in ("", *_GROUPS)
        if {point, group} - {""} == marks and (point != group or not marks)
    ]
    return [pair for pair in pairs if all(map(_fits(*pair), numbers))]


@cache
def _fits(point: str, group: str) -> Callable[[str], object]:
    digits = f"[0-9{NOUGHT}]+"
    if group:
        g = re.escape(group)
        digits = f"(?:{digits}|[1-9][0-9]{{0,2}}(?:{g}[0-9]{{3}})+)"
        if group == ",":
            digits = f"(?:{digits}|[1-9][0-9]?(?:,[0-9]{{2}})*,[0-9]{{3}})"
    p = re.escape(point)
    number = f"(?:{digits}(?:{p}[0-9]*)?|{p}[0-9]+)" if point else digits
    return re.compile(rf"{number}{_EXPONENT}|\[{number}{_EXPONENT}\]").fullmatch


def _sign_in(texts: Sequence[str], sign: str) -> str:
    """Return the commonest sign of these texts that is usually written so."""
    seen = Counter(c for text in texts for c in text if usual(c) == sign)
    return seen.most_common(1)[0][0] if seen else sign


def _zero(texts: Sequence[str]) -> str:
    """Return the nought of the commonest script."""
    seen = Counter(
        zero for text in texts for c in text for zero in ZEROS if 0 <= ord(c) - ord(zero) < 10
    )
    return seen.most_common(1)[0][0] if seen else "0"
