"""What is asked of runs, remembered between reruns; nothing here is drawn."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.cache import KEEP
from app.i18n import _
from app.state import store
from rebal_core.codes import STATES
from rebal_core.experiment import progress
from rebal_core.store.rows import RunRow
from rebal_core.trouble import tried
from rebal_core.wording import UserError


def run_title(run: RunRow) -> str:
    """Return how a run is called in lists."""
    return _("Run {run} · {state}").format(run=run.run, state=STATES[run.state].render(_))


def seconds_left(run: RunRow) -> float | None:
    """Return about how long a run still needs; None before anything is known."""
    if run.started is None or time.time() <= run.started:  # not begun, or a clock set back
        return None
    return _seconds_left(run.run, run.fraction)


@st.cache_data(ttl=5, max_entries=KEEP, show_spinner=False)
def _seconds_left(run: int, fraction: float) -> float | None:
    """Ask the store, once for several pages; what has been done since tells another fraction."""
    return progress.seconds_left(store(), run)


@st.cache_data(max_entries=KEEP, show_spinner=False)
def report(run: int) -> dict[str, Any]:
    """Return the report of a finished run, as ``rebal compare --json`` prints it.

    Raises
    ------
    UserError
        When the run has none, and must be judged again.
    """
    from rebal_core.experiment.results import stored_report

    found = stored_report(store(), run)
    if found is None:
        raise UserError("Run {run} must be judged again; open its comparison.", run=run)
    return found


def evaluation(run: int) -> Any:
    """Return the evaluation of a finished run, or None where the engine must make it.

    It is read-only and shared by all sessions.
    """
    found = _evaluation(run)
    if found is None:
        _evaluation.clear(run)
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _evaluation(run: int) -> Any:
    from rebal_core.experiment.results import stored_evaluation

    return stored_evaluation(store(), run)


def forget_evaluations() -> None:
    """Read all evaluations and reports anew: what the reader trusts has changed."""
    _evaluation.clear()
    report.clear()


def curves(run: int, label: int) -> Any:
    """Return the curves of a class of a finished run, or None where the engine must make them."""
    found = _curves(run, label)
    if found is None:
        _curves.clear(run, label)
    return found


@st.cache_resource(max_entries=32, show_spinner=False)
def _curves(run: int, label: int) -> Any:
    from rebal_core.experiment.results import stored_curves

    return stored_curves(store(), run, label)


@st.cache_data(max_entries=KEEP, show_spinner=False)
def grid(run: int, arm: str, label: int) -> pd.DataFrame:
    """Return counts at 200 cut-offs, for the slider."""
    frame: pd.DataFrame = curves(run, label).grid(arm)
    return frame


@st.cache_data(max_entries=KEEP, show_spinner=False)
def curve(run: int, kind: str, arms: tuple[str, ...], label: int) -> pd.DataFrame:
    """Return the points of a curve for some arms."""
    frame: pd.DataFrame = curves(run, label).curve(kind, arms)
    return frame


@st.cache_data(max_entries=KEEP, show_spinner=False)
def row_origins(path: str, changed: float, target: str) -> pd.DataFrame:
    """Return ``label, origin, rows`` of an exported table; ``changed`` is its time of change."""
    import pyarrow.parquet as pq

    from rebal_core.data.dataset import label_text

    names = pq.read_schema(path).names
    origin = next(n for n in reversed(names) if n.startswith("_origin"))
    pairs = pq.ParquetFile(path).read(columns=[target, origin])
    found = pairs.group_by([target, origin]).aggregate([([], "count_all")]).to_pandas()
    return pd.DataFrame(
        {
            "label": [label_text(value) for value in found[target]],
            "origin": found[origin],
            "rows": found["count_all"],
        }
    )


def explanation_run(run: int, arm: str, label: str) -> int | None:
    """Return the number of the task that explained an arm of a run for a class; None without."""
    wanted = {"run": run, "arm": arm, "label": label}
    for row in store().runs("explain"):
        mine = row.state == "done" and wanted.items() <= dict(row.plan).items()
        if mine and tried(explanation, row.run)[0] is not None:  # a damaged one is made again
            return row.run
    return None


@st.cache_resource(max_entries=16, show_spinner=False)
def explanation(task: int) -> Any:
    """Return what a task explained; it is read-only and shared by all sessions."""
    from rebal_core.experiment.client import result
    from rebal_core.explain import Explanation

    return Explanation.load(Path(result(store(), task)["path"]))


@st.cache_data(max_entries=16, show_spinner=False)
def explained(task: int, dataset: str) -> pd.DataFrame:
    """Return a task's answer as the long frame of ``Explanation.frame``."""
    from rebal_core.schema import Schema

    found = explanation(task)
    run = store().run(store().run(task).plan["run"])
    rows = store().dataset(dataset).frame(list(found.columns), rows=found.rows)
    frame: pd.DataFrame = found.frame(rows, Schema.from_dict(run.plan["schema"]))
    return frame


def made_rows(run: int, arm: str) -> Any:
    """Return what was found of the rows that an arm made, or None where nobody has judged them.

    It is read-only and shared by all sessions.
    """
    found = _made_rows(run, arm)
    if found is None:
        _made_rows.clear(run, arm)
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _made_rows(run: int, arm: str) -> Any:
    from rebal_core.experiment.made_rows import stored

    return stored(store(), run, arm)


def ranking_key(wishes: Mapping[str, Any]) -> str:
    """Return what names a ranking, and all that its result depends on.

    Raises
    ------
    UserError
        When the wishes name what is not there.
    """
    from rebal_core.experiment.graph import rank_node

    return rank_node(store(), wishes).key


def ranked(wishes: Mapping[str, Any]) -> Any:
    """Return what was found for the wishes of a ranking, or None where nobody has asked yet.

    It is read-only and shared by all sessions.
    """
    key = ranking_key(wishes)
    found = _ranked(key, wishes)
    if found is None:
        _ranked.clear(key, wishes)
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _ranked(key: str, _wishes: Mapping[str, Any]) -> Any:
    from rebal_core.experiment.ranked import stored

    return stored(store(), _wishes)


def lists_files(wanted: Mapping[str, Any]) -> list[str] | None:
    """Return the files of what the task ``lists`` was asked for; None where nobody did."""
    from rebal_core.experiment.client import result
    from rebal_core.experiment.whole import is_whole

    for row in store().runs("lists"):
        if row.state == "done" and dict(row.plan) == dict(wanted):
            files: list[str] = (tried(result, store(), row.run)[0] or {}).get("files", [])
            if files and all(is_whole(Path(file)) for file in files):
                return files
    return None


def run_dataset(run: int) -> str:
    """Return the id of the dataset of a run."""
    return str(store().run(run).dataset)
