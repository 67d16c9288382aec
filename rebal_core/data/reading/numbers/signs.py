"""The signs with which people write numbers: digits, points, minus, currencies, magnitudes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rebal_core.data.duck import literal

#: The nought of each script that numbers are read in; its other nine digits follow it.
ZEROS = "0０٠۰०০๐"
_SPACES = " \u00a0\u202f\u2009\u2007\u2008\u2005\u3000"
_APOSTROPHES = "'’＇"
_MINUS = "-−－﹣‐‑‒–"
_PERCENT = "%％٪﹪"
#: Marks of the direction of writing, which stand for nothing.
_BIDI = "\u200e\u200f\u061c\u2066\u2067\u2068\u2069"
_ALIKE = {
    **{chr(ord(zero) + d): str(d) for zero in ZEROS[1:] for d in range(10)},
    **dict.fromkeys(_SPACES[1:], " "),
    **dict.fromkeys(_APOSTROPHES[1:], "'"),
    **dict.fromkeys(_MINUS[1:], "-"),
    **dict.fromkeys(_PERCENT[1:], "%"),
    **dict(zip("＋．，（）￥＄￡￦", "+.,()¥$£₩", strict=True)),
}
_USUAL = str.maketrans(_ALIKE) | dict.fromkeys(map(ord, _BIDI))
_EXPONENTS = ("×10^", "أس")
_CURRENCIES = (
    *"$¢£¥֏৳฿₡₦₩₪₫€₭₮₱₲₴₵₸₹₺₼₽₾₿",
    *("R$", "US$", "A$", "AU$", "C$", "CA$", "HK$", "NT$", "S$", "NZ$", "MX$", "CN¥", "JP¥"),
    *("S/", "kr", "kr.", "Kr", "Kr.", "zł", "Kč", "Ft", "lei", "лв.", "лв", "руб.", "руб"),
    *("грн", "грн.", "TL", "RM", "Rp", "Rs", "Rs.", "Fr.", "SFr."),
    *("元", "圆", "円", "원", "ج.م.", "ر.س.", "د.إ.", "ریال", "تومان"),
    *("AED", "ARS", "AUD", "BDT", "BGN", "BHD", "BRL", "CAD", "CHF", "CLP", "CNH"),
    *("CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "GEL", "HKD", "HUF", "IDR"),
    *("ILS", "INR", "IRR", "ISK", "JOD", "JPY", "KES", "KRW", "KWD", "KZT", "LKR"),
    *("MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "OMR", "PEN", "PHP", "PKR", "PLN"),
    *("QAR", "RMB", "RON", "RSD", "RUB", "SAR", "SEK", "SGD", "THB", "TND", "TRY"),
    *("TWD", "UAH", "USD", "UYU", "VND", "ZAR"),
)
#: Signs of a share: all values of a column have it or none.
SHARES = ("%", "‰")
#: The power of ten that a word or letter after a number stands for; none that is a measure too.
MAGNITUDES = {
    **dict.fromkeys(("K", "k", "千", "천", "Tsd.", "тыс."), 3),
    **dict.fromkeys(("M", "Mio.", "Mio", "Mn", "mn", "mln", "mln.", "Mln", "млн", "مليون"), 6),
    **dict.fromkeys(("B", "bn", "Bn", "Mrd.", "Mrd", "mld", "Mld", "млрд", "مليار"), 9),
    **dict.fromkeys(("万", "萬", "만"), 4),
    **dict.fromkeys(("亿", "億", "억"), 8),
    **{"लाख": 5, "Cr": 7, "میلیون": 6, "میلیارد": 9},
}


def _one_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))


_UNIT, _TIMES = _one_of((*_CURRENCIES, *SHARES)), _one_of(MAGNITUDES)
_MANTISSA = r"(?:[0-9](?:[0-9.,٫٬' ]*[0-9])?[.,٫]?|[.,٫][0-9]+)"
_NUMBER = rf"{_MANTISSA}(?:[eE][+-]?[0-9]+)?|\[{_MANTISSA}[eE][+-]?[0-9]+\]"
#: A number with or without its marks, in usual signs; the whole value must match.
WRITTEN = (
    rf"(?:(?P<outer>{_UNIT}) ?)?(?P<open>\(?)(?P<first>[+-]?) ?"
    rf"(?P<before>{_UNIT})?(?P<gap> ?)(?P<second>[+-]?)"
    rf"(?P<number>{_NUMBER}) ?(?P<times>{_TIMES})?(?P<space> ?)(?P<after>{_UNIT})?"
    rf"(?P<last>-?)(?P<close>\)?)(?: ?(?P<behind>{_UNIT}))?"
)
#: Stands for a nought that begins a number, in its shape: no text has this sign.
NOUGHT = "\ue000"
_WRITTEN, _SHAPE = (
    re.compile(WRITTEN),
    re.compile(WRITTEN.replace("(?:[0-9](", f"(?:[0-9{NOUGHT}](")),
)


@dataclass(frozen=True)
class Parts:
    """What one written number consists of.

    Parameters
    ----------
    number : str
        Digits, what parts them, and an exponent.
    unit : str
        Of a currency or share.
    before : bool
        Whether it stands before the number.
    times : str
        A word of :data:`MAGNITUDES`.
    minus : str
        ``-``, ``()`` around, ``5-`` behind, or nothing.
    spaced : bool
        Whether a space stands between number and unit.
    """

    number: str
    unit: str
    before: bool
    times: str
    minus: str
    spaced: bool


def usual(text: str) -> str:
    r"""Return a text with the digits and signs of all scripts as the usual ones.

    Examples
    --------
    >>> usual("\u2212\uff11\uff12\u00a0\uff05"), usual("\u06f1\u06f2")
    ('-12 %', '12')
    """
    text = text.translate(_USUAL)
    for exponent in _EXPONENTS:
        text = text.replace(exponent, "E")
    return text


def usual_sql(text: str) -> str:
    """Return the SQL of :func:`usual`."""
    alike = f"{literal(''.join(_ALIKE) + _BIDI)}, {literal(''.join(_ALIKE.values()))}"
    text = f"translate({text}, {alike})"
    for exponent in _EXPONENTS:
        text = f"replace({text}, {literal(exponent)}, 'E')"
    return text


def shape_sql(text: str) -> str:
    """Return the SQL of the shape of a number: each digit a 9, a nought that begins it a NOUGHT."""
    nines = f"translate({usual_sql(text)}, '12345678', '99999999')"
    return rf"translate(regexp_replace({nines}, '^([^09]*)0', '\1{NOUGHT}'), '0', '9')"


def parts(text: str, *, shape: bool = False) -> Parts | None:
    """Take a written number apart, or its shape, in usual signs; None where it is none."""
    found = (_SHAPE if shape else _WRITTEN).fullmatch(text)
    if found is None:
        return None
    part = found.groupdict(default="")
    signs = part["first"] + part["second"] + part["last"]
    enclosed = bool(part["open"])
    units = [part[name] for name in ("outer", "before", "after", "behind") if part[name]]
    twice = len(signs) + enclosed > 1 or len(units) > 1
    powers = part["times"] and re.search("[eE]", part["number"])
    if twice or powers or enclosed != bool(part["close"]):
        return None
    minus = "()" if enclosed else "5-" if part["last"] else "-" if "-" in signs else ""
    before = bool(part["outer"] or part["before"])
    spaced = part["gap"] if before else part["space"]
    unit = units[0] if units else ""
    return Parts(part["number"], unit, before, part["times"], minus, bool(spaced))


def is_written(text: str) -> bool:
    """Return whether a text is one number, with or without marks, and nothing else."""
    return parts(usual(text.strip())) is not None


def units_of(texts: Iterable[object]) -> set[str]:
    """Return the currency and percent signs of the written numbers among these values."""
    found = (parts(usual(text.strip())) for text in texts if isinstance(text, str))
    return {part.unit for part in found if part and part.unit}
