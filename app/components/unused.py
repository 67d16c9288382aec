"""The columns that no model sees, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.components.texts import count, explained, plain
from app.i18n import _, sentence


def unused_columns(entries: Sequence[Mapping[str, str]]) -> None:
    """Draw a button that opens the list; nothing where every column is used."""
    if not entries:
        return
    words = _("Columns not used: {n}").format(n=count(len(entries)))
    with (
        st.popover(words, type="tertiary"),
        st.container(height=320 if len(entries) > 9 else "content"),
    ):
        for entry in entries:
            name, reason = plain(entry["column"]), plain(sentence(entry["reason"]), 300)
            st.markdown(explained(f"**{name}**", reason))
