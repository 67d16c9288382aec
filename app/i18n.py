"""Two languages: the English sentence is the message id, the catalogue holds the Chinese."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from importlib.resources import files

import streamlit as st
from babel.messages.pofile import read_po

LANGUAGES = {"en": "EN", "zh": "中文"}
CATALOGUES = {"zh": "zh_CN"}


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """Return the translations of a language by their English sentence; English has none."""
    folder = CATALOGUES.get(language)
    if folder is None:
        return {}
    source = files("app") / "locales" / folder / "LC_MESSAGES" / "rebal.po"
    entries = read_po(io.BytesIO(source.read_bytes()), locale=folder)
    return {str(m.id): str(m.string) for m in entries if m.id and m.string}


def choose_language() -> str:
    """Settle the language of this session: the address, the choice before, the browser, English."""
    asked = st.query_params.get("lang")
    if asked in LANGUAGES:
        st.session_state["language"] = asked
    if "language" not in st.session_state:
        browser = (st.context.locale or "en").casefold()
        st.session_state["language"] = "zh" if browser.startswith("zh") else "en"
    return str(st.session_state["language"])


def language() -> str:
    """Return the language of this session."""
    return str(st.session_state.get("language", "en"))


def _(message: str) -> str:
    """Translate; resolve at call time, never at import, for two users may read two languages."""
    return catalogue(language()).get(message, message)


def message(text: str) -> str:
    """Mark a text that :func:`_` translates where it is shown, for the catalogue to hold it."""
    return text


def sentence(text: str) -> str:
    """Translate a sentence that the core has filled in already, by the pattern it was made of.

    The catalogue holds it with numbered gaps: ``“{0}” has no column “{1}”; check the spelling.``
    Several sentences in a row are translated one by one; what matches nothing stays English.
    """
    if not text or language() == "en":
        return text
    translated = _pattern_match(text, language())
    if translated is not None:
        return translated
    head, stop, tail = text.partition(". ")
    if stop and (first := _pattern_match(f"{head}.", language())) is not None:
        return f"{first}{sentence(tail)}"
    return text


def _pattern_match(text: str, tongue: str) -> str | None:
    if text in catalogue(tongue):
        return catalogue(tongue)[text]
    for pattern, order, template in _patterns(tongue):
        found = pattern.fullmatch(text)
        if found:
            return template.format(*(found[order.index(n) + 1] for n in range(len(order))))
    return None


@lru_cache
def _patterns(tongue: str) -> list[tuple[re.Pattern[str], list[int], str]]:
    """Return the sentences with numbered gaps; the most wordy first, for they are surest."""
    made = []
    for template, translated in catalogue(tongue).items():
        order = [int(gap) for gap in re.findall(r"\{(\d)\}", template)]
        if order:
            pieces = (re.escape(piece) for piece in re.split(r"\{\d\}", template))
            made.append((re.compile("(.*?)".join(pieces), re.DOTALL), order, translated))
    return sorted(made, key=lambda one: -len(one[0].pattern))
