"""Texts that are times: which form a column has, how it is read, or why it stays text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from rebal_core.data.duck import literal, open_duck
from rebal_core.data.reading.dates.clock import Cast, iso
from rebal_core.data.reading.dates.layout import DateForm, layout_of
from rebal_core.data.reading.dates.seek import ROUNDS, Search, TimeDoubt, Times
from rebal_core.data.reading.dates.words import is_month
from rebal_core.wording import Text

#: Forms of a date that are believed only when the user says that it is one.
BARE_FORMATS = ("%Y%m%d", "%Y%m", "%Y-%m", "%Y")
_LONG, _FIRST = 60, 4
_LOOK = re.compile(
    r"(?<![\d.])\d{4}[-/.年]\d\d?[-/.月]\d\d?(?![\d.])|(?<![\d./-])\d\d?[-/.]\d\d?[-/.]\d{4}(?![\d.])"
    r"|\d\D+\d{4}.*\d:\d\d"
)


def find_time(
    connection: duckdb.DuckDBPyConnection, known: str, peek: Sequence[str], bare: str = ""
) -> Times | TimeDoubt | None:
    """Find how all values of a column are times.

    Parameters
    ----------
    known : str
        SQL of a relation with the one column ``v``: text, null where it is missing.
    peek : sequence of str
        Some of its values.
    bare : str
        SQL of the same relation where no value is missing, if only spaces could stand around
        some: where its values are plain times as they stand, there are none.

    Returns
    -------
    Times, TimeDoubt or None
        None where the values do not look like times.
    """
    layouts = [layout_of(v) for v in peek]
    if 2 * sum(found is not None for found in layouts) < len(peek) or not peek:
        if peek and 2 * sum(map(_looks, peek)) >= len(peek):
            note = Text("Kept as text: looks like times, in a form that is not known.").render()
            return TimeDoubt("form", note, examples=tuple(peek[:1]))
        return None
    seen = [found for found in layouts if found]
    plain = Search(connection, bare, seen).plain() if bare else None
    if plain is not None:
        return plain
    search = Search(connection, known, seen)
    found = search.plain()
    return replace(found, plain=False) if found else search.run()


def _looks(text: str) -> bool:
    """Return whether a text may be a time in a form that is not understood."""
    if _LOOK.search(text):
        return True
    dated = len(text) < _LONG and re.search(r"\d\D+\d{4}$", text)
    return bool(dated) and any(map(is_month, text.split()))


def may_be(peek: Sequence[str]) -> bool:
    """Return whether the first of these values look like times; the others are not looked at."""
    first = peek[:_FIRST]
    return bool(first) and 2 * sum(layout_of(v) is not None for v in first) >= len(first)


def read_as(connection: duckdb.DuckDBPyConnection, known: str, form: DateForm) -> Cast:
    """Return how the values of a column are read in a form that is known from elsewhere."""
    search = Search(connection, known, [], exact=True)
    cast = search.cast(form)
    for _ in range(ROUNDS):
        if not search.learnt(search.strays(cast)):
            break
        cast = search.cast(form)
    return cast


def read_times(values: pd.Series, form: DateForm | None) -> pd.Series:
    """Return texts as times, by the form that a column has elsewhere, or by ISO 8601.

    Parameters
    ----------
    values : Series of str
    form : DateForm, optional

    Returns
    -------
    Series of datetime64[us]
        In UTC where the form has zones; missing where a text is no such time.
    """
    with open_duck() as connection:
        texts = pa.array(values.map(str.strip, na_action="ignore"), pa.string(), from_pandas=True)
        connection.register("arrived", pa.table({"n": np.arange(len(texts)), "v": texts}))
        ways = [iso("v")]
        if form is not None and form.pattern in BARE_FORMATS:
            ways.insert(0, _parsed(form.pattern, "v"))
        elif form is not None:
            ways = [*ways] * (not form.zones)
            ways.insert(0, read_as(connection, "arrived", form)("v"))
        query = f"SELECT coalesce({', '.join(ways)}) AS t FROM arrived ORDER BY n"
        found = connection.sql(query).to_arrow_table().column("t")
    return pd.Series(found.to_pandas().to_numpy("datetime64[us]"), index=values.index)


def bare_form(connection: duckdb.DuckDBPyConnection, known: str) -> tuple[Cast, DateForm | None]:
    """Return the one of :data:`BARE_FORMATS` that fits most values; several are as bad as none."""
    casts: list[Cast] = [partial(_parsed, form) for form in BARE_FORMATS]
    fits = ", ".join(f"count({cast('v')})" for cast in casts)
    query = f"SELECT {fits} FROM {known}"
    counts = connection.execute(query).fetchone() or ()
    best = [k for k, count in enumerate(counts) if count == max(counts)]
    return (casts[best[0]], DateForm(BARE_FORMATS[best[0]])) if len(best) == 1 else (iso, None)


def _parsed(form: str, v: str) -> str:
    return f"TRY_STRPTIME({v}, {literal(form)})"
