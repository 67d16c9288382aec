"""How one text is a time: a pattern such as ``%d. %B %Y %H:%M %Z`` for each way to read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rebal_core.data.reading.dates.words import (
    FILLERS,
    LANGUAGES,
    ORDINALS,
    bare,
    clock_half,
    day_word,
    is_month,
    is_weekday,
    month_word,
)
from rebal_core.data.reading.dates.zones import FIXED, SURE, ZONE, at_zone, known, offset
from rebal_core.wording import Text

#: Figures of other scripts, and the usual ones.
FIGURES = "".join(
    chr(zero + k) for zero in (0xFF10, 0x660, 0x6F0, 0x966, 0x9E6, 0xE50) for k in range(10)
)
PLAIN_FIGURES = "0123456789" * (len(FIGURES) // 10)
_TO_PLAIN = str.maketrans(FIGURES, PLAIN_FIGURES)
_LONGEST = 100
_CLOCKS = tuple(
    map(
        re.compile,
        (
            r"(?<!\d)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?!\d)",
            r"(\d{1,2}) ?(?:時|时|點|点|시|นาฬิกา|h) ?(\d\d?)"
            r"(?: ?(?:分|분|นาที)(?: ?(\d\d?) ?(?:秒|초|วินาที))?)?",
            r"(?<=[\s,])(\d{1,2})\.(\d\d)(?:\.(\d\d)(?:[.,](\d{1,9}))?)?(?![\d.])",
            r"(?<=\d[T ])(\d\d)(\d\d)(?:(\d\d)(?:[.,](\d{1,9}))?)?(?!\d)",
        ),
    )
)
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
_LETTER = rf"(?:[^\W\d_]|[{_MARKS}])"
_TOKENS = re.compile(
    r"\0|\d+|星期.|[周週][一二三四五六日]|[月火水木金土日]曜日|[월화수목금토일]요일|[年月日号號년월일]"
    rf"|{_LETTER}+(?:['’ʼ׳॰.]{_LETTER}+)*(?:[॰׳]|\.(?!\d))?|."
)
_BETWEEN = frozenset(" \t\xa0\u202f\u2009-/.,،:()'’\u200f\u200e\0年月日号號년월일")
_UNITS = {"年": "Yy", "년": "Yy", "月": "m", "월": "m", "日": "d", "일": "d", "号": "d", "號": "d"}
_ORDERS = {
    "YNN": ("Ymd",),
    "NNY": ("dmY", "mdY"),
    "NNN": ("dmy", "mdy", "ymd"),
    "NBY": ("dbY",),
    "BNY": ("bdY",),
    "YBN": ("Ybd",),
    "NBN": ("dby",),
    "BNN": ("bdy",),
}
#: Two numbers at least, one of them a year: most texts are told from times by this.
_MAY_BE = re.compile(r"\d\D+\d{2}|\d{4}\D+\d|\d{8}T")
_DIRECTIVE = re.compile(r"%[A-Za-z]")


@dataclass(frozen=True)
class DateForm:
    """How the dates of one column are written, where that is not plain ISO 8601.

    Parameters
    ----------
    pattern : str
        Of ``strftime``; ``%b`` and ``%B`` are in ``language``, ``%Z`` is a zone or an offset.
    language : str
        Of the names of months.
    zones : str
        Zones as they are written, parted by blanks, the most frequent one first.
    """

    pattern: str
    language: str = ""
    zones: str = ""

    @property
    def note(self) -> str:
        """What the user should know."""
        iso = re.fullmatch(r"%Y-%m-%d(?:[T ]%H:%M.*)?", self.pattern)
        words = [z for z in self.zones.split() if z.upper() in FIXED and z.upper() not in SURE]
        offsets = ", ".join(f"{word} {offset(word)}" for word in words)
        if not self.zones:
            return (
                ""
                if iso
                else Text(
                    "Read as dates in the form {pattern}.", {"pattern": self.pattern}
                ).render()
            )
        if offsets:
            told = Text("In UTC, taking these offsets: {offsets}.", {"offsets": offsets}).render()
            return (
                told
                if iso
                else Text(
                    "In the form {pattern}, in UTC, taking these offsets: {offsets}.",
                    {"pattern": self.pattern, "offsets": offsets},
                ).render()
            )
        return (
            Text("In UTC.").render()
            if iso
            else Text(
                "Read as dates in the form {pattern}, in UTC.", {"pattern": self.pattern}
            ).render()
        )

    def write(self, value: datetime) -> str:
        """Write a date, in UTC where the form has zones, in this form."""
        zone = self.zones.partition(" ")[0]
        value = at_zone(value, zone) if zone else value
        language = self.language or "en"

        def directive(found: re.Match[str]) -> str:
            match found[0]:
                case "%b" | "%B":
                    return month_word(language, value.month, found[0] == "%B")
                case "%a" | "%A":
                    return day_word(language, value.weekday(), found[0] == "%A")
                case "%p":
                    return "AM" if value.hour < 12 else "PM"
                case "%Z":
                    return zone
                case "%Y":
                    return f"{value.year:04d}"
            return value.strftime(found[0])

        return _DIRECTIVE.sub(directive, self.pattern)


@dataclass(frozen=True)
class Layout:
    """The ways to read one text as a time.

    Parameters
    ----------
    patterns : tuple of str
        One for each order of day, month and year that its numbers allow.
    month : str
        Name of the month, where it is written.
    zone : str
        As written; may be one that nobody knows.
    """

    patterns: tuple[str, ...]
    month: str = ""
    zone: str = ""


def is_sound(form: DateForm) -> bool:
    """Return whether a form is one that some column may have; a stranger may have named it."""
    texts = (form.pattern, form.language, form.zones)
    if not all(isinstance(text, str) and len(text) <= _LONGEST * 10 for text in texts):
        return False
    if form.language not in ("", *LANGUAGES) or not all(map(known, form.zones.split())):
        return False
    if set(re.findall("%.?", form.pattern)) - {f"%{d}" for d in "YymdbBaAHIMSfpZ"}:
        return False
    return layout_of(form.write(datetime(2024, 10, 27, 15, 5, 7, 123456))) is not None


def plain_figures(text: str) -> str:
    """Return a text with the usual figures in place of those of other scripts."""
    return text if text.isascii() else text.translate(_TO_PLAIN)


def layout_of(text: str) -> Layout | None:
    """Return how a text is a time; None where it is none that is understood.

    Examples
    --------
    >>> layout_of("03/04/24 5:30 PM").patterns
    ('%d/%m/%y %I:%M %p', '%m/%d/%y %I:%M %p', '%y/%m/%d %I:%M %p')
    """
    if len(text) > _LONGEST or not _MAY_BE.search(text) or "%" in text:
        return None
    text = plain_figures(text)
    for start, end, clock, zone in _clocks(text):
        found = _date(f"{text[:start]}\0{text[end:]}")
        if found is not None:
            dates, month = found
            return Layout(tuple(d.replace("\0", clock) for d in dates), month, zone)
    found = _date(text)
    return None if found is None else Layout(*found)


def _clocks(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Find a clock with what belongs to it: start, end, pattern and zone."""
    for clock in _CLOCKS:
        found = clock.search(text)
        if found is None:
            continue
        start, end, pattern = found.start(), found.end(), found[0]
        for group, directive in ((4, "%f"), (3, "%S"), (2, "%M"), (1, "%H")):
            if group <= len(found.groups()) and found[group]:
                at = found.start(group) - start
                pattern = pattern[:at] + directive + pattern[at + len(found[group]) :]
        before = re.search(r"(\S+(?: m\.)?)\s*$", text[:start])
        half = clock_half(text[end : end + 8])
        if half and not text[end : end + half.start()].strip():
            gap = text[end : end + half.start()]
            pattern, end = f"{pattern.replace('%H', '%I')}{gap}%p", end + half.end()
        elif before and (half := clock_half(before[1])) and half.span() == (0, len(before[1])):
            gap = text[before.end(1) : start]
            pattern, start = f"%p{gap}{pattern.replace('%H', '%I')}", before.start(1)
        yield _with_zone(text, start, end, pattern)


