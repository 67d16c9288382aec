"""What shares of values become that are not 100 together."""

from __future__ import annotations

import math

import streamlit as st

from app.components.texts import explained, joined, plain, share
from app.i18n import _
from rebal_core.samplers.generators.marginal import read_marginal
from rebal_core.wording import UserError


def shares_told(text: str) -> None:
    """Say in a caption what shares become that are neither 100 nor 1 together."""
    try:
        shares = read_marginal(text)
    except UserError:
        return  # what cannot be read is told elsewhere
    whole = 100.0 if shares is None else sum(shares.shares)
    if shares is None or any(math.isclose(whole, usual, rel_tol=1e-6) for usual in (1, 100)):
        return
    pairs = zip(shares.values, shares.shares, strict=True)
    parts = joined(explained(plain(str(value)), share(part / whole)) for value, part in pairs)
    words = _("The shares are {sum} together, not 100; they become {shares}.")
    st.caption(words.format(sum=plain(f"{whole:g}"), shares=parts))
