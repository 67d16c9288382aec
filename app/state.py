"""What this session looks at: ids only, and the address bar that shares them.

The address holds ``?ds=`` and ``?run=``. Menu navigation drops the query, so the session remembers
both and :func:`settle` writes them back on every page. Beside them it holds the view of the run:
the parts that a page names by :func:`write_view`, remembered likewise until another run is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from rebal_core.store.rows import RunRow
from rebal_core.store.store import Store
from rebal_core.strategies import Saved, saved_strategies
from rebal_core.wording import UserError


@st.cache_resource
def store() -> Store:
    """Return the store of this server; every session's thread may use it."""
    return Store()


def saved() -> Saved:
    """Return the strategies that the users of this home saved."""
    return saved_strategies(store().home.path)


@dataclass(frozen=True)
class Absent:
    """What the address asks for and is not here; the address stays, so that it says so again.

    Parameters
    ----------
    run, dataset : str or None
        As the address has it.
    instead : bool
        Whether the page can still be shown: the run is gone, but the dataset that the address
        names beside it is here.
    """

    run: str | None
    dataset: str | None
    instead: bool = False


def settle(*, shows: bool, of_run: bool = False) -> None:
    """Decide which dataset and run this session looks at; a wrong id in the address is no crash.

    Parameters
    ----------
    shows : bool
        Whether the page shows a dataset or a run. Such a page shows those of its address or none:
        another one in its place would be taken for it.
    of_run : bool
        Whether it shows a run: what is looked at there is chosen, though nobody asked for it.
    """
    datasets = [row.id for row in store().datasets()]
    asked_run, asked = st.query_params.get("run"), st.query_params.get("ds")
    run = _compare_run(asked_run or st.session_state.get("run"))
    st.session_state["absent"] = None
    if shows and asked_run and run is None:
        known = asked if asked in datasets else None
        st.session_state["absent"] = Absent(asked_run, None, instead=known is not None)
        st.session_state["ds"], st.session_state["run"] = known, None
        return
    dataset = asked or st.session_state.get("ds")
    if run is not None and asked_run and run.dataset in datasets:
        dataset = run.dataset
    elif shows and asked and asked not in datasets:
        st.session_state["absent"] = Absent(None, asked)
        st.session_state["ds"] = st.session_state["run"] = None
        return
    if dataset not in datasets:
        dataset = datasets[0] if datasets else None
    _remember("ds", dataset)
    if run is None or run.dataset != dataset:
        run = next((r for r in store().runs() if r.dataset == dataset), None)
        st.session_state["run_unasked"] = not of_run
    elif asked_run or of_run:
        st.session_state["run_unasked"] = False
    _remember("run", None if run is None else str(run.run), hidden=_unasked())


def turn_to(page: str) -> None:
    """Remember which page is drawn, and whether this session drew another one before."""
    st.session_state["page_opened"] = st.session_state.get("page") != page
    st.session_state["page"] = page


def just_opened() -> bool:
    """Tell whether this is the first time that the page is drawn since the reader came to it."""
    return bool(st.session_state["page_opened"])


def current_dataset() -> str | None:
    """Return the id of the dataset in view; None when there is none."""
    return st.session_state.get("ds")


def current_run() -> int | None:
    """Return the number of the run in view; None when the dataset has none."""
    run = st.session_state.get("run")
    return None if run is None else int(run)


def chosen_run() -> int | None:
    """Return the number of the run in view, where it is more than the newest of the dataset.

    It is where the address names it, or where it was picked, started or looked at.
    """
    return None if _unasked() else current_run()


def leave_run() -> None:
    """Look at the dataset alone, until a run is asked for."""
    st.session_state["run_unasked"] = True
    st.query_params.pop("run", None)


def _unasked() -> bool:
    return bool(st.session_state.get("run_unasked"))


def absent() -> Absent | None:
    """Return what the address of this page asks for, where it is not there."""
    found: Absent | None = st.session_state.get("absent")
    return found


def look_at(*, dataset: str | None = None, run: int | None = None) -> None:
    """Turn this session to another dataset (its newest run follows) or to a run."""
    if dataset is not None:
        _remember("ds", dataset)
        _remember("run", None)
    if run is not None:
        st.session_state["run_unasked"] = False
        _remember("run", str(run))


def read_view(name: str) -> list[str]:
    """Return what the address, or else this session, holds of a part of the run's view."""
    remembered: dict[str, list[str]] = st.session_state.get("view", {})
    return st.query_params.get_all(name) or remembered.get(name, [])


def write_view(name: str, values: Sequence[str]) -> None:
    """Put a part of the run's view into the address; without values it leaves the address."""
    st.session_state.setdefault("view", {})[name] = list(values)
    if not values:
        st.query_params.pop(name, None)
    elif st.query_params.get_all(name) != list(values):
        st.query_params[name] = list(values)


def _forget_view() -> None:
    """Begin another run with its own view."""
    for name in st.session_state.pop("view", {}):
        st.query_params.pop(name, None)
    for key in [k for k in st.session_state if str(k).startswith("compare_")]:
        del st.session_state[key]


def _compare_run(number: str | None) -> RunRow | None:
    try:
        run = store().run(int(number or ""))
    except (UserError, ValueError, OverflowError):
        return None
    return run if run.kind == "compare" else None


def _remember(name: str, value: str | None, *, hidden: bool = False) -> None:
    if name == "run" and st.session_state.get("run", value) not in (value, None):
        _forget_view()
    st.session_state[name] = value
    if value is None or hidden:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value
