"""What the columns of a raw table are: numbers, times or text, decided on all of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import duckdb

from rebal_core.data.duck import literal
from rebal_core.data.reading.dates.layout import DateForm
from rebal_core.data.reading.dates.seek import TimeDoubt, Times
from rebal_core.data.reading.dates.times import find_time, may_be
from rebal_core.data.reading.facts import BLANKS, NUMBER_BLANKS, PROPOSED, TextFacts
from rebal_core.data.reading.numbers.amounts import (
    Decimal,
    Decision,
    Doubt,
    Evidence,
    points_of,
    shapes_of,
)
from rebal_core.data.reading.numbers.non_numeric import (
    BOM,
    INFINITE_NOTE,
    Strays,
    count_infinite,
    find_strays,
    infinite_sql,
)
from rebal_core.data.reading.numbers.notation import Form
from rebal_core.schema import Kind

#: From so many columns on a table is wide; its times are copied if they are no more values than
#: this, so many columns together.
_WIDE, _COPIED, _TOGETHER = 200, 20_000_000, 50


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
    form : Form or DateForm, optional
        How its numbers or dates are written, where that is not plainly.
    doubt : Doubt, optional
        A value that could be read as another number.
    time_doubt : TimeDoubt, optional
        What keeps a column that looks like times from being one.
    same : tuple of str
        Two of its texts that are one number.
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
    form: Form | DateForm | None = None
    doubt: Doubt | None = None
    time_doubt: TimeDoubt | None = None
    same: tuple[str, ...] = ()


def stripped(column: str) -> str:
    """Return the SQL of a text without the spaces around it."""
    return f"trim({column})"


def missing(column: str, na: Sequence[str]) -> str:
    """Return the SQL that is true where a text is blank or one of these tokens."""
    return f"{stripped(column)} IN ({_listed(tuple(na))})"


@cache
def _listed(na: tuple[str, ...]) -> str:
    return ", ".join(map(literal, (*BLANKS, *na)))


def read_texts(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[tuple[int, str]],
    facts: Mapping[int, TextFacts],
    na: Sequence[str],
    *,
    only_if_blanks: bool = False,
    commas: bool = False,
    decimal: Decimal | None = None,
) -> list[Reading]:
    """Decide how text columns are read.

    Parameters
    ----------
    connection : DuckDBPyConnection
    relation : str
        SQL of the raw table: columns ``c0, c1, ...``.
    columns : sequence of (int, str)
        Position in the raw table and final name.
    facts : mapping of int to TextFacts
        What the values of each of them allow, by position.
    na : sequence of str
        Tokens that the user chose to mean "missing", everywhere.
    only_if_blanks : bool
        For sources that carry types of their own: text that looks like numbers stays text, unless
        a blank, a token or marks (:mod:`~rebal_core.data.reading.numbers.signs`) were the reason.
    commas : bool
        The fields are parted by something else than commas, so a comma may well part decimals.
    decimal : {"point", "comma"}, optional
        What parts decimals, where the user says so; else the columns of the file tell it.

    Returns
    -------
    list of Reading
        In the order given. A number needs all values to be finite numbers without leading zeros,
        and whole numbers to fit into 64 bits; one other value and the column stays text. All of
        them are written in one notation (:class:`~rebal_core.data.reading.numbers.notation.Form`).
    """
    readers = {
        name: _Reader(connection, relation, facts[position], f"c{position}", na)
        for position, name in columns
    }
    readers |= _narrowed(connection, relation, readers)
    shapes = {name: shapes_of(connection, r.known) for name, r in readers.items() if r.fact.open}
    pointed = any(r.fact.plainly_pointed for r in readers.values())
    points = points_of(shapes.values(), commas) | ({"."} if pointed else set())
    evidence = Evidence(points, commas, decimal)
    return [
        reader.read(
            name,
            evidence.decide(shapes[name], reader.fact.number)
            if name in shapes
            else evidence.plainly(reader.fact),
            not only_if_blanks,
        )
        for name, reader in readers.items()
    ]


def _narrowed(
    connection: duckdb.DuckDBPyConnection, relation: str, readers: Mapping[str, _Reader]
) -> dict[str, _Reader]:
    """Give what may be times of a wide table relations of their own.

    Times are asked about column by column, and each query binds all columns of its relation.
    """
    times = {n: r for n, r in readers.items() if r.fact.kind != "number" and may_be(r.fact.peek)}
    if len(readers) < _WIDE or len(times) < 2:
        return {}
    (rows,) = connection.execute(f"SELECT count(*) FROM {relation}").fetchone() or (0,)
    if rows * len(times) > _COPIED:  # then the values take longer than the names
        return {}
    found: dict[str, _Reader] = {}
    names = list(times)
    for k in range(0, len(names), _TOGETHER):
        some = {name: times[name] for name in names[k : k + _TOGETHER]}
        columns = ", ".join(reader.column for reader in some.values())
        table = f"narrow{k}"
        connection.execute(f"CREATE TEMP TABLE {table} AS SELECT {columns} FROM {relation}")
        found |= {name: replace(reader, relation=table) for name, reader in some.items()}
    return found


@dataclass(frozen=True)
class _Reader:
    """Turns the facts of one text column into its reading."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    fact: TextFacts
    column: str
    na: Sequence[str]

    def read(self, name: str, decision: Decision, typed: bool) -> Reading:
        """Return the reading; what is not ``typed`` stays text unless something hides numbers.

        Parameters
        ----------
        decision : Decision
            Whether and how the values are numbers.
        """
        fact, raw = self.fact, self._raw
        typed = typed or bool(fact.blanks or fact.tokens or decision.form)
        sql = f"CASE WHEN NOT {missing(raw, self.na)} THEN {raw} END"
        found = Reading(
            self.column,
            name,
            "text",
            sql if fact.blanks or self.na else raw,
            decision.note if typed else "",
            tuple(sorted(fact.proposed)),
            raw if fact.marked else "",
            doubt=decision.doubt if typed else None,
        )
        if typed and decision.number:
            return self._number(found, decision)
        time = find_time(self.connection, self.known, fact.peek, self._bare) if typed else None
        if time is not None:
            return self._time(found, time)
        return self._with_strays(found) if fact.mostly else found

    @property
    def _raw(self) -> str:
        return f"replace({self.column}, '{BOM}', '')" if self.fact.marked else self.column

    @property
    def _skip(self) -> str:
        return missing(self._raw, (*self.na, *NUMBER_BLANKS))

    @property
    def known(self) -> str:
        """A relation of the values that are there, ``v``."""
        value = f"CASE WHEN NOT {self._skip} THEN {stripped(self._raw)} END"
        return f"(SELECT {value} AS v FROM {self.relation})"

    @property
    def _bare(self) -> str:
        """The relation of the values as they stand, where none of them is set aside; else none."""
        fact = self.fact
        aside = fact.blanks or fact.tokens or fact.marked or self.na
        return "" if aside else f"(SELECT {self.column} AS v FROM {self.relation})"

    def _number(self, found: Reading, decision: Decision) -> Reading:
        fact, raw, form = self.fact, self._raw, decision.form
        # -1 may be a token, and counts as number
        clean = not (fact.blanks or fact.tokens or self.na or fact.infinite)
        value, skip, infinite = raw if clean else stripped(raw), self._skip, 0
        note = decision.note
        if fact.infinite:
            infinite = count_infinite(self.connection, self.relation, value)
            skip = f"({skip} OR {infinite_sql(value)})"
            note = f"{note} {INFINITE_NOTE}".strip()
        if form:
            value = form.plain_sql(value)
        sql = f"{value}::{'BIGINT' if decision.whole else 'DOUBLE'}"
        sql = sql if clean else f"CASE WHEN NOT {skip} THEN {sql} END"
        found = replace(found, infinite=infinite, form=form, note=note, proposed=())
        return replace(found, kind="number", sql=sql)

    def _time(self, found: Reading, time: Times | TimeDoubt) -> Reading:
        if isinstance(time, TimeDoubt):
            words = (e for e in time.examples if not any(c.isdigit() for c in e))
            proposed = tuple(sorted({*found.proposed, *(words if time.why == "value" else ())}))
            return replace(found, note=time.note, proposed=proposed, time_doubt=time)
        sql = f"CASE WHEN NOT {self._skip} THEN {time.cast(stripped(self._raw))} END"
        sql = f"{self.column}::TIMESTAMP" if time.plain else sql
        note = time.note or found.note
        return replace(found, kind="time", sql=sql, note=note, proposed=(), form=time.form)

    def _with_strays(self, found: Reading) -> Reading:
        strays = find_strays(self.connection, self.known, PROPOSED)
        words = strays.words if strays else ()
        proposed = tuple(sorted({*found.proposed, *words}))
        return replace(found, proposed=proposed, strays=strays)
