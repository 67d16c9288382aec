"""Values that do not belong to a column of numbers: stray words, and the infinite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from rebal_core.data.duck import literal
from rebal_core.data.reading.numbers.signs import WRITTEN, is_written, usual_sql
from rebal_core.wording import Text

#: A byte order mark that sticks to a value, as where files were put one after the other.
BOM = "\ufeff"
#: Infinite, as programs write it; the whole value must match.
INFINITE = "[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?"
INFINITE_NOTE = Text("Infinite values are read as missing.").render()
#: So many values tell whether a column is one of numbers.
_SAMPLE = 500
#: Greatest share of values that are strays rather than a second kind of value.
_SHARE = 0.05
_SHOWN = 5
#: So few different numbers are the codes of categories, and a word beside them is one of these.
_CODES = 10


@dataclass(frozen=True)
class Strays:
    """Values that keep a column of numbers from being one.

    Parameters
    ----------
    count : int
        Rows that have such a value.
    examples : tuple of str
        The most frequent ones.
    """

    count: int
    examples: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Those without a digit, which may mean "missing"; ``12 kg`` does not."""
        return tuple(e for e in self.examples if not any(c.isdigit() for c in e))


def mostly_numbers(text: pa.Array) -> bool:
    """Return whether at least half of these values look like numbers."""
    # Most columns of words are told by this; taking values apart costs more than all the rest.
    if pc.match_substring_regex(text, "[0-9]").true_count * 2 < len(text):
        return False
    sample = text.take(pa.array(range(0, len(text), len(text) // _SAMPLE + 1))).to_pylist()
    return sum(map(is_written, sample)) * 2 >= len(sample)


def find_strays(
    connection: duckdb.DuckDBPyConnection, known: str, words: Sequence[str]
) -> Strays | None:
    """Look for what is no number in a column of numbers.

    Parameters
    ----------
    known : str
        SQL of a relation with the one column ``v``: text, null where it is missing.
    words : sequence of str
        That often mean "missing": there may be more of them than of others.

    Returns
    -------
    Strays or None
        None where the column is not one of amounts but for few values.
    """
    text = usual_sql("v")
    codes = f"regexp_matches({text}, '^[^0-9]*0[0-9]|[0-9]{{19}}')"
    number = f"(regexp_full_match({text}, {literal(WRITTEN)}) AND NOT {codes})"
    listed = ", ".join(map(literal, words))
    row = connection.execute(
        f"SELECT count(v), count_if({number}), count_if(NOT {number} AND v NOT IN ({listed})), "
        f"approx_count_distinct(CASE WHEN {number} THEN v END) FROM {known}"
    ).fetchone()
    assert row is not None
    values, numbers, others, distinct = row
    if numbers == values or 2 * numbers < values or others > _SHARE * values:
        return None
    if distinct <= _CODES:
        return None
    found = connection.execute(
        f"SELECT v, count(*) AS n FROM {known} WHERE NOT {number} "
        f"GROUP BY v ORDER BY n DESC, v LIMIT {_SHOWN}"
    ).fetchall()
    return Strays(values - numbers, tuple(v for v, _ in found))


def infinite_sql(value: str) -> str:
    """Return the SQL that is true where a text is infinite: ``inf``, or too large as ``1e400``."""
    return f"coalesce(isinf(TRY_CAST({value} AS DOUBLE)), false)"


def count_infinite(connection: duckdb.DuckDBPyConnection, relation: str, value: str) -> int:
    """Count the infinite values of a text expression."""
    query = f"SELECT count_if({infinite_sql(value)}) FROM {relation}"
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
