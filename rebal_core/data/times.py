"""Texts that are times: which form a column has, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb

from rebal_core.data.duck import literal

#: Forms of dates besides ISO 8601.
FORMATS = (
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"),
    *("%Y年%m月%d日", "%Y年%m月%d日 %H:%M:%S", "%Y.%m.%d"),
    *("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"),
    *("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
    *("%d-%b-%Y", "%b %d, %Y", "%d %b %Y"),
)
#: Forms of a date that are believed only when the user says that it is one.
BARE_FORMATS = ("%Y%m%d", "%Y%m", "%Y-%m", "%Y")
_SAMPLE = 20_000
DATE_LIKE = re.compile(r"\d{1,4}[./年-]|\d{1,2}[ -][A-Za-z]{3}|[A-Z][a-z]{2} \d")


def find_time(
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
