"""A ranking, made by the engine when somebody asks, and found again by what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import run_cache
from app.components.lists_training import live_training
from app.components.states import told
from app.components.task import follow_job, start_job
from app.components.texts import plain
from app.i18n import _
from app.i18n import sentence as translated
from app.state import store
from rebal_core.experiment.ranked import Ranked


def require_lists(identifier: str, asked: Mapping[str, Any] | None) -> Ranked | None:
    """Return what was found for these wishes; until then show the button, or how far it is."""
    if asked is None:
        return None
    with told():
        key = f"lists_{run_cache.ranking_key(asked)}"
        found: Ranked | None = run_cache.ranked(asked)
    if found is not None:
        return found
    live = next((r for r in store().runs("rank") if r.live and dict(r.plan) == dict(asked)), None)
    if live is not None:  # started before this page was opened anew
        st.session_state[key] = live.run
    if follow_job(key, _("Ranking the items for each user"), more=live_training):
        return None
    found = run_cache.ranked(asked)
    if found is None and st.button(
        _("Rank the items for each user"), type="primary", key="lists_start"
    ):
        start_job(key, "rank", asked, identifier)
        st.rerun()
    return found


def log_told(ranked: Ranked) -> None:
    """Tell how the table was read."""
    for note in ranked.notes:
        st.caption(plain(translated(note), 400))
