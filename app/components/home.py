"""The parts of the first screen: samples, reading an upload, your datasets."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import cache
from app.components.job import follow_job, start_job
from app.components.states import told
from app.components.texts import MOMENT, count, plain, share, title, when
from app.components.upload import Upload
from app.i18n import _
from app.routes import discard
from app.state import current_dataset, look_at, store
from rebal_core.data.samples import SAMPLES, Sample, open_sample
from rebal_core.experiment.client import delete_dataset

READING = "data_reading"


def sample_cards() -> None:
    """Draw one card a sample, three in a row; Open is one click from a filled Skew page."""
    cards = st.grid(3, min_column_width=190, gap="small")
    for sample in SAMPLES:
        with cards.cell(), st.container(border=True, height="stretch"):
            _card(sample)


def _card(sample: Sample) -> None:
    st.markdown(f"**{_(sample.label)}**  \n:small[:gray[{_(sample.question)}]]")
    st.space("stretch")
    width = max(1.5, 100 * sample.rare_share)
    st.html(f'<div class="bar"><i style="width:{width:.1f}%"></i></div>')
    st.caption(_(sample.facts))
    if st.button(_("Open"), key=f"data_open_{sample.name}", width="stretch"):
        st.toast(_("Opening {name}").format(name=_(sample.label)), icon=":material/hourglass_top:")
        with told():
            look_at(dataset=open_sample_once(sample))
        st.switch_page("views/skew.py")


def open_sample_once(sample: Sample) -> str:
    """Return the id of the sample's dataset, read now unless it was opened before."""
    for row in store().datasets():
        if store().dataset(row.id).source.get("file") == sample.file and row.name == sample.label:
            return row.id
    identifier, folder = store().new_dataset_folder()
    store().add_dataset(open_sample(sample.name, folder))
    return identifier


def take_upload(upload: Upload) -> None:
    """Start reading a file that has arrived; the page then shows how far it is."""
    _identifier, folder = store().new_dataset_folder()
    name = upload.name.removesuffix(".gz").rsplit(".", 1)[0]
    discard(st.session_state.get("data_draft", {}).get("upload"))
    st.session_state["data_draft"] = {"upload": str(upload.path), "name": name}
    params = {
        "source": str(upload.path),
        "into": str(folder.relative_to(store().home.path)),
        "name": name,
    }
    start_job(READING, "ingest", params, None)
    st.rerun()


def reading() -> bool:
    """Show a reading that goes on; when it ends well, go on to confirm what was read."""

    def confirm(answer: Any) -> None:
        st.session_state["data_draft"]["dataset"] = answer["dataset"]
        st.query_params["check"] = answer["dataset"]
        st.rerun()

    name = st.session_state.get("data_draft", {}).get("name", "")
    return follow_job(READING, _("Reading {name}").format(name=plain(name)), confirm)


def dataset_table() -> None:
    """List the datasets; a click on a row leads to its skew or to what can be done with it."""
    rows = store().datasets()
    if not rows:
        return
    st.subheader(_("Your datasets"), anchor=False)
    verdicts = {r.dataset: r for r in reversed(store().runs()) if r.state == "done"}
    lines = []
    for row in rows:
        facts = cache.profile(row.id)
        rarest = facts["classes"][-1] if facts["classes"] else None
        lines.append(
            {
                _("Name"): title(row.name),
                _("Rows"): row.rows,
                _("Classes"): len(facts["classes"]) or None,
                _("Rarest class"): share(rarest["share"]) if rarest else _("no target yet"),
                _("Latest verdict"): cache.verdict_words(verdicts.get(row.id)),
                _("Opened"): when(row.created),
            }
        )
    chosen = st.dataframe(
        pd.DataFrame(lines),
        key="data_table",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            _("Rows"): st.column_config.NumberColumn(format="localized"),
            _("Opened"): st.column_config.DatetimeColumn(format=MOMENT),
        },
    )
    picked = chosen["selection"]["rows"]
    if picked:
        _actions(rows[picked[0]].id, rows[picked[0]].name)


def _actions(identifier: str, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(title(name))}**")
        if st.button(_("Show the skew"), key="data_skew"):
            look_at(dataset=identifier)
            st.switch_page("views/skew.py")
        if st.button(_("Check again"), key="data_check"):
            st.query_params["check"] = identifier
            st.rerun()
        with st.popover(_("Rename")):
            new = st.text_input(_("New name"), value=name, key=f"data_name_{identifier}")
            if st.button(_("Save"), key="data_rename") and new.strip():
                store().rename_dataset(identifier, new.strip())
                st.rerun()
        with st.popover(_("Delete")):
            runs = sum(r.dataset == identifier for r in store().runs())
            st.markdown(
                _("This deletes {rows} rows and {runs} runs for good.").format(
                    rows=count(store().dataset(identifier).rows), runs=runs
                )
            )
            if st.button(_("Delete for good"), key="data_delete"):
                delete_dataset(store(), identifier)
                if current_dataset() == identifier:
                    look_at(dataset=None)
                st.rerun()
