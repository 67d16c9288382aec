"""A run as it goes: the sentence, the bar, the grid of cells, what happened."""

from __future__ import annotations

import html
import time
from collections.abc import Collection
from typing import Any

import pandas as pd
import streamlit as st

from app import cache, run_cache
from app.components.charts import draw, is_dark
from app.components.recipes import recipes_told, whole_name
from app.components.run_training import training_panel
from app.components.states import headline
from app.components.texts import counted, explained, in_a_row, joined, plain, seconds, when
from app.components.words import arm_marks, labels_of, left_out_label, run_verdict
from app.i18n import _, sentence
from app.state import store
from rebal_core import codes
from rebal_core.arm import Arm
from rebal_core.experiment.client import cancel, engine_status, ensure_engine, stop_arm
from rebal_core.experiment.graph import STOPPED
from rebal_core.figures.run import STATES, cell_grid, state_colors
from rebal_core.samplers.generators.base import Generator
from rebal_core.store.rows import RunRow
from rebal_core.strategies import strategy_of
from rebal_core.wording import UserError


def live_run(number: int) -> None:
    """Draw everything that changes; when the run ends while watched, go to its comparison."""
    try:
        run = store().run(number)
    except UserError:
        st.rerun(scope="app")
    watched = st.session_state.get("run_watched")
    if run.live:
        ensure_engine(store())
        st.session_state["run_watched"] = number
    elif watched == number:
        del st.session_state["run_watched"]
        if run.state == "done":
            # Drawing looks for a click on another page first: switching now would undo it.
            st.empty()
            st.switch_page("views/compare.py")
        st.rerun(scope="app")
    cells = _named(run, store().cells(number))
    _head(run, cells)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _grid(run, cells)
    with right:
        training_panel(run, cells, lambda arm: _stop_this(run, _going(run, cells), arm))
        _happened(run, cells)


