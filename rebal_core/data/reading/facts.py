"""What the values of a text column allow: the facts on which its type is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from rebal_core.data.fingerprint import joined
from rebal_core.data.reading.numbers.non_numeric import BOM, INFINITE, mostly_numbers
from rebal_core.data.reading.numbers.signs import is_written
from rebal_core.schema import Kind
from rebal_core.wording import Text

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
TOO_LONG = Text("Kept as text: some numbers need more than 64 bits.").render()
PADDED = Text("Kept as text: some values begin with zeros.").render()
_MARK = BOM.encode()
_PEEK, _SHOWN, _FEW = 1_000, 100, 50
_LARGE = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+]?[0-9]{3,}$|^[+-]?[0-9]{300,}([.][0-9]*)?$"
_ENDLESS = f"^({INFINITE})$"
_TRIPLE = r"^[+-]?([1-9][0-9]{0,2}[.][0-9]{3}|[0-9]+)$"


@dataclass
class TextFacts:
    """What the values of one text column allow; blanks and tokens are set aside.

    ``triples``: all with a point look like ``1.234``; ``amounts``: where not all are plain
    numbers, all that were looked at are written ones; ``marked``: a byte order mark sticks to
    some; ``mostly``: numbers but for few; ``peek``: the first values where not all are numbers.
    """

    blanks: int = 0
    tokens: int = 0
    values: int = 0
    number: bool = True
    decimal: bool = False
    signed: bool = False
    padded: bool = False
    huge: bool = False
    pointed: bool = False
    triples: bool = True
    amounts: bool = True
    peek: tuple[str, ...] = ()
    proposed: set[str] = field(default_factory=set)
    marked: bool = False
    infinite: bool = False
    mostly: bool = False

    @property
    def kind(self) -> Kind:
        """Number or text, as far as plain numbers go."""
        fits = self.values and self.number and not self.padded and (self.decimal or not self.huge)
        return "number" if fits else "text"

    @property
    def open(self) -> bool:
        """Whether only the shapes of the values can tell what they are."""
        return (
            bool(self.values and self.amounts)
            if not self.number
            else (self.kind == "number" and self.pointed and self.triples)
        )

    @property
    def plainly_pointed(self) -> bool:
        """Whether a point parts the decimals of plain numbers for certain."""
        return self.kind == "number" and self.pointed and not self.triples

    @property
    def whole(self) -> bool:
        """Whether all numbers are whole and plainly written (not ``+5``)."""
        return not self.decimal and not self.signed

    @property
    def note(self) -> str:
        """Why a column of digits stays text."""
        if self.values and self.number and self.padded:
            return PADDED
        if self.values and self.number and self.huge and not self.decimal:
            return TOO_LONG
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
        # What stands nowhere in all of the bytes is looked for in no value.
        together = bytes(joined(text))
        if _MARK in together:
            self.marked, text = True, pc.replace_substring(text, BOM, "")
        if b" " in together:
            text = pc.utf8_trim(text, characters=" ")
        text = self._without_words(text, na)
        if self.number and (endless := _endless(text)).true_count:
            self.infinite, text = True, text.filter(pc.invert(endless))
        if self.number and not self._add_numbers(text):
            self.number, self.mostly = False, mostly_numbers(text)
            self.peek = tuple(text[:_SHOWN].to_pylist())
        if not self.number:
            self.values += len(text)
            self.amounts = self.amounts and all(map(is_written, text[:_FEW].to_pylist()))

    def _without_words(self, text: pa.Array, na: Sequence[str]) -> pa.Array:
        """Set aside what is blank or means "missing"."""
        blanks = [*BLANKS, *na]
        if not pc.is_in(text, pa.array([*blanks, *PROPOSED], pa.string())).true_count:
            return text
        blank = pc.is_in(text, pa.array(blanks, pa.string()))
        self.blanks += blank.true_count
        text = text.filter(pc.invert(blank)) if blank.true_count else text
        doubt = pc.is_in(text, _PROPOSED)
        if doubt.true_count:
            self.proposed |= set(pc.unique(text.filter(doubt)).to_pylist())
            token = pc.is_in(text, _TOKENS)
            self.tokens += token.true_count
            text = text.filter(pc.invert(token))
        return text

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
        if self.pointed and self.triples:
            self.triples = _triples(text[:_FEW]) and _triples(text)
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


def _padded(text: pa.Array) -> bool:
    """Return whether some number begins with a zero that it does not need."""
    return bool(pc.match_substring_regex(text, "^-?0[0-9]").true_count)


def _endless(text: pa.Array) -> pa.Array:
    """Return where a text is infinite: said so, or a number beyond 64 bits."""
    said = pc.match_substring_regex(text, _ENDLESS)
    large = pc.match_substring_regex(text, _LARGE)
    if not large.true_count:
        return said
    numbers = pc.if_else(large, text, "0").cast(pa.float64())
    return pc.or_(said, pc.is_inf(numbers))


def _triples(text: pa.Array) -> bool:
    """Return whether all numbers are whole or have three digits after the point."""
    return bool(pc.all(pc.match_substring_regex(text, _TRIPLE)).as_py() is not False)
