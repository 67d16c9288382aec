"""Which mark, colour and dash stands for which arm: one line above the panels that share it."""

from __future__ import annotations

import html
from collections.abc import Mapping

import streamlit as st

from rebal_core.figures.looks import Look

#: CSS has fewer dashes than the charts.
_DASHES = {"solid": "solid", "dash": "dashed", "dot": "dotted"}


def marked(look: Look, name: str) -> str:
    """Return a name behind the coloured mark of its arm, as HTML."""
    return f'<span style="color:{look.color}">{look.mark}</span> {html.escape(name)}'


def legend(names: Mapping[str, str], styles: Mapping[str, Look]) -> None:
    """Draw one line with every arm."""
    parts = []
    for arm, look in styles.items():
        line = f"border-top:2px {_DASHES.get(look.dash, 'dashed')} {look.color}"
        stroke = f'<i style="display:inline-block;width:2rem;vertical-align:middle;{line}"></i>'
        name = marked(look, names[arm])
        parts.append(f'<span style="margin-right:1.6rem">{stroke} {name}</span>')
    st.html(f'<div style="font-size:.88rem">{"".join(parts)}</div>')


def heading(look: Look, name: str) -> None:
    """Head a panel with the coloured mark and the name of its arm."""
    st.html(f'<div style="font-weight:600;font-size:1.1rem">{marked(look, name)}</div>')
