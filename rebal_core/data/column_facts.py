"""What is counted of each column of a table before anything is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rebal_core.data.duck import literal, quoted

_SAMPLE = 10_000
#: Texts of so few values are categories, however long.
_FEW = 50
_CHUNK = 250


@dataclass(frozen=True)
class ColumnFacts:
    """Counts of one column; ``dense``: whole numbers without a gap; ``words``: on average.

    Words are not counted where there are few values.
    """

    values: int
    distinct: int
    constant: bool
    dense: bool
    words: float = 0.0


def column_facts(
    connection: duckdb.DuckDBPyConnection, relation: str, fields: list[pa.Field]
) -> Mapping[str, ColumnFacts]:
    """Count; distinct values are estimated first, and counted only where nearly all differ."""
    plain = [f for f in fields if not pa.types.is_nested(f.type)]
    facts: dict[str, ColumnFacts] = {}
    for part in _parts(plain):
        # Apart from the estimates: footers know the ends, and then no row is read for them.
        ends = _row(connection, ", ".join(map(_ends, part)), relation)
        counted = [f.name for f in part if is_text(f.type) or pa.types.is_integer(f.type)]
        picks = ", ".join(f"approx_count_distinct({quoted(name)})" for name in counted)
        about = dict(zip(counted, _row(connection, picks, relation), strict=True))
        for k, f in enumerate(part):
            values, constant, dense = ends[3 * k : 3 * k + 3]
            facts[f.name] = ColumnFacts(values, about.get(f.name, 0), constant, dense)
    for name, fact in facts.items():
        if fact.distinct > 0.9 * fact.values > 0:
            exact = _row(connection, f"count(DISTINCT {quoted(name)})", relation)
            facts[name] = replace(fact, distinct=int(exact[0]))
    many = [f for f in plain if is_text(f.type) and facts[f.name].distinct > _FEW]
    for part in _parts(many):
        picks = ", ".join(f"coalesce(avg({_words(quoted(f.name))}), 0)" for f in part)
        names = ", ".join(quoted(f.name) for f in part)
        sample = f"(SELECT {names} FROM {relation} LIMIT {_SAMPLE})"
        for field, words in zip(part, _row(connection, picks, sample), strict=True):
            facts[field.name] = replace(facts[field.name], words=float(words))
    return facts


def told_by_footer(file: pq.ParquetFile) -> dict[str, ColumnFacts]:
    """Return the facts of columns of decimals, for which no row need be read."""
    about, facts = file.metadata, {}
    for place, field in enumerate(file.schema_arrow):
        if not pa.types.is_floating(field.type):
            continue
        groups = [about.row_group(k).column(place).statistics for k in range(about.num_row_groups)]
        if all(g is not None and g.has_null_count for g in groups):
            known = [g for g in groups if g.num_values]
            if all(g.has_min_max for g in known):
                ends = {end for g in known for end in (g.min, g.max)}
                values = about.num_rows - sum(g.null_count for g in groups)
                facts[field.name] = ColumnFacts(values, 0, len(ends) == 1, False)
    return facts


def _ends(field: pa.Field) -> str:
    """Return the SQL of the number of values, whether they are all one, and whether dense."""
    name, whole = quoted(field.name), pa.types.is_integer(field.type)
    dense = f"max({name})::HUGEINT - min({name}) = count({name}) - 1" if whole else "false"
    constant = f"coalesce(min({name}) = max({name}), false)"
    return f"count({name}), {constant}, coalesce({dense}, false)"


def _words(text: str) -> str:
    """Return the SQL of the number of words; two Chinese characters count as one."""
    spaces = f"length({text}) - length(replace({text}, ' ', ''))"
    foreign = literal("[^\\x{3040}-\\x{9fff}\\x{ac00}-\\x{d7af}]")
    chinese = f"length(regexp_replace({text}, {foreign}, '', 'g'))"
    return f"1 + {spaces} + {chinese} / 2.0"


def _row(connection: duckdb.DuckDBPyConnection, picks: str, relation: str) -> tuple[Any, ...]:
    """Return the one row of some aggregates; nothing is asked where there are none."""
    query = f"SELECT {picks} FROM {relation}"
    return (connection.execute(query).fetchone() or ()) if picks else ()


def is_text(kind: pa.DataType) -> bool:
    """Tell whether values are texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _parts(fields: list[pa.Field]) -> Iterator[list[pa.Field]]:
    for start in range(0, len(fields), _CHUNK):
        yield fields[start : start + _CHUNK]
