"""What a page shows when it has nothing to show, or something went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import Never

import streamlit as st

from app.components.texts import plain
from app.i18n import _
from app.i18n import sentence as translated
from app.state import absent, current_dataset, current_run, just_opened, store
from rebal_core.data.dataset import Dataset
from rebal_core.experiment.quick import PROMISE_SECONDS
from rebal_core.store.rows import RunRow
from rebal_core.wording import Text, UserError

#: Seconds that a browser takes to draw the first screen of a large run.
FIRST_SCREEN = 1.0


def headline(sentence: str, evidence: str = "", *, large: bool = False) -> None:
    """Open a page: the sentence that answers its question, and one grey line of evidence."""
    (st.title if large else st.header)(sentence, anchor=False)
    if evidence:
        st.markdown(f":gray[{evidence}]")


def empty(sentence: str, button: str, page: str) -> Never:
    """Fill a page with one sentence and one button to another page, and stop."""
    headline(sentence)
    if st.button(button, type="primary", key=f"empty_{page}"):
        st.switch_page(f"views/{page}.py")
    st.stop()


def tell_absent(*, of_run: bool) -> None:
    """Say what the address asks for and is not here, on every page alike.

    Parameters
    ----------
    of_run : bool
        Whether the page shows a run: without it there is nothing to show.
    """
    found = absent()
    if found is None:
        return
    if found.run is None:
        words = _("Dataset {dataset} is not here").format(dataset=plain(found.dataset, 20))
        headline(words, _("It was deleted, or it is a dataset of another computer."))
        if st.button(_("See your datasets"), type="primary", key="empty_data"):
            st.switch_page("views/data.py")
        st.stop()
    words = _("Run {run} is not here").format(run=plain(found.run, 20))
    why = _("It was deleted, or it is not a comparison of this computer.")
    if found.instead and not of_run:
        with st.container(border=True):
            told = _("{a}. {b}").format(a=words, b=why)
            st.markdown(f":material/info: {told}")
        return
    headline(words, why)
    if st.button(_("See all runs"), type="primary", key="empty_runs"):
        st.switch_page("views/runs.py")
    st.stop()


def require_dataset() -> tuple[str, Dataset]:
    """Return the dataset in view and its id; without one the page says so and stops."""
    identifier = current_dataset()
    if identifier is None:
        empty(_("No table is open yet."), _("Open a table or a sample"), "data")
    with told():
        return identifier, store().dataset(identifier)
    st.stop()


def require_run() -> RunRow:
    """Return the run in view; without one the page says so and stops."""
    require_dataset()
    number = current_run()
    if number is None:
        empty(_("Nothing has been compared yet."), _("Compare strategies"), "skew")
    return store().run(number)


def overlong(seconds: float) -> None:
    """Say where even the quick plan takes longer than a first look should."""
    if seconds > PROMISE_SECONDS:
        st.caption(
            _(
                "This is longer than the two minutes of a first look, though all was left out that "
                "could be: the table is very wide, or has very many classes."
            )
        )


@contextmanager
def waiting(what: str, *heights: int) -> Iterator[None]:
    """Show the shape of what is being computed, the first time that this session asks for it.

    Parameters
    ----------
    what : str
        Shown from memory when it is asked for again.
    heights : int
        Of its parts, in pixels.
    """
    place = st.empty()
    if st.session_state.get("seen") != what:
        with place.container():
            for height in heights:
                st.skeleton(height=height)
    yield
    st.session_state["seen"] = what
    place.empty()


def after_first_screen() -> None:
    """Let the browser draw what it has, where the page was just opened, before more is sent.

    It shows a table only when it has drawn every chart that has arrived by then. A click meanwhile
    is not kept waiting: Streamlit looks for one wherever the session is read.
    """
    for _part in range(10):
        if just_opened():
            sleep(FIRST_SCREEN / 10)


@contextmanager
def told() -> Iterator[None]:
    """Show a user's mistake as the one sentence it is, and stop the page there."""
    try:
        yield
    except UserError as error:
        show_problem(error.text)
        st.stop()


def show_problem(sentence: str | Text) -> None:
    """Show one sentence about what is wrong and what to do."""
    with st.container(border=True):
        st.markdown(f":material/block: {plain(translated(sentence), 600)}")


def show_fault(incident: str) -> None:
    """Show that the fault is ours, and the number under which its trace stands in the log."""
    with st.container(border=True):
        words = _("This is a fault of ours. Nothing is lost; its number is {incident}.")
        st.markdown(f":material/block: {words.format(incident=incident)}")
        st.caption(_("The trace stands in app.log in Rebal's folder, under this number."))
