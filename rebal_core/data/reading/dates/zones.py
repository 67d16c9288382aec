"""What stands after a time and says where its clock hangs: offsets, abbreviations, names."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

#: Abbreviations that mean one offset only (the American ones by RFC 2822), in minutes.
FIXED = {
    **{"Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0},
    **{"EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420},
    **{"AKST": -540, "AKDT": -480, "HST": -600, "NST": -210, "NDT": -150},
    **{"CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "WEST": 60, "EET": 120, "EEST": 180},
    **{"MSK": 180, "SAST": 120, "PKT": 300, "NPT": 345, "WIB": 420, "HKT": 480, "SGT": 480},
    **{"AWST": 480, "JST": 540, "KST": 540, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660},
    **{"NZST": 720, "NZDT": 780},
}
#: Abbreviations that need no explanation. Others, such as CST or IST, are not among the fixed:
#: China and Chicago both write CST.
SURE = ("Z", "UTC", "GMT", "UT")
#: An offset in figures, with or without a word before it; signs, hours, minutes.
OFFSET = r"(?:GMT|UTC|UT)?([+-])([01]?[0-9])(?::?([0-5][0-9]))?"
_OFFSET = re.compile(OFFSET, re.IGNORECASE)
_WORD = r"[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+|[A-Za-z]{1,5}"
#: A zone behind a clock: an offset (with a comment, or a name to go with it) or a word.
ZONE = re.compile(
    rf"\s*(?:(?P<off>{OFFSET})(?: ?\[[A-Za-z0-9_+/-]+\]| ?\([^()]*\))?"
    rf"|(?P<word>{_WORD})|(?P<open>[\[(])(?P<name>[A-Za-z0-9_+/-]+)(?P<close>[\])]))(?![\w+:-])",
    re.IGNORECASE,
)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def is_name(word: str) -> bool:
    """Return whether a word is the name of a place in the time zone database."""
    return "/" in word and word in _names()


def minutes(word: str) -> int | None:
    """Return the offset of a zone that has one offset only, in minutes east of UTC.

    Examples
    --------
    >>> minutes("EST"), minutes("GMT+2"), minutes("+05:30"), minutes("Europe/Paris")
    (-300, 120, 330, None)
    """
    if word.upper() in FIXED:
        return FIXED[word.upper()]
    found = _OFFSET.fullmatch(word)
    if found is None:
        return None
    east = int(found[2]) * 60 + int(found[3] or 0)
    return -east if found[1] == "-" else east


def offset(word: str) -> str:
    """Return the offset of an abbreviation with one offset only, as in ISO 8601: ``-05:00``."""
    east = FIXED[word.upper()]
    return f"{'-' if east < 0 else '+'}{abs(east) // 60:02d}:{abs(east) % 60:02d}"


def known(word: str) -> bool:
    """Return whether a zone says for certain which instant a time is."""
    return minutes(word) is not None or is_name(word)


def at_zone(value: datetime, word: str) -> datetime:
    """Return the clock of a zone at an instant in UTC, both without a zone of their own."""
    east = minutes(word)
    if east is not None:
        return value + timedelta(minutes=east)
    zoned = value.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(word))
    return zoned.replace(tzinfo=None)
