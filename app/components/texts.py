"""Strangers' words in our sentences: escaped, so that a column name can never be markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd
import streamlit as st

from app.i18n import _, language, message
from rebal_core.data import formats
from rebal_core.data.defused import visible
from rebal_core.data.formats import (
    change,
    count,
    cutoff,
    give_or_take,
    interval,
    number,
    probability,
    ratio,
    share,
)
from rebal_core.data.samples import SAMPLES

__all__ = [
    "MOMENT",
    "bracketed",
    "capital",
    "change",
    "count",
    "counted",
    "cutoff",
    "give_or_take",
    "in_a_row",
    "interval",
    "joined",
    "minutes",
    "number",
    "plain",
    "probability",
    "ratio",
    "seconds",
    "share",
    "title",
    "when",
]

#: How moments are written in tables; the browser's own words would be English.
MOMENT = "YYYY-MM-DD HH:mm"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:])")
#: What Markdown makes an address clickable by, escaped or not; a sign without width breaks it.
_LINKED = re.compile(r"://|www(?=\.)|@", re.IGNORECASE)
_NO_LINK = "\N{WORD JOINER}"


def joined(parts: Iterable[str], *, strong: bool = False) -> str:
    """Return a list as the reader's language writes it; ``strong`` parts hold commas themselves."""
    pair = _("{a}; {b}") if strong else _("{a}, {b}")
    return pair.format(a="", b="").join(parts)


def bracketed(text: str, more: str) -> str:
    """Return a text with more in brackets, as the reader's language sets them."""
    return _("{a} ({b})").format(a=text, b=more)


def explained(name: str, words: str) -> str:
    """Return a name and what is said of it, as the reader's language parts them."""
    return _("{a}: {b}").format(a=name, b=words)


def in_a_row(parts: Iterable[str]) -> str:
    """Return sentences in a row, as the reader's language parts them; empty ones are none."""
    return _("{a} {b}").format(a="", b="").join(part for part in parts if part)


def capital(text: str) -> str:
    """Return the text with its first letter large; Chinese stays as it is."""
    return text[:1].upper() + text[1:]


def counted(one: str, many: str, n: int, **gaps: object) -> str:
    """Return the form for so many, translated and filled in: ``1 row``, ``2,000 rows``.

    Parameters
    ----------
    one, many : str
        English, ``many`` with a gap ``{n}``. Chinese has one form for both, and the catalogue
        holds ``many`` only.
    n : int
    gaps
        What goes into the other gaps.
    """
    form = one if n == 1 and language() == "en" else _(many)
    return form.format(n=count(n), **gaps)


_UNITS = (message("under"), message("h"), message("min"), message("s"))


def seconds(value: float | None) -> str:
    """Return a duration: ``under 0.1 s``, ``4 min 12 s``, ``2 h 05 min``, translated."""
    return _in_units(formats.seconds(value))


def short_seconds(value: float | None) -> str:
    """Return a duration for a narrow column: ``<0.1 s``, ``4.2 min``, translated."""
    return _in_units(formats.short_seconds(value))


def _in_units(text: str) -> str:
    for unit in _UNITS:
        text = re.sub(rf"\b{unit}\b", _(unit), text)
    return text


def minutes(value: float) -> str:
    """Return a duration that is foretold: ``0.1 s`` at least, ``4 min``, ``2 h 05 min``."""
    text = formats.seconds(max(0.1, value) if value < 60 else 60 * round(value / 60))
    return _in_units(text.removesuffix(" 00 s"))


def memory(size: int) -> str:
    """Return an amount of memory: ``12 MB``, ``1.4 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{max(1, round(size / 1e6))} MB"


def when(moment: float) -> pd.Timestamp:
    """Return seconds since 1970 as the reader's clock shows them."""
    return pd.Timestamp(moment, unit="s", tz="UTC").tz_convert(st.context.timezone or "UTC")


def title(name: str) -> str:
    """Return the name of a dataset; that of a sample in the reader's language."""
    return _(name) if any(name == sample.label for sample in SAMPLES) else name


def plain(text: object, most: int = 60) -> str:
    """Return a stranger's text for Markdown: no markup, no link, on one line."""
    line = visible(" ".join(str(text).split()))
    return _MARKUP.sub(r"\\\1", _LINKED.sub(f"\\g<0>{_NO_LINK}", formats.short(line, most)))