def _named(run: RunRow, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with arms called by mark and label, in the order of the plan."""
    arms = [Arm.from_dict(values) for values in run.plan["arms"]]
    marks, named = arm_marks(arms), labels_of(arms, _classes(run, arms), short=True)
    labels = {name: f"{marks[name]} {label}" for name, label in named.items()}
    order = {name: place for place, name in enumerate(labels)}
    placed = cells.sort_values("arm", key=lambda arms: arms.map(order), kind="stable")
    placed = placed.assign(name=placed["arm"], arm=placed["arm"].map(labels))
    return _at_work(placed, {arm.name for arm in arms if _learns_rows(arm)})


def _at_work(cells: pd.DataFrame, generators: Collection[str]) -> pd.DataFrame:
    """Let the cells whose rows are being changed look at work: their own task waits for it."""
    learns = cells["name"].isin(generators)
    waits = (cells["state"] == "queued") & cells["making"].notna()
    words = learns.map({True: _("a generator learns"), False: _("its rows are being changed")})
    return cells.assign(
        state=cells["state"].mask(waits, "running"),
        detail=cells["detail"].mask(waits, words),
        learns=waits & learns,
    )


def _learns_rows(arm: Arm) -> bool:
    return any(isinstance(step, Generator) for step in strategy_of(arm).samplers)


def _classes(run: RunRow, arms: list[Arm]) -> list[str]:
    """Return the classes of the table where something is set of one of them."""
    if not any(isinstance(value, tuple) for arm in arms for value in arm.values.values()):
        return []
    return list(cache.labels(str(run.dataset))["classes"])


def _head(run: RunRow, cells: pd.DataFrame) -> None:
    done = int((cells["state"] == "done").sum())
    answer, evidence = _sentence(run, done)
    headline(answer, in_a_row([_learning(cells), evidence]))
    st.progress(min(1.0, run.fraction))
    with st.container(horizontal=True, vertical_alignment="center"):
        words = []
        if len(cells):
            words.append(_("{done} of {total} cells").format(done=done, total=len(cells)))
        status = engine_status(store())
        if run.live and status.workers:
            words.append(counted("1 worker", "{n} workers", status.workers))
        if run.started:
            words.append(_("started {time}").format(time=f"{when(run.started):%H:%M:%S}"))
            words.append(seconds(max(0.0, (run.finished or time.time()) - run.started)))
        st.markdown(" · ".join(words))
        st.space("stretch")
        if run.live:
            _stop_one(run, _going(run, cells))
            _cancel(run, done)
        if run.state in ("cancelled", "failed"):
            if st.button(_("Plan it again"), key="run_again"):
                st.switch_page("views/plan.py")
        elif st.button(
            _("Open Compare") if run.state == "done" else _("Open Compare when done"),
            type="primary" if run.state == "done" else "secondary",
            disabled=run.state != "done",
            key="run_compare",
        ):
            st.switch_page("views/compare.py")


def _learning(cells: pd.DataFrame) -> str:
    """Return for which arms a generator learns now, each task by the first that waits for it."""
    arms = cells[cells["learns"]].drop_duplicates("making")["arm"].unique()
    if not len(arms):
        return ""
    return _("A generator learns: {arms}.").format(arms=plain(joined(arms), 200))


def _sentence(run: RunRow, done: int) -> tuple[str, str]:
    go_on = _("You can close this page. The work goes on, and you will find it again under Runs.")
    if run.state == "queued":
        before = sum(r.live and r.run < run.run for r in store().runs(None))
        if before:
            words = counted(
                "Waiting: 1 run before this one", "Waiting: {n} runs before this one", before
            )
            return words, go_on
        return _("Starting the engine"), go_on
    if run.state == "running":
        if run.detail:
            return _("Paused"), plain(sentence(run.detail), 300)
        left = run_cache.seconds_left(run)
        part = f"{100 * run.fraction:.0f}%"
        if left is None:
            return _("{share} done").format(share=part), go_on
        words = _("{share} done, about {time} left")
        return words.format(share=part, time=seconds(left)), go_on
    if run.state == "cancelled":
        words = _("It was cancelled before a cell was finished.")
        if done:
            words = counted(
                "1 cell was finished; it is kept, and need not be made again for the same plan.",
                "{n} cells were finished; they are kept, and need not be made again for the same "
                "plan.",
                done,
            )
        return _("Run {run} was cancelled").format(run=run.run), words
    if run.state == "failed":
        return _("Run {run} failed").format(run=run.run), plain(sentence(run.error or ""), 400)
    return _("Run {run} is done").format(run=run.run), run_verdict(run)


def _going(run: RunRow, cells: pd.DataFrame) -> dict[str, str]:
    """Return the labels, by name, of the arms that can be stopped: they are not finished yet."""
    if not run.live:
        return {}
    ended = store().stopped_arms(run.run) | set(cells.loc[cells["state"] == "failed", "name"])
    going = cells[cells["state"].isin(["queued", "running"]) & ~cells["name"].isin(ended)]
    return dict(zip(going["name"], going["arm"], strict=True))


def _stop_one(run: RunRow, labels: dict[str, str]) -> None:
    """Let one arm be stopped that is not finished yet."""
    if not labels:
        return
    # One that has stopped an arm is closed: a second click would stop the next one.
    with st.popover(_("Stop one arm"), key=f"run_stop_one_{len(store().stopped_arms(run.run))}"):
        arm = st.selectbox(
            _("Arm"), list(labels), format_func=lambda name: labels.get(name, name), key="run_arm"
        )
        _stop(run, arm, labels[arm], "run_stop_arm")


def _stop_this(run: RunRow, labels: dict[str, str], arm: str) -> None:
    """Let the arm that is looked at be stopped, while it is not finished yet."""
    if arm in labels:
        # Of each arm its own: an open one would stop the arm that takes this one's place.
        with st.popover(_("Stop this arm"), key=f"run_stop_looked_at_{arm}"):
            _stop(run, arm, labels[arm], "run_stop_this")


def _stop(run: RunRow, arm: str, label: str, key: str) -> None:
    st.markdown(_("The comparison goes on without it."))
    whole_name(label)
    if st.button(_("Stop"), key=key):
        stop_arm(store(), run.run, arm)
        st.rerun(scope="app")


def _cancel(run: RunRow, done: int) -> None:
    with st.popover(_("Cancel run"), key="run_cancel"):
        words = _("Stop run {run}? No cell is finished yet.").format(run=run.run)
        if done:
            words = counted(
                "Stop run {run}? 1 finished cell is kept, for when the same plan is run again.",
                "Stop run {run}? {n} finished cells are kept, for when the same plan is run again.",
                done,
                run=run.run,
            )
        st.markdown(words)
        if st.button(_("Stop"), key="run_stop"):
            cancel(store(), run.run)
            st.rerun(scope="app")


def _grid(run: RunRow, cells: pd.DataFrame) -> None:
    st.subheader(_("Cells: one square is one arm on one fold"), anchor=False)
    if cells.empty:
        st.caption(_("The plan is being laid out."))
        return
    names = {state: codes.STATES[state].render(_) for state in STATES}
    figure = cell_grid(cells, words=names, time=seconds, dark=is_dark())
    draw(figure, f"run_cells_{run.run}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(_key(names, cells), width="content")
        st.space("stretch")
        st.caption(_("columns: repeat.fold"), width="content")
    arms = [Arm.from_dict(values) for values in run.plan["arms"]]
    recipes_told(arms, _classes(run, arms))
    if cells.duplicated(["key", "repeat", "fold"]).any():
        st.caption(
            _(
                "Arms that differ in their cut-off only share one model: their squares are filled "
                "together, by one worker."
            )
        )
    st.caption(
        _(
            "Scores appear when every arm has finished: ranking half-done runs makes luck look "
            "like skill."
        )
    )


def _key(names: dict[str, str], cells: pd.DataFrame) -> str:
    """Return what the colours of the squares mean and how many there are of each, as HTML."""
    counts = cells["state"].value_counts()
    parts = [
        f'<span><i style="background:{color}"></i>'
        f"{html.escape(explained(names[state], str(counts[state])))}</span>"
        for state, color in zip(STATES, state_colors(is_dark()), strict=True)
        if state in counts
    ]
    return f'<div class="key">{"".join(parts)}</div>'


def _happened(run: RunRow, cells: pd.DataFrame) -> None:
    st.subheader(_("What happened"), anchor=False)
    lines = []
    cell: Any
    for cell in cells[cells["error"].notna()].drop_duplicates(["arm", "error"]).itertuples():
        lines.append(explained(f"**{plain(cell.arm)}**", plain(sentence(cell.error), 300)))
    for cell in cells[(cells["attempts"] > 1) & cells["error"].isna()].itertuples():
        words = _("{arm}, fold {fold}: its worker was lost, it was run again.")
        lines.append(words.format(arm=plain(cell.arm), fold=f"{cell.repeat + 1}.{cell.fold + 1}"))
    stopped = cells[cells["name"].isin(store().stopped_arms(run.run))]["arm"].unique()
    lines += [explained(f"**{plain(arm)}**", plain(sentence(STOPPED))) for arm in stopped]
    waiting = cells.loc[cells["detail"].notna() & (cells["state"] == "queued"), "detail"]
    lines += [plain(sentence(str(text)), 300) for text in waiting.unique()]
    left_out: dict[str, list[str]] = {}
    for arm, reason in run.plan.get("left_out") or []:
        left_out.setdefault(reason, []).append(left_out_label(arm))
    lines += [
        explained(plain(joined(arms), 300), plain(sentence(reason), 300))
        for reason, arms in left_out.items()
    ]
    for line in lines or [_("Nothing out of the ordinary.")]:
        st.markdown(f":small[{line}]")
