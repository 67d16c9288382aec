"""What the columns of a raw table are: numbers, times or text, decided on all of their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rebal_core.data.duck import default_threads, literal, parquet
from rebal_core.data.strays import (
    BOM,
    INFINITE,
    INFINITE_NOTE,
    Strays,
    count_infinite,
    find_strays,
    mostly_numbers,
)
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
_BLANKS = ("", "\t", "\u00a0", "\u3000")
_PROPOSED, _TOKENS = pa.array(PROPOSED), pa.array(NUMBER_BLANKS)
_BATCH_VALUES = 500_000
_PEEK = 1_000
#: Forms of dates besides ISO 8601.
FORMATS = (
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"),
    *("%Y年%m月%d日", "%Y年%m月%d日 %H:%M:%S", "%Y.%m.%d"),
    *("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"),
    *("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
    *("%d-%b-%Y", "%b %d, %Y", "%d %b %Y"),
)
_SAMPLE = 20_000
_ENDLESS = f"^({INFINITE})$"
_COMMA = re.compile(r"[+-]?[0-9]*,?[0-9]+")
_DATE_LIKE = re.compile(r"\d{1,4}[./年-]|\d{1,2}[ -][A-Za-z]{3}|[A-Z][a-z]{2} \d")


@dataclass(frozen=True)
class Reading:
    """How one raw text column becomes a typed one.

    Parameters
    ----------
    raw : str
        Name in the raw relation.
    name : str
        Name in the accepted table.
    kind : {"number", "time", "text"}
        ``text`` stands for all that is neither number nor time; the schema guess refines it.
    sql : str
        Expression over the raw column.
    note : str
        What the user should know.
    proposed : tuple of str
        Words among its values that may mean "missing".
    text : str
        Expression of the values as they are written, where it is not the raw column itself.
    infinite : int
        Values that are infinite, and so become missing.
    strays : Strays, optional
        What keeps a column of numbers from being one.
    """

    raw: str
    name: str
    kind: Kind
    sql: str
    note: str = ""
    proposed: tuple[str, ...] = ()
    text: str = ""
    infinite: int = 0
    strays: Strays | None = None


@dataclass
class _Facts:
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

    @property
    def kind(self) -> Kind:
        fits = self.values and self.number and not self.padded and (self.decimal or not self.huge)
        if self.comma and (self.pointed or self.grouped):
            return "text"
        return "number" if fits else "text"

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
            return "Kept as text: some numbers need more than 64 bits."
        if self.values and self.number and self.comma and not self.pointed and self.grouped:
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
        blank = pc.is_in(text, pa.array([*_BLANKS, *na], pa.string()))
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
        if self.number and not self._add_numbers(text) and not self._add_commas(text):
            self.number, self.mostly = False, mostly_numbers(text)
            self.values += len(text)
            self.example = text[0].as_py()

    def _add_numbers(self, text: pa.Array) -> bool:
        """Take these values in if all of them are finite numbers."""
        try:
            numbers = text.cast(pa.float64())
        except pa.ArrowInvalid:
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


def _padded(text: pa.Array) -> bool:
    """Return whether some number begins with a zero that it does not need."""
    zero = pc.or_(pc.starts_with(text, "0"), pc.starts_with(text, "-0"))
    return bool(pc.match_substring_regex(text.filter(zero), "^-?0[0-9]").true_count)


def stripped(column: str) -> str:
    """Return the SQL of a text without the spaces around it."""
    return f"trim({column})"


def missing(column: str, na: Sequence[str]) -> str:
    """Return the SQL that is true where a text is blank or one of these tokens."""
    return f"{stripped(column)} IN ({_listed(tuple(na))})"


@cache
def _listed(na: tuple[str, ...]) -> str:
    return ", ".join(map(literal, (*_BLANKS, *na)))


def read_texts(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    columns: Sequence[tuple[int, str]],
    na: Sequence[str],
    *,
    only_if_blanks: bool = False,
    commas: bool = False,
) -> list[Reading]:
    """Decide how text columns are read.

    Parameters
    ----------
    connection : DuckDBPyConnection
        May read ``path``.
    path : Path
        Raw table in Parquet.
    columns : sequence of (int, str)
        Position in the raw table and final name.
    na : sequence of str
        Tokens that the user chose to mean "missing", everywhere.
    only_if_blanks : bool
        For sources that carry types of their own: text that looks like numbers stays text, unless
        a blank or a token was the reason why it is text.
    commas : bool
        Numbers may have a comma for the decimals: ``1,5``.

    Returns
    -------
    list of Reading
        In the order given. A number needs all values to be finite numbers without leading zeros,
        and whole numbers to fit into 64 bits; one other value and the column stays text.
    """
    file = pq.ParquetFile(path)
    relation = parquet(path, len(file.schema_arrow))
    facts = _facts(file, [position for position, _ in columns], na, commas)
    readings = []
    for position, name in columns:
        fact, raw = facts[position], f"c{position}"
        if fact.marked:
            raw = f"replace({raw}, '{BOM}', '')"
        text, infinite, strays = raw if fact.marked else "", 0, None
        skip, value = missing(raw, (*na, *NUMBER_BLANKS)), stripped(raw)
        # -1 may be a token, and counts as number
        clean = not (fact.blanks or fact.tokens or na or fact.infinite)
        kind, note, proposed = fact.kind, fact.note, tuple(sorted(fact.proposed))
        sql = raw if not (fact.blanks or na) else f"CASE WHEN NOT {missing(raw, na)} THEN {raw} END"
        if only_if_blanks and not fact.blanks + fact.tokens:
            kind, note = "text", ""
        elif kind == "number":
            if fact.infinite:
                infinite = count_infinite(connection, relation, value)
                skip = f"({skip} OR regexp_full_match({value}, '{INFINITE}'))"
                note = INFINITE_NOTE
            plain = f"replace({value}, ',', '.')" if fact.comma else raw if clean else value
            stored = "BIGINT" if fact.whole else "DOUBLE"
            sql = (
                f"{plain}::{stored}"
                if clean
                else f"CASE WHEN NOT {skip} THEN {plain}::{stored} END"
            )
            proposed = ()
        elif fact.example and _DATE_LIKE.match(fact.example):
            known = f"(SELECT CASE WHEN NOT {skip} THEN {value} END AS v FROM {relation})"
            time, form = _time(connection, known)
            if time:
                kind, sql, proposed = "time", f"CASE WHEN NOT {skip} THEN {time(value)} END", ()
                note = f"Read as dates in the form {form}." if form else ""
        if kind == "text" and fact.mostly:
            known = f"(SELECT CASE WHEN NOT {skip} THEN {value} END AS v FROM {relation})"
            strays = find_strays(connection, known, PROPOSED, commas)
            words = strays.words if strays else ()
            proposed = tuple(sorted({*proposed, *words}))
        readings.append(
            Reading(f"c{position}", name, kind, sql, note, proposed, text, infinite, strays)
        )
    return readings


def _facts(
    file: pq.ParquetFile, positions: Sequence[int], na: Sequence[str], commas: bool
) -> dict[int, _Facts]:
    """Look at all values of these columns in one pass, a batch at a time."""
    facts = {position: _Facts(commas) for position in positions}
    names = file.schema_arrow.names
    once = len(set(names)) == len(names)
    size = max(_BATCH_VALUES // max(len(positions), 1), 2048)
    threads = default_threads()
    shares = [positions[k::threads] for k in range(threads)]

    def add(batch: pa.RecordBatch, share: Sequence[int]) -> None:
        for i in share:
            facts[i].add(batch.column(names[i]) if once else batch.column(i), na)

    with ThreadPoolExecutor(threads) as pool:
        # One row group after the other: asked for all of them, Arrow keeps too many at hand.
        for group in range(file.metadata.num_row_groups) if positions else ():
            for batch in file.iter_batches(
                batch_size=size,
                row_groups=[group],
                columns=[names[i] for i in positions] if once else None,
            ):
                list(pool.map(partial(add, batch), shares))
    pa.default_memory_pool().release_unused()
    return facts


def _time(
    connection: duckdb.DuckDBPyConnection, known: str
) -> tuple[Callable[[str], str] | None, str]:
    """Find how all values ``v`` are times: as ISO 8601, or in exactly one form of the list."""
    dated = "length(v) > 7 AND v >= '0' AND v < ':'"
    fitting = ["", *FORMATS]
    for rows in (f"(FROM {known} LIMIT {_SAMPLE})", known):
        fits = ", ".join(
            f"count(v) = count(TRY_STRPTIME(v, {literal(form)}))"
            if form
            else f"count(v) = count(CASE WHEN {dated} THEN TRY_CAST(v AS TIMESTAMP) END)"
            for form in fitting
        )
        row = connection.execute(f"SELECT {fits} FROM {rows}").fetchone() or ()
        fitting = [form for form, fit in zip(fitting, row, strict=True) if fit]
        if not fitting:
            return None, ""
    if fitting[0] == "":
        return _instant, ""
    if len(fitting) > 1:
        return None, ""
    return time_of(fitting[0]), fitting[0]


def time_of(form: str) -> Callable[[str], str]:
    """Return how a text becomes a time: by one of :data:`FORMATS`, or by ISO 8601 (``""``)."""
    return (lambda v: f"TRY_STRPTIME({v}, {literal(form)})") if form else _instant


def _instant(v: str) -> str:
    """Return the SQL of a time in UTC; one without an offset is taken as it stands.

    Only the instant of a TIMESTAMPTZ is used: its local time would depend on the machine.
    """
    offset = f"regexp_matches({v}, ':.*(Z|UTC|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$')"
    zoned = f"make_timestamp(epoch_us(TRY_CAST({v} AS TIMESTAMPTZ)))"
    return f"CASE WHEN {offset} THEN {zoned} ELSE TRY_CAST({v} AS TIMESTAMP) END"
