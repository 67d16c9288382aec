"""What the columns of a raw table are: numbers, times or text, decided on all of their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from rebal_core.data.duck import literal, quoted
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

_SPACE = "chr(32) || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288)"
_SAMPLE = 20_000
_CHUNK = 200
_FORMATS = (
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"),
    *("%Y年%m月%d日", "%Y年%m月%d日 %H:%M:%S", "%Y.%m.%d"),
    *("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"),
    *("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
    *("%d-%b-%Y", "%b %d, %Y", "%d %b %Y"),
)


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
    """

    raw: str
    name: str
    kind: Kind
    sql: str
    note: str = ""


@dataclass(frozen=True)
class _Facts:
    """Counts of one text column; all but the first two speak of the values that remain."""

    blanks: int
    tokens: int
    values: int
    numbers: int
    whole: int
    padded: int
    huge: int
    times: int

    def note(self) -> str:
        """Why a column of digits stays text."""
        if self.values and self.numbers == self.values and self.padded:
            return "Kept as text: some values begin with zeros."
        if self.values and self.numbers == self.values and self.huge:
            return "Kept as text: some numbers need more than 64 bits."
        return ""


def stripped(column: str) -> str:
    """Return the SQL of a text without the white space around it, Chinese spaces included."""
    return f"trim({column}, {_SPACE})"


def missing(column: str, na: Sequence[str]) -> str:
    """Return the SQL that is true where a text is blank or one of these tokens."""
    return f"{stripped(column)} IN ({', '.join(literal(t) for t in ('', *na))})"


def read_texts(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[tuple[str, str]],
    na: Sequence[str],
    *,
    only_if_blanks: bool = False,
) -> list[Reading]:
    """Decide how text columns are read.

    Parameters
    ----------
    relation : str
        SQL of the raw relation, e.g. ``read_parquet('...')``.
    columns : sequence of (str, str)
        Raw and final names.
    na : sequence of str
        Tokens that the user chose to mean "missing", everywhere.
    only_if_blanks : bool
        For sources that carry types of their own: text that looks like numbers stays text, unless
        a blank or a token was the reason why it is text.

    Returns
    -------
    list of Reading
        In the order given. A number needs all values to be finite numbers without leading zeros,
        and whole numbers to fit into 64 bits; one other value and the column stays text.
    """
    sample = f"(SELECT * FROM {relation} LIMIT {_SAMPLE})"
    facts = _facts(connection, sample, [raw for raw, _ in columns], na)
    likely = [raw for raw, _ in columns if _kind(facts[raw]) != "text"]
    facts |= _facts(connection, relation, likely, na)
    readings = []
    for raw, name in columns:
        fact, value = facts[raw], stripped(quoted(raw))
        kind, note = _kind(fact), fact.note()
        sql = f"CASE WHEN NOT {missing(quoted(raw), na)} THEN {quoted(raw)} END"
        if only_if_blanks and not fact.blanks + fact.tokens:
            kind = "text"
        elif kind == "number":
            sql = f"TRY_CAST({value} AS {'BIGINT' if fact.whole == fact.values else 'DOUBLE'})"
            sql = f"CASE WHEN NOT {missing(quoted(raw), (*na, *NUMBER_BLANKS))} THEN {sql} END"
        elif kind == "time":
            sql = f"CASE WHEN NOT {missing(quoted(raw), (*na, *NUMBER_BLANKS))} THEN "
            sql += f"{_instant(value)} END"
        elif pattern := _pattern(connection, sample, relation, raw, na):
            kind, sql = "time", f"TRY_STRPTIME({value}, {literal(pattern)})"
            note = f"Read as dates in the form {pattern}."
        readings.append(Reading(raw, name, kind, sql, note))
    return readings


def propose_missing(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]
) -> dict[str, list[str]]:
    """Find words in text columns that may mean "missing": token to the columns it stands in."""
    found: dict[str, list[str]] = {}
    tokens = ", ".join(literal(t) for t in PROPOSED)
    for part in _parts(columns):
        pick = ", ".join(
            f"list(DISTINCT {stripped(quoted(c))}) FILTER ({stripped(quoted(c))} IN ({tokens}))"
            for c in part
        )
        row = connection.execute(f"SELECT {pick} FROM {relation}").fetchone() or ()
        for column, words in zip(part, row, strict=True):
            for word in sorted(words or []):
                found.setdefault(word, []).append(column)
    return found


