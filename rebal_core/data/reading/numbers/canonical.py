"""Whether a number alone tells how it was written, or its text has to be kept beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import duckdb

from rebal_core.data.reading.infer import Reading
from rebal_core.data.reading.numbers.notation import Form

#: So many digits a double holds whatever they are.
_SURE = 15
_CHUNK = 100


def with_writing(
    connection: duckdb.DuckDBPyConnection, relation: str, readings: Sequence[Reading]
) -> list[Reading]:
    """Return the readings with the form of plain numbers that are not written as Python does.

    Numbers of as many decimals throughout (``2.50``), and those without a needless ``.0``, are
    given back from the numbers. What is written in no one way (``1.1`` beside ``1.10``) comes back
    by its text, and is told where two writings have one value.
    """
    plain = [r for r in readings if r.kind == "number" and r.form is None]
    found: dict[str, Reading] = {}
    unsure: list[tuple[Reading, int]] = []
    for reading, lengths in _asked(connection, relation, plain, _lengths, 5):
        formed = _by_lengths(reading, lengths)
        if formed is None:
            unsure.append((reading, max(lengths[1], 0)))
        else:
            found[reading.name] = formed
    decimals = dict(unsure)
    for reading, (other, longer) in _asked(connection, relation, list(decimals), _differing, 2):
        form = Form(decimals=decimals[reading], style="" if longer else "short")
        same = _same(connection, relation, reading) if longer else ()
        found[reading.name] = replace(reading, form=form, same=same) if other else reading
    return [
        replace(r, same=_same(connection, relation, r))
        if r.form and r.kind == "number"
        else found.get(r.name, r)
        for r in readings
    ]


def _asked(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    readings: Sequence[Reading],
    counts: Callable[[Reading], str],
    width: int,
) -> Iterator[tuple[Reading, tuple[int, ...]]]:
    """Yield each reading with the numbers that are asked of it, many columns in one query."""
    for start in range(0, len(readings), _CHUNK):
        part = readings[start : start + _CHUNK]
        picks = ", ".join(map(counts, part))
        row = connection.execute(f"SELECT {picks} FROM {relation}").fetchone() or ()
        for k, reading in enumerate(part):
            yield reading, tuple(n or 0 for n in row[width * k : width * (k + 1)])


def _text(reading: Reading) -> str:
    return f"CASE WHEN ({reading.sql}) IS NOT NULL THEN trim({reading.text or reading.raw}) END"


def _lengths(reading: Reading) -> str:
    """Return the SQL of five counts: decimals at least and most, signs, exponents, length."""
    clean = reading.sql == _cast(reading)
    v = reading.raw if clean else f"trim({reading.text or reading.raw})"
    known = "" if clean else f" FILTER (({reading.sql}) IS NOT NULL)"
    if clean and reading.sql.endswith("BIGINT"):  # digits, and perhaps a minus
        return f"-1, -1, count_if({v} = '-0'), 0, 0"
    point = f"strpos({v}, '.')"
    decimals = f"CASE WHEN {point} > 0 THEN strlen({v}) - {point} ELSE -1 END"
    return (
        f"min({decimals}){known}, max({decimals}){known}, "
        f"count_if({v} ^@ '+' OR {v} ^@ '.' OR {v} ^@ '-.' OR {v} = '-0'){known}, "
        f"count_if(contains({v}, 'e') OR contains({v}, 'E')){known}, max(strlen({v})){known}"
    )


def _cast(reading: Reading) -> str:
    """Return the SQL of a column that needs nothing but a cast."""
    return f"{reading.raw}::{reading.sql.rpartition('::')[2]}"


def _by_lengths(reading: Reading, lengths: tuple[int, ...]) -> Reading | None:
    """Return the reading with its form; None where its values have to be looked at."""
    least, most, signed, powers, longest = lengths
    if reading.infinite:  # no number is left to tell what was written
        return replace(reading, form=Form(decimals=max(most, 0)))
    if not (signed or powers) and longest <= _SURE + 2:
        if most < 0 or least == most == 1:  # whole, or one decimal: as Python writes them
            return reading
        if least == most > 0:
            return replace(reading, form=Form(decimals=most, style="fixed"))
    return None


def _differing(reading: Reading) -> str:
    """Return the SQL of two counts: values not written as Python does, and not in short."""
    shortest, text = f"({reading.sql})::VARCHAR", _text(reading)
    short = f"regexp_replace({shortest}, '[.]0$', '')"
    return f"count_if({shortest} <> {text}), count_if({short} <> {text})"


def _same(
    connection: duckdb.DuckDBPyConnection, relation: str, reading: Reading
) -> tuple[str, ...]:
    """Return two texts of one number; nothing where each number has one."""
    pairs = f"SELECT DISTINCT ({reading.sql}) AS x, {_text(reading)} AS t FROM {relation}"
    row = connection.execute(
        f"SELECT min(t), max(t) FROM ({pairs}) WHERE x IS NOT NULL "
        "GROUP BY x HAVING count(*) > 1 ORDER BY x LIMIT 1"
    ).fetchone()
    return tuple(row or ())