def _with_zone(text: str, start: int, end: int, pattern: str) -> tuple[int, int, str, str]:
    found = ZONE.match(text, end)
    if found is None:
        return start, end, pattern, ""
    zone = found["off"] or found["word"] or found["name"]
    if bare(zone) in FILLERS and not known(zone):
        return start, end, pattern, ""
    gap = " " if text[end].isspace() else ""
    written = f"{found['open']}%Z{found['close']}" if found["name"] else "%Z"
    return start, found.end(), f"{pattern}{gap}{written}", zone


def _date(text: str) -> tuple[tuple[str, ...], str] | None:
    """Return the patterns of a date, one for each order of its numbers, and its month's name."""
    tokens = _TOKENS.findall(text)
    parts: list[str] = []
    fields: list[tuple[int, str, str]] = []  # place, kind and text
    for token in tokens:
        if token.isdigit():
            kind = {1: "N", 2: "N", 4: "Y"}.get(len(token), "8" if len(token) == 8 else "")
            fields.append((len(parts), kind, token))
        elif token[0] not in _BETWEEN:
            # No filler names a month, and to look one up takes the calendars of all languages.
            named = bare(token) not in FILLERS and is_month(token)
            if named and all(k != "B" for _, k, _ in fields) and not _before_month(parts):
                fields.append((len(parts), "B", token.rstrip(".॰׳")))
                parts.append("")
                if token.endswith("."):
                    parts.append(".")
                continue
            if bare(token) in ORDINALS and fields and len(parts) == fields[-1][0] + 1:
                token = "th"
            elif bare(token) not in FILLERS:
                if not is_weekday(token):
                    return None
                token = "%a" if len(bare(token)) <= 4 else "%A"
        parts.append(token)
    return _ordered(parts, fields, "\0" in text)


