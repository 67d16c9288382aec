"""What surrounds every page: style, context bar, the chip that follows a job."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import streamlit as st

from app import run_cache
from app.components.texts import counted, seconds, title
from app.i18n import LANGUAGES, _
from app.state import chosen_run, current_dataset, current_run, look_at, store
from rebal_core.experiment.client import ensure_engine

_STYLE = """<style>
.stMainBlockContainer {{ padding: 4rem 2rem 2rem; max-width: 1560px; }}
@media (max-width: 900px) {{ .stMainBlockContainer {{ padding: 4rem 1rem 1rem; }} }}
.stMainBlockContainer {{ overflow-wrap: anywhere; }}
.stMainBlockContainer .stVerticalBlock {{ gap: .55rem; }}
.stMainBlockContainer .stButton button :is(div, p) {{ white-space: normal; }}
[class*=st-key-plan_show_] button {{ min-height: 1.6rem; padding: 0; text-align: left; }}
.st-key-ctx {{ border-bottom: 1px solid {line}; padding-bottom: .5rem; margin-bottom: .6rem; }}
button[data-variant][data-selected="true"] p {{ color: {ink}; font-weight: 600; }}
.st-key-skew_parts {{ grid-template-rows: auto 1fr; }}
.facts {{ display: grid; gap: 1.6rem;
 grid-template-columns: repeat(auto-fit, minmax(106px, 1fr)); }}
.facts div {{ border-top: 1px solid {line}; padding-top: .5rem; color: {mute}; font-size: .82rem; }}
.facts b {{ display: block; color: {ink}; font-size: 1.45rem; font-weight: 600; }}
.v {{ background: {panel}; border-left: 5px solid {mute}; border-radius: 8px;
 padding: .8rem 1.1rem; }}
.v.helps {{ border-color: {better}; }} .v.hurts {{ border-color: {worse}; }}
.v small {{ color: {mute}; font-weight: 600; }} .v p {{ margin: .25rem 0; }}
.v .s {{ font-size: 1.32rem; font-weight: 600; line-height: 1.35; }}
.hits td, .hits th {{ padding: .3rem .5rem; text-align: right; font-size: .85rem;
  overflow-wrap: break-word; }}
.hits td:first-child {{ text-align: left; overflow-wrap: anywhere; }}
.hits th {{ color: {mute}; font-weight: 400; word-break: keep-all; }}
.words {{ width: 100%; }} .words th {{ color: {mute}; font-weight: 400; text-align: left; }}
.words td, .words th {{ padding: .4rem .6rem; border-bottom: 1px solid {line}; font-size: .88rem; }}
.words td {{ vertical-align: top; }} .words td:first-child {{ white-space: nowrap; }}
.key {{ color: {mute}; font-size: .88rem; }} .key span {{ margin-right: 1.4rem; }}
.key i {{ display: inline-block; width: .8rem; height: .8rem; border-radius: 2px;
 margin-right: .4rem; border: 1px solid {line}; }}
