"""From a pattern of dates to the SQL that reads them, and nothing that is written otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from rebal_core.data.duck import literal
from rebal_core.data.reading.dates.words import AM, PM
from rebal_core.data.reading.dates.zones import FIXED, is_name, minutes, offset

#: SQL of a time from the SQL of a text.
Cast = Callable[[str], str]
#: A time in ISO 8601 without an offset, as a regular expression.
ISO = r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d{1,9})?)?)?"
_SPACE = r"[\s\x{a0}\x{202f}\x{2009}]"
#: Letters by what they are not: RE2 is slow with classes of Unicode, and with more than one way.
_WORD = r"[^\d\s\x{a0}\x{202f},،/:;\x{28}\x{29}\[\]-]+"
_TWO = r"(\d{1,2})"
_GROUPS = {
    **{"%Y": r"(\d{4})", "%y": r"(\d{2})", "%f": r"(\d{1,6})\d{0,3}"},
    **dict.fromkeys(("%m", "%d", "%H", "%I", "%M", "%S"), _TWO),
    **{"%b": f"({_WORD})", "%B": f"({_WORD})", "%a": _WORD, "%A": _WORD},
}
_CENTURIES = {"20": "([0-6][0-9])", "19": "(69|[7-9][0-9])"}
_DOTS = (".", "॰", "׳")
_COMMENT = r"(?: ?\[[A-Za-z0-9_+/-]+\]| ?\([^()]*\))?"
_FIGURED = rf"(?:GMT|UTC|UT)?([+-][01]\d:?[0-5]\d|[+-][01]\d){_COMMENT}"
_SHORT = rf"(?:GMT|UTC|UT)?([+-])(\d)(?::?00)?{_COMMENT}"
_PARTS = re.compile(r"(%[A-Za-z])")
_OF_CLOCK = re.compile(r"%[pHIMSf]")
_DATE_END = re.compile(r"^(.*%[YymdbBaA](?:th)?(?:[.日일号號]|[ \u202f]?г\.)?)")


def iso(v: str) -> str:
    """Return the SQL of a time in ISO 8601 that has no offset."""
    return f"CASE WHEN regexp_full_match({v}, {literal(ISO)}) THEN TRY_CAST({v} AS TIMESTAMP) END"


def shapes(pattern: str) -> list[str]:
    """Return a pattern and what is left of it without fraction, seconds and clock."""
    found = [pattern]
    for part in (r"[.,]%f", r"[:.]%S"):
        shorter = re.sub(part, "", found[-1])
        if shorter != found[-1]:
            found.append(shorter)
    marks = [m.span() for m in _OF_CLOCK.finditer(pattern)]
    if marks and "%Z" not in pattern:
        before, after = pattern[: marks[0][0]], pattern[marks[-1][1] :]
        if "%" not in after:
            end = _DATE_END.match(before)
            found += [end[1]] if end else []
        elif "%" not in before:
            found.append(after.lstrip(" ,"))
    return found


def reader(
    patterns: list[str], months: Mapping[str, int], zones: Sequence[str], *, exact: bool = True
) -> Cast:
    """Return how a text in one of these patterns becomes a time.

    Parameters
    ----------
    patterns : list of str
        Of :func:`shapes`.
    months : mapping of str to int
        Names of months as they are written, without a point at the end.
    zones : sequence of str
        Zones as they are written.
    exact : bool
        False leaves it to what DuckDB can read by itself, where it can: fast and small.

    Returns
    -------
    callable
        The time is in UTC where the pattern has a zone. What is written otherwise, no date of
        the calendar, or at a clock that shows twice or never in its zone, is null.
    """
    ways = list(_fast(patterns, zones))
    ways += [
        way
        for shape in patterns * (exact or not ways)
        for half in ("AM", "PM") * ("%p" in shape) or ("",)
        for century in (*_CENTURIES,) * ("%y" in shape) or ("",)
        for way in _with_zones(shape, half, century, months, zones)
    ]
    return lambda v: f"coalesce({', '.join(way(v) for way in ways)}, NULL::TIMESTAMP)"


def _fast(patterns: Sequence[str], zones: Sequence[str]) -> Iterator[Cast]:
    """Yield readings that DuckDB has of its own; what they leave out, the exact ones take."""
    pattern = patterns[0]
    if re.search("%[aABf]|%[mHM]%", pattern):
        return

    def parsed(v: str, forms: str) -> str:
        time = f"TRY_STRPTIME({v}, {forms})"
        # By DuckDB's word 24 is the year 24.
        return (
            time
            if "%y" in pattern
            else f"CASE WHEN regexp_matches({v}, '[0-9]{{4}}') THEN {time} END"
        )

    if "%Z" not in pattern:
        listed = ", ".join(map(literal, patterns))
        yield lambda v: parsed(v, f"[{listed}]")
    elif re.fullmatch(r"%Y-%m-%d[T ]%H:%M:%S%Z", pattern):
        regex = literal(rf"{ISO}(?:Z|[+-][01]\d(?::?[0-5]\d)?)")
        zoned = "make_timestamp(epoch_us(TRY_CAST({0} AS TIMESTAMPTZ)))"
        yield lambda v: f"CASE WHEN regexp_full_match({v}, {regex}) THEN {zoned.format(v)} END"
    elif zones and zones[0][0] in "+-":
        form = literal(pattern.replace("%Z", "%z"))
        yield lambda v: f"make_timestamp(epoch_us({parsed(v, form)}))"
    elif zones and zones[0].upper() in FIXED:
        form, east = literal(pattern.replace("%Z", zones[0])), minutes(zones[0])
        yield lambda v: f"{parsed(v, form)} - INTERVAL ({east}) MINUTE"


def _with_zones(
    shape: str, half: str, century: str, months: Mapping[str, int], zones: Sequence[str]
) -> Iterator[Cast]:
    if "%Z" not in shape:
        yield _way(shape, half, century, months)
        return
    if any(zone[-1].isdigit() and minutes(zone) is not None for zone in zones):
        yield _way(shape, half, century, months, _FIGURED, "{0}")
        yield _way(shape, half, century, months, _SHORT, "{0}0{1}")
    for zone in zones:
        if is_name(zone):
            local = _way(shape, half, century, months, re.escape(zone), "")
            yield lambda v, local=local, zone=zone: _at(local(v), zone)  # type: ignore[misc]
        elif zone.upper() in FIXED:
            yield _way(shape, half, century, months, f"(?i:{zone})", offset(zone))


def _way(
    shape: str,
    half: str,
    century: str,
    months: Mapping[str, int],
    zone: str = "",
    shift: str = "",
) -> Cast:
    """Return one way to read: a text that matches is written anew, and that is parsed."""
    groups = {**_GROUPS, "%p": f"(?i:{AM if half == 'AM' else PM})", "%Z": zone}
    if century:
        groups["%y"] = _CENTURIES[century]
    regex, place, count = "", dict[str, int](), 0
    for part in _PARTS.split(shape):
        piece = groups.get(part) or _literal(part, after=regex)
        if part == "%Z":
            regex = f"{regex.removesuffix(f'{_SPACE}+')}{_SPACE}*"
        place[part.lower() if part == "%B" else part] = count + 1
        count += len(re.findall(r"\((?!\?)", piece))
        regex += piece
    pattern = literal(f"^{regex}$")

    def ref(*names: str, default: str = "00") -> str:
        return next((f"\\{place[name]}" for name in names if name in place), default)

    at = place.get("%Z", 0)
    told = shift.format(f"\\{at}", f"\\{at + 1}")
    year = f"#{century}{ref('%Y', '%y')}-"
    rest = f"-{ref('%d')} {ref('%H', '%I')}:{ref('%M')}:{ref('%S')}.{ref('%f')} {half}{told}"
    form = f"#%Y-%m-%d {'%I' if half else '%H'}:%M:%S.%f {'%p' * bool(half)}{'%z' if told else ''}"

    def cast(v: str) -> str:
        if "%b" in place:
            # As a MAP the names would be copied for every row.
            names = literal(
                "".join(f"|{w}{dot}={n:02d}" for w, n in months.items() for dot in ("", *_DOTS))
            )
            word = f"regexp_extract({v}, {pattern}, {place['%b']})"
            found = f"nullif(instr({names}, '|' || {word} || '='), 0)"
            text = (
                f"regexp_replace({v}, {pattern}, {literal(year)}) || "
                f"substr({names}, {found} + length({word}) + 2, 2) || "
                f"regexp_replace({v}, {pattern}, {literal(rest)})"
            )
        else:
            whole = f"{year}{ref('%m')}{rest}"
            text = f"nullif(regexp_replace({v}, {pattern}, {literal(whole)}), {v})"
        time = f"TRY_STRPTIME({text}, {literal(form)})"
        return f"make_timestamp(epoch_us({time}))" if told else time

    return cast


def _literal(text: str, after: str) -> str:
    """Return what stands between, as a regular expression: any space for a space."""
    if after.endswith((_WORD, f"{_WORD})")):  # the point of an abbreviation may be missing
        text = text.removeprefix(".")
    ordinal = r"(?:st|nd|rd|th)" if text.startswith("th") else ""
    text = text.removeprefix("th") if ordinal else text
    pieces = re.split(r"\s+", text)
    return ordinal + f"{_SPACE}+".join(
        re.sub(r"([^\w\s])", r"\\\1", p) if p.isascii() else p for p in pieces
    )


def _at(local: str, zone: str) -> str:
    """Return the SQL of an instant from the clock of a place; null where it is not certain."""
    name = literal(zone)
    others = " AND ".join(
        f"timezone({name}, timezone({name}, l) + INTERVAL ({k}) MINUTE) <> l"
        for k in (-120, -60, -30, 30, 60, 120)
    )
    return (
        f"list_transform([{local}], lambda l: CASE WHEN timezone({name}, timezone({name}, l)) = l "
        f"AND {others} THEN make_timestamp(epoch_us(timezone({name}, l))) END)[1]"
    )
