"""The parts of the first screen: samples, reading an upload, your datasets."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import cache, drafts
from app.components.states import show_problem, told
from app.components.texts import MOMENT, counted, plain, share, title, when
from app.components.words import run_verdict
from app.i18n import _
from app.state import current_dataset, look_at, store
from rebal_core.data.samples import SAMPLES, Sample, open_sample
from rebal_core.experiment.client import delete_dataset
from rebal_core.store.rows import DatasetRow
from rebal_core.trouble import tried
from rebal_core.wording import Text


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
        if row.name == sample.label:
            opened, _problem = tried(store().dataset, row.id)
            if opened is not None and opened.source.get("file") == sample.file:
                return row.id
    identifier, folder = store().new_dataset_folder()
    store().add_dataset(open_sample(sample.name, folder))
    return identifier


def confirm(draft: str) -> None:
    """Go on to confirm what was read."""
    st.query_params["check"] = draft
    st.rerun()


def unanswered() -> None:
    """Offer what was read and not confirmed yet; it is in no list before that."""
    for identifier, name in drafts.waiting().items():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            words = _("{name} was read and waits for you to confirm it.")
            st.markdown(words.format(name=f"**{plain(name)}**"))
            if st.button(_("Check what we read"), key=f"draft_check_{identifier}"):
                st.query_params["check"] = identifier
                st.rerun()
            if st.button(_("Discard"), key=f"draft_discard_{identifier}", type="tertiary"):
                drafts.discard(identifier)
                st.rerun()


def dataset_table() -> None:
    """List the datasets; a click on a row leads to its skew or to what can be done with it."""
    rows = store().datasets()
    if not rows:
        return
    st.subheader(_("Your datasets"), anchor=False)
    verdicts = {r.dataset: r for r in reversed(store().runs()) if r.state == "done"}
    lines, problems = [], {}
    for row in rows:
        facts, problem = tried(cache.profile, row.id)
        classes = facts["classes"] if facts else []
        rarest = share(classes[-1]["share"]) if classes else _("no target yet")
        if problem:
            problems[row.id], rarest = problem, "⚠ " + _("cannot be read")
        lines.append(
            {
                _("Name"): title(row.name),
                _("Rows"): row.rows,
                _("Target"): facts["target"] if facts else None,
                _("Classes"): len(classes) or None,
                _("Rarest class"): rarest,
                _("Latest verdict"): run_verdict(verdicts.get(row.id)),
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
    if picked and picked[0] < len(rows):
        _actions(rows[picked[0]], problems.get(rows[picked[0]].id))


def _actions(row: DatasetRow, problem: Text | None) -> None:
    identifier, name = row.id, row.name
    if problem:
        show_problem(problem)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(title(name))}**")
        if problem:
            _delete(row)
            return
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
        _delete(row)


def _delete(row: DatasetRow) -> None:
    with st.popover(_("Delete")):
        runs = sum(r.dataset == row.id for r in store().runs())
        gone = counted("1 row", "{n} rows", row.rows), counted("1 run", "{n} runs", runs)
        words = _("This deletes for good: {rows}, {runs}.")
        st.markdown(words.format(rows=gone[0], runs=gone[1]))
        if st.button(_("Delete for good"), key="data_delete"):
            delete_dataset(store(), row.id)
            if current_dataset() == row.id:
                look_at(dataset=None)
            st.rerun()
