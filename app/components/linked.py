"""Controls whose choice stands in the address: a copied link shows the same screen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from app.components.texts import plain
from app.i18n import _
from app.state import read_view, write_view


def asked(name: str, known: Collection[str]) -> list[str]:
    """Return what the address asks for and the run has; of the rest the reader is told."""
    wanted = read_view(name)
    for value in wanted:
        if value not in known:
            refuse(value)
    return [value for value in wanted if value in known]


def refuse(value: str) -> None:
    """Say that the address asks for what is not there."""
    words = _("The address asks for “{value}”, which this run does not have.")
    st.toast(words.format(value=plain(value, 60)), icon=":material/link_off:")


def begin(key: str, value: Any) -> None:
    """Let a control begin with a value; once it is drawn, the reader's choice stands."""
    if key not in st.session_state:
        st.session_state[key] = value


def choose(name: str, label: str, options: Mapping[str, str], default: str, key: str) -> str:
    """Draw a segmented control; its choice stands in the address where it is not the default.

    Parameters
    ----------
    name : str
        In the address.
    label : str
        Said to readers who cannot see the page.
    options : mapping of str to str
        What can be chosen, and how it reads.
    default : str
        Of the options.
    key : str
        Of the widget.
    """
    if key not in st.session_state:
        begin(key, next(iter(asked(name, options)), default))
    chosen = st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        key=key,
        label_visibility="collapsed",
    )
    chosen = chosen or default
    write_view(name, [] if chosen == default else [chosen])
    return chosen
