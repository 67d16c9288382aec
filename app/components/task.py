"""A single task of the engine, shown where it was asked for: progress, cancel, outcome.

What a page needs and the engine makes once starts by itself, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.components.states import show_problem
from app.components.texts import plain
from app.i18n import _
from app.state import store
from rebal_core.experiment.client import cancel, ensure_engine, result, submit_task
from rebal_core.store.rows import RunRow
from rebal_core.wording import UserError


def start_job(key: str, kind: str, params: Mapping[str, Any], dataset: str | None = None) -> None:
    """Hand a task to the engine and remember it under this key in the session."""
    st.session_state[key] = submit_task(store(), kind, params, dataset)


def follow_job(
    key: str,
    words: str,
    then: Callable[[Any], None] | None = None,
    more: Callable[[RunRow], None] | None = None,
) -> bool:
    """Show a task that was started under this key; call ``then`` with its answer when it is done.

    Parameters
    ----------
    key : str
        As given to :func:`start_job`.
    words : str
        What is being done, translated.
    then : callable, optional
        Gets what the task answered; called once, in a full rerun.
    more : callable, optional
        Draws what else is known of the run while it goes on.

    Returns
    -------
    bool
        True while something is shown, so that the page need not offer the same again.
    """
    number = st.session_state.get(key)
    if number is None:
        return False
    try:
        run = store().run(number)
    except UserError:
        st.session_state.pop(key)
        return False
    if run.live:
        st.fragment(_progress, run_every=1)(key, words, more)
        return True
    st.session_state.pop(key)
    if run.state == "done":
        if then is not None:
            then(result(store(), number))
        return False
    show_problem(run.error or _("Stopped. Nothing was kept."))
    return False


def require_made(
    key: str,
    words: str,
    kind: str,
    params: Mapping[str, Any],
    *,
    dataset: str | None,
    there: Callable[[], bool],
    again: str = "",
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
    again : str
        On the button after a failure, where there may be several, translated.

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
    if follow_job(key, words):
        return False
    if there():
        return True
    if st.button(again or _("Try again"), type="primary", key=f"{key}_again"):
        st.session_state.pop(tried, None)
        st.rerun()
    return False


def _progress(key: str, words: str, more: Callable[[RunRow], None] | None) -> None:
    number = st.session_state.get(key)
    if number is None:
        return
    run = store().run(number)
    if not run.live:
        st.rerun(scope="app")
    ensure_engine(store())
    told = _("waiting") if run.state == "queued" else f"{100 * run.fraction:.0f}%"
    st.progress(min(1.0, run.fraction), text=f"{words} · {told}")
    if run.detail:
        st.caption(plain(run.detail, 300))
    if st.button(_("Stop"), key=f"{key}_stop"):
        cancel(store(), number)
        st.rerun(scope="app")
    if more is not None:
        more(run)
