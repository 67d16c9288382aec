"""Which mark, colour and dash stands for which arm: one line above the panels that share it."""

from __future__ import annotations

import html
from collections.abc import Mapping

import streamlit as st

from app.components.charts import is_dark
from rebal_core.figures.curves import looks
from rebal_core.figures.theme import family_style

#: CSS has fewer dashes than the charts.
_DASHES = {"solid": "solid", "dash": "dashed", "dot": "dotted"}
_OPEN = str.maketrans("■◆▲●▼✚⬢★⬟", "□◇△○▽✛⬡☆⬠")


def marked(family: str, name: str, *, first: bool = True) -> str:
    """Return a name behind the coloured mark of its family, as HTML; open for a later one."""
    style = family_style(family)
    mark = style.mark if first else style.mark.translate(_OPEN)
    sign = f'<span style="color:{style.color(is_dark())}">{mark}</span>'
    return f"{sign} {html.escape(name)}"


def legend(names: Mapping[str, str], families: Mapping[str, str]) -> None:
    """Draw one line with every arm."""
    parts = []
    for arm, look in looks(families, is_dark()).items():
        line = f"border-top:2px {_DASHES.get(look.dash, 'dashed')} {look.color}"
        stroke = f'<i style="display:inline-block;width:2rem;vertical-align:middle;{line}"></i>'
        name = marked(families[arm], names[arm], first=not look.symbol.endswith("-open"))
        parts.append(f'<span style="margin-right:1.6rem">{stroke} {name}</span>')
    st.html(f'<div style="font-size:.88rem">{"".join(parts)}</div>')


def heading(family: str, name: str) -> None:
    """Head a panel with the coloured mark and the name of its arm."""
    st.html(f'<div style="font-weight:600;font-size:1.1rem">{marked(family, name)}</div>')