.lines {{ display: flex; flex-wrap: wrap; column-gap: 1.2rem; font-size: .84rem; }}
.lines span {{ display: flex; align-items: center; gap: .4rem; max-width: 100%; }}
.lines i {{ flex: none; }}
.lines b {{ font-weight: 400; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
.bar {{ display: flex; height: 8px; border-radius: 4px; overflow: hidden; background: {others}; }}
.bar i {{ margin-left: auto; background: {focus}; }}
</style>"""


def page_style(*, dark: bool) -> None:
    """Put the one stylesheet into the page."""
    from rebal_core.figures.theme import palette

    colors = palette(dark)
    names = ("ink", "mute", "panel", "better", "worse", "others", "focus")
    st.html(_STYLE.format(line=colors.grid, **{n: getattr(colors, n) for n in names}))


def context_bar(*, without_run: bool, chosen_only: bool) -> None:
    """Draw the bar below the navigation: dataset, run, job, language.

    Parameters
    ----------
    without_run : bool
        Whether no run is named.
    chosen_only : bool
        Whether one is only named that somebody chose.
    """
    with st.container(horizontal=True, key="ctx", vertical_alignment="center"):
        # While a table is checked, the page itself names it.
        if current_dataset() is not None and "check" not in st.query_params:
            _dataset_picker()
            if not without_run:
                _run_picker(chosen_run() if chosen_only else current_run())
        st.space("stretch")
        with st.container(width="content", key="ctx_chip"):
            job_chip()
        st.segmented_control(
            _("Language"),
            options=list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            default=st.session_state["language"],
            key="language_choice",
            label_visibility="collapsed",
            on_change=_change_language,
        )


def _dataset_picker() -> None:
    names: dict[str, str] = {}
    for row in store().datasets():
        words = f"{title(row.name)} · {counted('1 row', '{n} rows', row.rows)}"
        twins = sum(name.startswith(words) for name in names.values())
        # The browser answers with the words: two that read alike could not be told apart.
        names[row.id] = f"{words} ({twins + 1})" if twins else words
    st.session_state["ctx_ds"] = current_dataset()
    st.selectbox(
        _("Dataset"),
        options=list(names),
        format_func=names.__getitem__,
        key="ctx_ds",
        label_visibility="collapsed",
        width=230,
        on_change=lambda: _picked("ctx_ds", names, lambda chosen: look_at(dataset=chosen)),
    )


def _run_picker(run: int | None) -> None:
    runs = {r.run: r for r in store().runs() if r.dataset == current_dataset()}
    st.session_state["ctx_run"] = run
    st.selectbox(
        _("Run"),
        options=list(runs),
        format_func=lambda k: run_cache.run_title(runs[k]),
        key="ctx_run",
        label_visibility="collapsed",
        width=190,
        placeholder=_("Choose a run") if runs else _("No run yet"),
        disabled=not runs,
        on_change=lambda: _picked("ctx_run", runs, lambda chosen: look_at(run=chosen)),
    )


def _picked(key: str, known: Collection[Any], turn: Callable[[Any], None]) -> None:
    """Turn to what was picked.

    The browser answers with the words of a choice. Where they changed after it had drawn them (a
    run ended meanwhile) they come here as they are, name nothing, and nothing is turned.
    """
    chosen = st.session_state[key]
    if chosen in known:
        turn(chosen)


def _change_language() -> None:
    chosen = st.session_state["language_choice"]
    if chosen is None:  # a click on the chosen one takes the choice away
        st.session_state["language_choice"] = st.session_state["language"]
        return
    st.session_state["language"] = chosen
    st.query_params["lang"] = chosen
    # The browser answers a choice with its words, and still knows those of the other language:
    # every choice on the page is sent to it anew.
    for key, value in st.session_state.items():
        if isinstance(value, str | list) and key != "language_choice":
            st.session_state[key] = value


def job_chip() -> None:
    """Follow the job that runs, on every page; a click leads to it."""
    live = any(r.live for r in store().runs(None))
    st.session_state["ctx_drawn"] = _drawn()
    st.fragment(_chip, run_every=3 if live else 15)()


def _drawn() -> Any:
    """Return what the whole page is drawn by: the state of every run, and the system's theme."""
    return {r.run: r.state for r in store().runs("compare")}, st.context.theme.type


def _chip() -> None:
    if st.session_state["ctx_drawn"] != _drawn():
        st.rerun(scope="app")
    live = [r for r in store().runs("compare") if r.live]
    if not live:
        return
    ensure_engine(store())
    run = live[-1]
    left = run_cache.seconds_left(run)
    words = _("Run {run}: {share}") if left is None else _("Run {run}: {share}, {time} left")
    told = "" if left is None else seconds(left)
    words = words.format(run=run.run, share=f"{100 * run.fraction:.0f}%", time=told)
    if st.button(words, key="ctx_job", icon=":material/clock_loader_40:", type="tertiary"):
        look_at(dataset=run.dataset, run=run.run)
        st.switch_page("views/run.py")