def _kind(fact: _Facts) -> Kind:
    """Tell a number or a time if every value is one."""
    if not fact.values:
        return "text"
    if fact.numbers == fact.values and not fact.padded and not fact.huge:
        return "number"
    return "time" if fact.times == fact.values else "text"


def _facts(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], na: Sequence[str]
) -> dict[str, _Facts]:
    tokens = ", ".join(literal(t) for t in NUMBER_BLANKS)
    facts: dict[str, _Facts] = {}
    for part in _parts(columns):
        inner = ", ".join(
            f"{quoted(c)} IS NOT NULL AND {missing(quoted(c), na)} AS b{i}, "
            f"{stripped(quoted(c))} IN ({tokens}) AND NOT b{i} AS k{i}, "
            f"CASE WHEN NOT b{i} AND NOT k{i} THEN {stripped(quoted(c))} END AS v{i}"
            for i, c in enumerate(part)
        )
        counts = ", ".join(_counts(f"b{i}", f"k{i}", f"v{i}") for i in range(len(part)))
        row = connection.execute(
            f"SELECT {counts} FROM (SELECT {inner} FROM {relation})"
        ).fetchone()
        assert row is not None
        width = len(row) // len(part)
        facts |= {c: _Facts(*row[width * i : width * (i + 1)]) for i, c in enumerate(part)}
    return facts


def _counts(blank: str, token: str, v: str) -> str:
    """Return the SQL of the fields of :class:`_Facts`.

    DuckDB reads ``1_000`` as a number; people do not.
    """
    exponent = f"contains({v}, '.') OR contains({v}, 'e') OR contains({v}, 'E')"
    return ", ".join(
        (
            f"count_if({blank})",
            f"count_if({token})",
            f"count({v})",
            f"count_if(isfinite(TRY_CAST({v} AS DOUBLE)) AND NOT contains({v}, '_'))",
            f"count_if(TRY_CAST({v} AS BIGINT)::VARCHAR = {v})",
            f"count_if({v} >= '00' AND {v} < '0:')",
            f"count_if(length({v}) > 18 AND TRY_CAST({v} AS BIGINT) IS NULL AND NOT ({exponent}))",
            f"count_if({v} < ':' AND TRY_CAST({v} AS TIMESTAMP) IS NOT NULL)",
        )
    )


def _instant(v: str) -> str:
    """Return the SQL of a time in UTC; one without an offset is taken as it stands.

    Only the instant of a TIMESTAMPTZ is used: its local time would depend on the machine.
    """
    offset = f"regexp_matches({v}, ':.*(Z|UTC|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$')"
    zoned = f"make_timestamp(epoch_us(TRY_CAST({v} AS TIMESTAMPTZ)))"
    return f"CASE WHEN {offset} THEN {zoned} ELSE TRY_CAST({v} AS TIMESTAMP) END"


def _pattern(
    connection: duckdb.DuckDBPyConnection, sample: str, relation: str, raw: str, na: Sequence[str]
) -> str | None:
    """Find the one date form that fits all values; None where none or more than one does."""
    value = f"CASE WHEN NOT {missing(quoted(raw), (*na, *NUMBER_BLANKS))} THEN "
    value += f"{stripped(quoted(raw))} END"
    for rows in (sample, relation):
        fits = ", ".join(
            f"count(v) > 0 AND count(v) = count(TRY_STRPTIME(v, {literal(p)}))" for p in _FORMATS
        )
        row = connection.execute(f"SELECT {fits} FROM (SELECT {value} AS v FROM {rows})").fetchone()
        fitting = [p for p, fit in zip(_FORMATS, row or (), strict=True) if fit]
        if not fitting:
            return None
    return fitting[0] if len(fitting) == 1 else None


def _parts(columns: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(columns), _CHUNK):
        yield columns[start : start + _CHUNK]
