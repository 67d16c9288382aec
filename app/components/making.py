"""Something that a page needs and that the engine makes once: it starts by itself, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.components.job import follow_job, start_job
from app.i18n import _


def require_made(
    key: str,
    words: str,
    kind: str,
    params: Mapping[str, Any],
    *,
    dataset: str | None,
    there: Callable[[], bool],
) -> bool:
    """Make what is not there yet, as a job that is shown in place.

    Parameters
    ----------
    key : str
        Names the thing made in the session.
    words : str
        What is being done, translated.
    kind, params, dataset
        As :func:`rebal_core.experiment.client.submit_task` takes them.
    there : callable
        Tells whether the thing is there.

    Returns
    -------
    bool
        True when it is there. After a failure, whose reason is shown, nothing starts by itself
        again: there is a button.
    """
    tried = f"{key}_tried"
    if there():
        for name in (key, tried):
            st.session_state.pop(name, None)
        return True
    if key not in st.session_state and tried not in st.session_state:
        start_job(key, kind, params, dataset)
        st.session_state[tried] = True
    if follow_job(key, words, lambda answer: None):
        return False
    if there():
        return True
    if st.button(_("Try again"), type="primary", key=f"{key}_again"):
        st.session_state.pop(tried, None)
        st.rerun()
    return False
