"""The list of runs, and what can be done with the chosen one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import run_cache
from app.components.texts import MOMENT, plain, seconds, title, when
from app.components.words import arms_of, folds_of, run_verdict
from app.i18n import _, sentence
from app.state import look_at, store
from rebal_core.codes import STATES, WORK
from rebal_core.experiment.client import cancel, delete_run
from rebal_core.store.rows import RunRow

PAGE = 50
_MARKS = {"queued": "…", "running": "▶", "done": "✓", "failed": "✕"}


def runs_table() -> None:
    """Draw search, filter and list; it follows live runs by itself."""
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.text_input(
            _("Search"),
            key="runs_search",
            placeholder=_("Find a run"),
            label_visibility="collapsed",
            width=240,
        )
        options = {
            "all": _("All"),
            "live": _("Active"),
            "done": _("Done"),
            "failed": _("Failed"),
        }
        part = st.segmented_control(
            _("Show"),
            list(options),
            format_func=options.__getitem__,
            default="all",
            key="runs_filter",
            label_visibility="collapsed",
        )
    active = any(r.live for r in store().runs(None))
    st.fragment(_list, run_every=3 if active else None)(wanted.casefold(), part or "all")


def _list(wanted: str, part: str) -> None:
    names = {row.id: title(row.name) for row in store().datasets()}
    runs = [
        r
        for r in store().runs(None)
        if (part == "all" or (part == "live" and r.live) or r.state == part)
        and wanted in f"{r.run} {names.get(r.dataset or '', '')} {_work(r)}".casefold()
    ]
    runs.sort(key=lambda r: (not r.live, -r.run))
    page = 1
    if len(runs) > PAGE:
        page = st.pagination(-(-len(runs) // PAGE), key="runs_page")
    shown = runs[(page - 1) * PAGE : page * PAGE]
    lines = pd.DataFrame(
        {
            "#": [r.run for r in shown],
            "state": [_state(r) for r in shown],
            "progress": [r.fraction for r in shown],
            "dataset": [names.get(r.dataset or "", "–") for r in shown],
            "work": [_work(r) for r in shown],
            "verdict": [run_verdict(r) if r.kind == "compare" else "" for r in shown],
            "started": [when(r.created) for r in shown],
            "time": [_time(r) for r in shown],
        }
    )
    chosen = st.dataframe(
        lines,
        key="runs_table",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "#": st.column_config.NumberColumn("#", width=50),
            "state": _("State"),
            "progress": st.column_config.ProgressColumn(
                _("Progress"), format="percent", min_value=0, max_value=1, width=95
            ),
            # The first rows alone decide how wide a column is that has no width.
            "dataset": st.column_config.TextColumn(_("Dataset"), width=130),
            "work": st.column_config.TextColumn(_("Work"), width=150),
            "verdict": st.column_config.TextColumn(_("Verdict"), width=150),
            "started": st.column_config.DatetimeColumn(_("Started"), format=MOMENT),
            "time": _("Time"),
        },
    )
    if any(r.kind != "compare" for r in runs):
        st.caption(_("Numbers count all work in order: comparisons, readings, exports and so on."))
    picked = chosen["selection"]["rows"]
    if picked and picked[0] < len(shown):
        _actions(shown[picked[0]])


def _state(run: RunRow) -> str:
    if run.state == "cancelled":
        return "■ " + _("cancelled at {share}").format(share=f"{100 * run.fraction:.0f}%")
    return f"{_MARKS[run.state]} {STATES[run.state].render(_)}"


def _time(run: RunRow) -> str:
    left = run_cache.seconds_left(run) if run.live else None
    return seconds(run.seconds) if left is None else _("{time} left").format(time=seconds(left))


def _work(run: RunRow) -> str:
    if run.kind != "compare":
        return WORK[run.kind].render(_)
    protocol = run.plan["protocol"]
    arms, folds = arms_of(len(run.plan["arms"])), folds_of(protocol["folds"])
    return f"{arms} × {folds} × {protocol['repeats']}"


def _actions(run: RunRow) -> None:
    if run.error:
        st.markdown(plain(sentence(run.error), 400))
    with st.container(horizontal=True):
        st.markdown(f"**{_('Run')} {run.run}**")
        if run.kind == "compare" and st.button(_("Open"), key="runs_open"):
            look_at(dataset=run.dataset, run=run.run)
            st.switch_page("views/compare.py" if run.state == "done" else "views/run.py")
        if run.live and st.button(_("Cancel"), key="runs_cancel"):
            cancel(store(), run.run)
            st.rerun(scope="app")
        with st.popover(_("Delete")):
            st.markdown(_("This deletes run {run} and its models for good.").format(run=run.run))
            if st.button(_("Delete for good"), key="runs_delete"):
                delete_run(store(), run.run)
                st.rerun(scope="app")
