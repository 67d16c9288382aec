"""Numbers as people read them; one place, so that a screen, a sentence and a chart agree.

Undefined numbers (None, NaN) are an en dash, never 0. The minus is U+2212.
"""

from __future__ import annotations

import math
import re
from unicodedata import east_asian_width

UNDEFINED = "–"
#: The name of a strategy, and what is set of it in brackets.
_SETTINGS = re.compile(r"(.*?)( ?[(（].*[)）])?", re.DOTALL)


def _signed(text: str) -> str:
    return text.replace("-", "−")


def _defined(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with fixed decimals: ``0.244``, ``−0.003``."""
    if value is None or not _defined(value):
        return UNDEFINED
    text = f"{value:,.{digits}f}"
    return _signed(text.lstrip("-") if float(text.replace(",", "")) == 0 else text)


def change(value: float | None, digits: int = 3) -> str:
    """Return a difference with its sign: ``+0.003``, ``−0.010``, ``0.000``."""
    text = number(value, digits)
    return f"+{text}" if value is not None and text.strip("0.,−") and value > 0 else text


def give_or_take(value: float | None, digits: int = 3) -> str:
    """Return a difference of either sign: ``± 0.250``; a line never breaks inside it."""
    text = number(value, digits)
    return text if text == UNDEFINED else f"±\N{NO-BREAK SPACE}{text}"


def interval(low: float | None, high: float | None, digits: int = 3, to: str = "to") -> str:
    """Return an interval of differences: ``−0.005 to +0.010``; ``to`` is the word between."""
    return f"{change(low, digits)} {to} {change(high, digits)}"


#: Percent that only arithmetic loses.
_LOST = 1e-9


def significant(value: float) -> int:
    """Return the decimals at which a number above 0 shows two significant digits."""
    return 1 - math.floor(math.log10(value))


def share(value: float | None) -> str:
    """Return a share: ``38.4%``; near 0 and 1 to two significant digits: ``0.012%``, ``99.99%``."""
    if value is None or not _defined(value):
        return UNDEFINED
    percent = 100 * value
    to_all = 100 - abs(percent)
    if _LOST < to_all < 0.05:  # all but a few is not all
        return _signed(f"{percent:.{significant(to_all)}f}".rstrip("0") + "%")
    if percent == 0 or abs(percent) >= 0.995:
        return _signed(f"{percent:.1f}%")
    decimals = significant(abs(percent))
    return _signed(f"{percent:.{decimals}f}".rstrip("0").rstrip(".") + "%")


def probability(value: float) -> str:
    """Return what a model says of a row, without digits that mean nothing: ``>99.9%``, ``38.4%``.

    A sum of steps that ends there may miss 0 or 1 by what arithmetic loses, and reads the same.
    """
    if 0.9995 <= value <= 1 + 1e-6:
        return ">99.9%"
    return "<0.01%" if -1e-6 <= value < 0.0001 else share(value)


def count(value: float | None) -> str:
    """Return a count: ``60,000``."""
    return _signed(f"{round(value):,}") if value is not None and _defined(value) else UNDEFINED


def short_count(value: float) -> str:
    """Return a count for an axis: ``60k``, ``1.5M``."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return _signed(f"{value / size:.3g}{unit}")
    return _signed(f"{value:.3g}")


def ratio(value: float | None) -> str:
    """Return an imbalance ratio: ``46.6 : 1``, from 100 on ``1,740 : 1``."""
    if value is None or not _defined(value):
        return UNDEFINED
    return f"{value:,.1f} : 1" if round(value, 1) < 100 else f"{value:,.0f} : 1"


def seconds(value: float | None) -> str:
    """Return a duration: ``under 0.1 s``, ``0.4 s``, ``31 s``, ``4 min 12 s``, ``2 h 05 min``."""
    if value is None or not _defined(value):
        return UNDEFINED
    if value < 0.05:
        return "under 0.1 s"
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(value / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def short_seconds(value: float | None) -> str:
    """Return a duration for a narrow column: ``<0.1 s``, ``31 s``, ``4.2 min``, ``2.1 h``."""
    if value is None or not _defined(value):
        return UNDEFINED
    if value < 0.05:
        return "<0.1 s"
    if value < 59.5:
        return seconds(value)
    number, unit = (value / 60, "min") if value < 3_570 else (value / 3_600, "h")
    return f"{number:.{1 if number < 9.95 else 0}f} {unit}"


def cutoff(value: float | None) -> str:
    """Return a threshold: two decimals, three below 0.1."""
    return number(value, 3 if value is not None and abs(value) < 0.1 else 2)


def p_value(value: float | None) -> str:
    """Return ``p = 0.04``, below a thousandth ``p < 0.001``."""
    if value is None or not _defined(value):
        return f"p = {UNDEFINED}"
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.2f}" if value >= 0.01 else f"p = {value:.3f}"


def fitted(text: str, most: int = 24) -> str:
    """Return a name cut to so many Latin letters' room; a Chinese letter takes that of two."""
    room = _room(text)
    return text if room <= most else short(text, max(3, most * len(text) // room))


def fitted_label(label: str, most: int) -> str:
    """Return an arm's label cut to so many letters: its strategy's name before what is set of it.

    The model at its end stays whole.
    """
    strategy, dot, model = label.rpartition(" · ")
    if not dot or _room(label) <= most:
        return fitted(label, most)
    most = max(8, most - _room(dot + model))
    name, settings = _SETTINGS.fullmatch(strategy).groups("")  # type: ignore[union-attr]
    settings = _fitted_settings(settings, max(9, most - 8))
    return fitted(name, max(4, most - _room(settings))) + settings + dot + model


def _fitted_settings(settings: str, most: int) -> str:
    """Return what is set of a strategy, cut; of one parameter the name, so that its value stays."""
    name, gap, value = settings.rpartition(" ")
    left = most - _room(gap + value)
    several = re.search("[,，、;；]", settings)
    if _room(settings) <= most or several or not name.strip() or left < 4:
        return fitted(settings, most)
    while _room(name) > left - 1:
        name = name[:-1]
    return f"{name}…{gap}{value}"


def _room(text: str) -> int:
    return sum(1 + (east_asian_width(sign) in "WF") for sign in text)


def short(text: str, most: int = 24) -> str:
    """Return a name cut to what a place can carry; names that begin alike often end otherwise."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"
