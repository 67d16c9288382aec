"""Two languages: the English sentence is the message id, the catalogue holds the Chinese."""

from __future__ import annotations

import gettext
import io
from functools import lru_cache
from importlib.resources import files

import streamlit as st
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "EN", "zh": "中文"}
CATALOGUES = {"zh": "zh_CN"}


@lru_cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; English is its own."""
    folder = CATALOGUES.get(language)
    if folder is None:
        return gettext.NullTranslations()
    source = files("app") / "locales" / folder / "LC_MESSAGES" / "rebal.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes()), locale=folder))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


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
    return translations(language()).gettext(message) if message else ""


def known(message: str, tongue: str) -> bool:
    """Tell whether the catalogue holds this message."""
    return tongue == "en" or translations(tongue).gettext(message) != message
