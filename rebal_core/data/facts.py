"""What the values of a text column allow: the facts on which its type is decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from rebal_core.data.strays import BOM, INFINITE, mostly_numbers
from rebal_core.data.written import Form, Marks
from rebal_core.types import Kind

#: Read as missing in columns that are numbers (or times) otherwise.
NUMBER_BLANKS = ("?", "NA", "N/A", "NaN", "nan", "null", "None")

#: Words that often mean "missing"; in a text column they are proposed, never assumed.
PROPOSED = (
    *NUMBER_BLANKS,
    *("NULL", "none", "n/a", "N.A.", "#N/A", "nil", "-", "--", "---", ".", "\\N", "unknown"),
    *("Unknown", "UNKNOWN", "missing", "Missing", "undefined", "not available", "未知", "无"),
    *("空", "缺失", "不详", "暂无", "未填", "不明"),
)

#: What counts as blank once spaces are gone: nothing, a tab, a hard space, a Chinese space.
BLANKS = ("", "\t", "\u00a0", "\u3000")
_PROPOSED, _TOKENS = pa.array(PROPOSED), pa.array(NUMBER_BLANKS)
TOO_LONG = "Kept as text: some numbers need more than 64 bits."
_PEEK = 1_000
_ENDLESS = f"^({INFINITE})$"
_COMMA = re.compile(r"[+-]?[0-9]*,?[0-9]+")


@dataclass
class TextFacts:
    """What the values of one text column allow; blanks and tokens are set aside.

    ``commas``: a comma may part decimals; ``grouped``: all that have one look like ``1,234``;
    ``marked``: a byte order mark sticks to some; ``mostly``: numbers but for few.
    """

    commas: bool = False
    blanks: int = 0
    tokens: int = 0
    values: int = 0
    number: bool = True
    decimal: bool = False
    signed: bool = False
    padded: bool = False
    huge: bool = False
    pointed: bool = False
    comma: bool = False
    grouped: bool = True
    example: str = ""
    proposed: set[str] = field(default_factory=set)
    marked: bool = False
    infinite: bool = False
    mostly: bool = False
    marks: Marks = field(default_factory=Marks)

    @property
    def kind(self) -> Kind:
        """Number or text."""
        fits = self.values and self.number and not self.padded and (self.decimal or not self.huge)
        plain = self.marks.agree(self.values) and not self._unclear and not self._contrary
        return "number" if fits and plain else "text"

    @property
    def form(self) -> Form | None:
        """How the numbers are written, where that is not plainly."""
        return self.marks.form(self.marks.parted or (self.comma and self.grouped))

    @property
    def _unclear(self) -> bool:
        """Whether a comma may part decimals as well as thousands."""
        certain = self.pointed or self.marks.certain
        parted = (self.comma and self.grouped) or (self.commas and self.marks.parted)
        return parted and not certain

    @property
    def _contrary(self) -> bool:
        """Whether a comma parts decimals here and thousands, or nothing, there."""
        return self.comma and not self.grouped and (self.marks.parted or self.pointed)

    @property
    def whole(self) -> bool:
        """Whether all numbers are whole and plainly written (not ``+5``)."""
        return not self.decimal and not self.signed

    @property
    def note(self) -> str:
        """Why a column of digits stays text."""
        if self.values and self.number and self.padded:
            return "Kept as text: some values begin with zeros."
        if self.values and self.number and self.huge and not self.decimal:
            return TOO_LONG
        if self.values and self.number and self._unclear:
            return "Kept as text: the commas may part decimals or thousands."
        return ""

    def add(self, column: pa.Array, na: Sequence[str]) -> None:
        """Look at one more piece of the column."""
        text = column.drop_null()
        if not pa.types.is_string(text.type):
            text = text.cast(pa.string())
        if len(text) > 4 * _PEEK and len(pc.unique(text[:_PEEK])) < _PEEK // 2:
            text = pc.unique(text)  # all that is asked is whether such a value occurs
        if self.number and self._add_numbers(text):
            return
        if pc.match_substring(text, BOM).true_count:
            self.marked, text = True, pc.replace_substring(text, BOM, "")
        text = pc.utf8_trim(text, characters=" ")
        blank = pc.is_in(text, pa.array([*BLANKS, *na], pa.string()))
        self.blanks += blank.true_count
        text = text.filter(pc.invert(blank)) if blank.true_count else text
        doubt = pc.is_in(text, _PROPOSED)
        if doubt.true_count:
            self.proposed |= set(pc.unique(text.filter(doubt)).to_pylist())
            token = pc.is_in(text, _TOKENS)
            self.tokens += token.true_count
            text = text.filter(pc.invert(token))
        if self.number and (endless := pc.match_substring_regex(text, _ENDLESS)).true_count:
            self.infinite, text = True, text.filter(pc.invert(endless))
        if self.number and not (
            self._add_numbers(text) or self._add_commas(text) or self._add_written(text)
        ):
            self.number, self.mostly = False, mostly_numbers(text)
            self.values += len(text)
            self.example = text[0].as_py()

    def _add_numbers(self, text: pa.Array) -> bool:
        """Take these values in if all of them are finite numbers."""
        try:
            # Arrow complains of every value of a column of words; one is enough.
            float(text[0].as_py() if len(text) else 0)
            numbers = text.cast(pa.float64())
        except ValueError:
            return False
        if len(text) and not pc.all(pc.is_finite(numbers)).as_py():
            return False
        self.values += len(text)
        self.padded = self.padded or _padded(text)
        self.pointed = self.pointed or pc.match_substring(text, ".").true_count > 0
        self.decimal = self.decimal or self.pointed
        self.decimal = self.decimal or pc.match_substring_regex(text, "[eE]").true_count > 0
        if self.decimal:  # then whole numbers are no matter, and a failing cast costs much
            return True
        try:
            text.cast(pa.int64())
        except pa.ArrowInvalid:
            self.signed = True
            large = pc.match_substring_regex(text, r"^-?[0-9]{19,}$")
            self.huge = self.huge or large.true_count > 0
        return True

    def _add_commas(self, text: pa.Array) -> bool:
        """Take these values in if all are numbers with a comma for the decimals, or whole."""
        if not (self.commas and _COMMA.fullmatch(text[0].as_py())):
            return False
        if not pc.all(pc.match_substring_regex(text, f"^({_COMMA.pattern})$")).as_py():
            return False
        self.values += len(text)
        self.padded = self.padded or _padded(text)
        parted = text.filter(pc.match_substring(text, ","))
        groups = pc.match_substring_regex(parted, r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$")
        self.grouped = self.grouped and bool(pc.all(groups).as_py())
        self.comma = self.comma or len(parted) > 0
        self.decimal = True
        return True

    def _add_written(self, text: pa.Array) -> bool:
        """Take these values in if all are numbers with or without marks."""
        plain = self.marks.taken(text)
        return plain is not None and self._add_numbers(plain)


def _padded(text: pa.Array) -> bool:
    """Return whether some number begins with a zero that it does not need."""
    return bool(pc.match_substring_regex(text, "^-?0[0-9]").true_count)
