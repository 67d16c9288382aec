"""A file that has arrived is read by the engine: a draft, in no list until somebody accepts it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import drafts
from app.components.states import told
from app.components.task import follow_job, start_job
from app.components.texts import plain
from app.components.upload import Upload
from app.i18n import _


def take_upload(upload: Upload, view: str) -> None:
    """Start reading a file; the page then shows how far it is.

    Parameters
    ----------
    view : str
        Names the place in the session that the reading belongs to.
    """
    name = upload.name.removesuffix(".gz").rsplit(".", 1)[0]
    with told():
        draft, into = drafts.begin(str(upload.path), name)
    st.session_state[f"{view}_draft"] = {"id": draft, "name": name}
    params = {"source": str(upload.path), "into": into, "name": name}
    start_job(f"{view}_reading", "ingest", params, None)
    st.rerun()


def reading(view: str, then: Callable[[str], None]) -> bool:
    """Show a reading that goes on; call ``then`` with the id of the draft when it ends well."""
    draft = st.session_state.get(f"{view}_draft", {})
    words = _("Reading {name}").format(name=plain(draft.get("name", "")))
    shown = follow_job(f"{view}_reading", words, lambda answer: then(answer["dataset"]))
    if draft and f"{view}_reading" not in st.session_state:  # it came to nothing, and is not kept
        del st.session_state[f"{view}_draft"]
        if not drafts.is_ready(draft["id"]):
            drafts.discard(draft["id"])
    return shown