def _before_month(parts: list[str]) -> bool:
    return bool(parts) and bare(parts[-1]) in ("thg", "tháng")


def _ordered(
    parts: list[str], fields: list[tuple[int, str, str]], timed: bool
) -> tuple[tuple[str, ...], str] | None:
    if timed and [k for _, k, _ in fields] == ["8"]:
        place = fields[0][0]
        return ("".join([*parts[:place], "%Y%m%d", *parts[place + 1 :]]),), ""
    kinds = "".join(k for _, k, _ in fields)
    patterns = []
    for order in _ORDERS.get(kinds, ()):
        if _fits(order, parts, fields):
            written = list(parts)
            for (place, _, token), role in zip(fields, order, strict=True):
                wide = role == "b" and len(bare(token)) > 4
                written[place] = "%B" if wide else f"%{role}"
            patterns.append("".join(written))
    month = next((token for _, k, token in fields if k == "B"), "")
    return (tuple(patterns), month) if patterns else None


def _fits(order: str, parts: list[str], fields: list[tuple[int, str, str]]) -> bool:
    """Return whether numbers in these roles make a date, and one that somebody writes so."""
    most = {"d": 31, "m": 12}
    for (place, _, token), role in zip(fields, order, strict=True):
        if role == "b":
            continue
        if role == "y" and len(token) != 2:
            return False
        if role in "dm" and not 1 <= int(token) <= most[role]:
            return False
        after = next((p for p in parts[place + 1 :] if p.strip()), "")
        if role not in _UNITS.get(after, role):
            return False
        if role != "m" and _before_month([p for p in parts[:place] if p.strip()]):
            return False
    between = {parts[place + 1] for place, _, _ in fields[:2] if place + 1 < len(parts)}
    if "." in between and order.startswith("md"):  # nobody parts those by points
        return False
    bare_pair = order[-1] == "y" or order[0] == "y"
    padded = all(len(token) == 2 for _, k, token in fields if k == "N")
    return not (
        "b" not in order and bare_pair and between <= {".", "-"} and not padded and " " not in parts
    )
