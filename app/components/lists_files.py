"""The lists and the model of an arm as files, written once and handed out by signed addresses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app import run_cache
from app.components.export_files import download_button
from app.components.lists_words import arm_names
from app.components.task import follow_job, start_job
from app.i18n import _
from rebal_core.experiment.ranked import Ranked


def files(identifier: str, asked: Mapping[str, Any], ranked: Ranked) -> None:
    """Let the reader take the lists of an arm away."""
    if not ranked.arms:
        return
    st.subheader(
        _("Take the lists with you"),
        anchor=False,
        help=_(
            "The arm is fitted on all events, the last of each user too, and orders the catalogue "
            "for every user, one line a place. In CSV a label that begins with `=`, `+`, `-` or "
            "`@` gets `'` before it, so that no spreadsheet runs it; Parquet holds it as it is. "
            "The model does so for other users as well: `rebal lists`."
        ),
    )
    names = arm_names(ranked)
    best = f"none/{(ranked.report['models'] or {}).get('best')}"
    if st.session_state.get("lists_arm") not in ranked.arms:
        st.session_state["lists_arm"] = best if best in ranked.arms else ranked.arms[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        arm = str(
            st.selectbox(
                _("Arm"), ranked.arms, format_func=names.__getitem__, key="lists_arm", width=330
            )
        )
        _offer(identifier, {**asked, "arm": arm})


def _offer(identifier: str, wanted: Mapping[str, Any]) -> None:
    key = f"lists_files_{wanted['arm']}"
    made = run_cache.lists_files(wanted)
    if made is None and follow_job(key, _("Writing the lists")):
        return
    made = made or run_cache.lists_files(wanted)
    for file in map(Path, made or ()):
        if file.suffix == ".rebal":
            words = _("Download the model")
        else:
            kind = "CSV" if file.suffix == ".csv" else "Parquet"
            words = _("Download {kind}").format(kind=kind)
        download_button(words, file, key=f"lists_download_{file.suffix}")
    if made is None and st.button(_("Write the files"), key="lists_write"):
        start_job(key, "lists", wanted, identifier)
        st.rerun()
