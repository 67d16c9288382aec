"""The words of dates: months and weekdays in many languages, halves of the day, fillers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from babel import Locale

#: Whose months are known, the most used first: of two that agree the first one names the form.
LANGUAGES = (
    *("en", "zh", "es", "fr", "de", "pt", "ru", "ja", "ko", "it", "tr", "pl", "nl", "ar", "hi"),
    *("vi", "id", "th", "uk", "fa", "sv", "da", "nb", "fi", "cs", "sk", "hu", "el", "he", "ro"),
    *("bg", "hr", "ca", "ms", "lt", "lv", "et", "sl", "sr", "bn", "ta"),
)
_ALSO = {"en": ("en_GB",), "de": ("de_AT",), "pt": ("pt_PT",), "sr": ("sr_Latn",)}
_SHORTEST = 3
#: Before and after noon, as regular expressions that ignore case.
AM = r"a\.?[ \x{a0}]?m\.?|上午|午前|오전|π\.?μ\.?|ص|öö"
PM = r"p\.?[ \x{a0}]?m\.?|下午|午後|오후|μ\.?μ\.?|م|ös"
#: Words that stand in a date and say nothing.
FILLERS = frozenset(
    (
        *("t", "at", "the", "of", "on", "o", "clock", "de", "del", "el", "a", "as", "las", "à"),
        *("den", "der", "le", "um", "uhr", "kl", "klo", "feira", "в", "г", "год", "года", "р"),
        *("ч", "roku", "god", "ngày", "tháng", "thg", "lúc", "คศ", "ที่", "ساعت", "في"),
    )
)
ORDINALS = ("st", "nd", "rd", "th")
_DOTS = str.maketrans("", "", ".׳॰’'\u200f\u200e")


def bare(word: str) -> str:
    """Return a word as it is looked up: small letters, no dots of an abbreviation."""
    return word.lower().translate(_DOTS)


@cache
def month_names(language: str) -> Mapping[str, int]:
    """Return the numbers of the months by their names and by what is short for one alone."""
    found: dict[str, set[int]] = {}
    for word, number in _written(language):
        for length in (len(word), *range(_SHORTEST, len(word))):
            found.setdefault(word[:length], set()).add(number)
    return {word: min(numbers) for word, numbers in found.items() if len(numbers) == 1}


@cache
def _written(language: str) -> frozenset[tuple[str, int]]:
    """Return the names and abbreviations that the language itself writes, with their months."""
    found = set()
    for name in (language, *_ALSO.get(language, ())):
        months = Locale.parse(name).months
        for context in ("format", "stand-alone"):
            for width in ("abbreviated", "wide"):
                for number, written in months[context][width].items():
                    word = bare(written.split()[-1])
                    if word and not any(c.isdigit() for c in word):
                        found.add((word, number))
    return frozenset(found)


@cache
def _weekdays() -> frozenset[str]:
    days = set()
    for language in LANGUAGES:
        known = Locale.parse(language).days
        for context in ("format", "stand-alone"):
            for width in ("abbreviated", "wide"):
                for day in known[context][width].values():
                    days |= {bare(part) for part in (day, *re.split("[ -]", day))}
    return frozenset(days)


def is_weekday(word: str) -> bool:
    """Return whether a word names a day of the week in some language."""
    return bare(word) in _weekdays()


def is_month(word: str) -> bool:
    """Return whether a word names a month in some language."""
    word = bare(word)
    return any(word in month_names(language) for language in LANGUAGES)


def language_of(words: Iterable[str]) -> str | None:
    """Return the language whose months these words name.

    What languages write themselves goes before what is merely short for a word of theirs: “Mar” is
    March, although Finnish has a “marraskuu”, November.

    Returns
    -------
    str or None
        None where no language knows all of them, or two understand different months.
    """
    asked = sorted({bare(word) for word in words})
    fits = [
        language for language in LANGUAGES if all(word in month_names(language) for word in asked)
    ]
    written = {language: {word for word, _ in _written(language)} for language in fits}
    fits = [language for language in fits if written[language].issuperset(asked)] or fits
    meant = {tuple(month_names(language)[word] for word in asked) for language in fits}
    return fits[0] if len(meant) == 1 else None


@cache
def month_word(language: str, number: int, wide: bool) -> str:
    """Return how a language writes a month in a date."""
    months = Locale.parse(language).months["format"]["wide" if wide else "abbreviated"]
    return str(months[number]).rstrip(".")


@cache
def day_word(language: str, day: int, wide: bool) -> str:
    """Return how a language writes a day of the week, Monday being 0."""
    days = Locale.parse(language).days["format"]["wide" if wide else "abbreviated"]
    return str(days[day]).rstrip(".")


def clock_half(text: str) -> re.Match[str] | None:
    """Find a word for before or after noon; group 1 is before, group 2 after."""
    return _HALF.search(text)


_HALF = re.compile(
    rf"(?<![^\W\d_])(?:({AM})|({PM}))(?![^\W\d_])".replace(r"\x{a0}", "\xa0\u202f"), re.IGNORECASE
)
