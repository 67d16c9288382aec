"""What the strategies of one's own that a page names are made of, in muted words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from app.components.texts import plain
from app.components.words import recipes
from app.i18n import _
from rebal_core.arm import Arm

#: Letters of a name that a field shows whole.
FITS = 44


def recipes_told(arms: Iterable[Arm], classes: Sequence[str]) -> None:
    """Tell, in a line each, what the saved strategies among arms are made of."""
    words = _("“{name}” is what you saved: {strategy}.")
    for name, recipe in recipes(arms, classes).items():
        st.caption(words.format(name=plain(name), strategy=plain(recipe, 400)))


def whole_name(label: str) -> None:
    """Tell the whole name of what is chosen in a field that cuts it."""
    if len(label) > FITS:
        st.caption(plain(label, 400))
