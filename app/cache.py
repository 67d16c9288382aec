"""Frames and reports by id, remembered between reruns; nothing here is drawn."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import drafts
from app.i18n import _
from app.state import store
from rebal_core.store.rows import RunRow
from rebal_core.trouble import tried
from rebal_core.wording import UserError

#: Entries kept per function: a server is used by few people, and what is kept is small.
KEEP = 64


def version(dataset: str) -> str:
    """Return what changes when anything that a profile depends on changes."""
    opened = store().dataset(dataset)
    return f"{opened.fingerprint}{hash((opened.schema, opened.trusted))}"


def profile(dataset: str) -> dict[str, Any]:
    """Return the profile of a dataset as a plain mapping."""
    return _profile(dataset, version(dataset))


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _profile(dataset: str, version: str) -> dict[str, Any]:
    from rebal_core.data.profile import profile

    return profile(store().dataset(dataset)).to_dict()


def class_counts(dataset: str) -> pd.DataFrame:
    """Return ``label, count, share`` of each class, largest first."""
    return _class_counts(dataset, version(dataset))


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _class_counts(dataset: str, version: str) -> pd.DataFrame:
    from rebal_core.data.profile import class_counts

    return class_counts(store().dataset(dataset))


def findings(dataset: str) -> list[Any]:
    """Return what the checks say of a dataset."""
    return _findings(dataset, version(dataset))


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _findings(dataset: str, version: str) -> list[Any]:
    from rebal_core.checks.report import run_checks

    return run_checks(store().dataset(dataset))


def run_title(run: RunRow) -> str:
    """Return how a run is called in lists."""
    words = {
        "queued": _("waiting"),
        "running": _("running"),
        "done": _("done"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
    }
    return _("Run {run} · {state}").format(run=run.run, state=words[run.state])


def seconds_left(run: RunRow) -> float | None:
    """Return about how long a run still needs; None before anything is known."""
    if run.started is None or not 0.02 < run.fraction < 1:
        return None
    gone = time.time() - run.started
    return gone * (1 - run.fraction) / run.fraction if gone > 0 else None  # a clock set back


def verdict_words(run: RunRow | None) -> str:
    """Return the verdict of a finished run in two words, with its mark; nothing without one."""
    if run is None or run.state != "done":
        return ""
    marks = {
        "HELPS": "▲ " + _("Helps"),
        "NO_REMEDY_NEEDED": "＝ " + _("No remedy needed"),
        "NOT_SHOWN": "? " + _("Not shown"),
        "NO_VERDICT": "⊘ " + _("No verdict"),
    }
    told, problem = tried(report, run.run)
    if problem or told is None:
        return "⚠ " + _("cannot be read")
    return marks.get(str(told["verdict"]["code"]), "")


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


@st.cache_data(max_entries=KEEP, show_spinner=False)
def values_of(dataset: str, column: str) -> list[dict[str, Any]]:
    """Return ``label, count, share`` of the values of any column, as if it were the target."""
    from rebal_core.data.profile import class_counts

    opened = drafts.opened(dataset)
    as_target = replace(opened, schema=opened.schema.with_role("target", column))
    rows: list[Any] = class_counts(as_target).head(10_000).to_dict("records")
    return rows


@st.cache_data(max_entries=KEEP, show_spinner=False)
def examples(dataset: str) -> dict[str, dict[str, Any]]:
    """Return a few values and the missing share of each column, from the first rows."""
    from rebal_core.data.dataset import label_text

    opened = drafts.opened(dataset)
    head = opened.frame(rows=np.arange(min(opened.rows, 2_000)))
    return {
        str(name): {
            "missing": float(values.isna().mean()),
            "examples": " · ".join(v[:24] for v in values.dropna().map(label_text).unique()[:4]),
        }
        for name, values in head.items()
    }


@st.cache_data(max_entries=KEEP, show_spinner=False)
def proposed_target(dataset: str) -> str | None:
    """Return the column that is likely meant to be predicted; None where nothing says so."""
    from rebal_core.data.propose import propose_target

    return propose_target(drafts.opened(dataset))


def doubtful_numbers(dataset: str) -> list[Any]:
    """Return the columns whose numbers can be read in two ways, as findings."""
    return _doubtful_numbers(dataset, drafts.opened(dataset).schema)


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _doubtful_numbers(dataset: str, schema: Any) -> list[Any]:
    from rebal_core.checks import CHECKS
    from rebal_core.checks.look import Look

    found = CHECKS["doubtful_numbers"].run(Look(drafts.opened(dataset)))
    return [finding for finding in found if finding.severity != "passed"]


@st.cache_data(max_entries=KEEP, show_spinner=False)
def personal(dataset: str) -> dict[str, str]:
    """Return the columns that look personal, each with what they seem to hold."""
    from rebal_core.data.reading.mask import find_personal

    return dict(find_personal(drafts.opened(dataset).table))


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _segments(dataset: str, version: str, column: str, label: str) -> pd.DataFrame:
    from rebal_core.data.segments import rate_by_segment

    return rate_by_segment(store().dataset(dataset), column, label)


def segments(dataset: str, column: str, label: str) -> pd.DataFrame:
    """Return how often a class occurs by the values of a column."""
    return _segments(dataset, version(dataset), column, label)


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _times(dataset: str, version: str, column: str, label: str) -> pd.DataFrame:
    from rebal_core.data.segments import rate_over_time

    return rate_over_time(store().dataset(dataset), column, label)


def times(dataset: str, column: str, label: str) -> pd.DataFrame:
    """Return how often a class occurs over time."""
    return _times(dataset, version(dataset), column, label)


def bands(dataset: str) -> pd.DataFrame:
    """Return head, mid and tail of the classes."""
    from rebal_core.data.profile import bands

    return bands(class_counts(dataset)["count"].to_numpy())


def labels(dataset: str) -> dict[str, Any]:
    """Return the classes and the code of the one in focus."""
    return _labels(dataset, version(dataset))


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _labels(dataset: str, version: str) -> dict[str, Any]:
    found = store().dataset(dataset).labels()
    return {"classes": found.classes, "positive": found.positive, "counts": found.counts}


def quick_plan(dataset: str) -> tuple[Any, float]:
    """Return the quick plan of a dataset and about how many seconds it takes."""
    opened = store().dataset(dataset)
    return _quick_plan(dataset, f"{version(dataset)}{opened.goal}")


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _quick_plan(dataset: str, version: str) -> tuple[Any, float]:
    from rebal_core.experiment.estimate import estimate
    from rebal_core.experiment.planning import make_plan

    opened = store().dataset(dataset)
    plan = make_plan(opened)
    return plan, estimate(plan, opened).seconds


def default_split(dataset: str) -> str:
    """Return how the rows of a dataset are split where nobody says."""
    return _default_split(dataset, version(dataset))


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _default_split(dataset: str, version: str) -> str:
    from rebal_core.experiment.split_rule import default_split

    return default_split(store().dataset(dataset))[0]


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


def plan(dataset: str, wishes: str) -> tuple[Any, Any]:
    """Return the plan for some wishes (JSON of what ``make_plan`` takes) and its estimate.

    Raises
    ------
    UserError
        When such a plan cannot work.
    """
    opened = store().dataset(dataset)
    return _plan(dataset, f"{version(dataset)}{opened.goal}", wishes)


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _plan(dataset: str, version: str, wishes: str) -> tuple[Any, Any]:
    import json

    from rebal_core.experiment.estimate import estimate
    from rebal_core.experiment.planning import make_plan

    opened = store().dataset(dataset)
    plan = make_plan(opened, **json.loads(wishes))
    return plan, estimate(plan, opened)


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
    from pathlib import Path

    from rebal_core.experiment.client import result
    from rebal_core.explain import Explanation

    return Explanation.load(Path(result(store(), task)["path"]))


@st.cache_data(max_entries=16, show_spinner=False)
def explained(task: int, dataset: str) -> pd.DataFrame:
    """Return a task's answer as the long frame of ``Explanation.frame``."""
    from rebal_core.schema import Schema

    found = explanation(task)
    run = store().run(store().run(task).plan["run"])
    rows = store().dataset(dataset).frame(list(found.players), rows=found.rows)
    frame: pd.DataFrame = found.frame(rows, Schema.from_dict(run.plan["schema"]))
    return frame


def run_dataset(run: int) -> str:
    """Return the id of the dataset of a run."""
    return str(store().run(run).dataset)


@st.cache_data(max_entries=KEEP, show_spinner=False)
def item_counts(dataset: str, column: str, label: str) -> Any:
    """Return how many rows of a class each item has."""
    from rebal_core.data.profile import item_counts

    return item_counts(store().dataset(dataset), column, label)
