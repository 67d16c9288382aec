"""Frames and reports by id, remembered between reruns; nothing here is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import drafts
from app.state import store

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
    """Return a few values and the missing share of each column, of a large table by some rows."""
    from rebal_core.data.dataset import label_text

    opened = drafts.opened(dataset)
    most = max(2_000, 2_000_000 // max(1, len(opened.schema.columns)))
    # Spread over the table: what is missing in its later part only is seen, too.
    rows = np.linspace(0, opened.rows - 1, min(opened.rows, most)).astype(np.int64)
    head = opened.frame(rows=rows)
    return {
        str(name): {
            "missing": float(values.isna().mean()),
            "examples": " · ".join(v[:24] for v in _some(values).map(label_text).unique()[:4]),
        }
        for name, values in head.items()
    }


def _some(values: pd.Series) -> pd.Series:
    return values.dropna().iloc[:2_000]


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
def _segments(
    dataset: str, version: str, column: str, label: str, group: str | None
) -> pd.DataFrame:
    from rebal_core.data.segments import rate_by_segment

    return rate_by_segment(store().dataset(dataset), column, label, group=group)


def segments(dataset: str, column: str, label: str, group: str | None = None) -> pd.DataFrame:
    """Return how often a class occurs by the values of a column, with who the rows are of."""
    return _segments(dataset, version(dataset), column, label, group)


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
    told = f"{version(dataset)}{opened.goal}"
    plan = _quick_plan(dataset, told)
    return plan, _price(dataset, told, "quick", _runs_timed(), plan).seconds


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _quick_plan(dataset: str, version: str) -> Any:
    from rebal_core.experiment.planning import make_plan

    return make_plan(store().dataset(dataset))


def _runs_timed() -> tuple[tuple[int, str], ...]:
    """Return the runs whose pieces of work tell how long others will take, with their states."""
    from rebal_core.experiment.measured import MOST_RUNS

    return tuple((row.run, row.state) for row in store().runs()[:MOST_RUNS])


@st.cache_resource(max_entries=2, show_spinner=False)
def _measured(runs: tuple[tuple[int, str], ...]) -> Any:
    from rebal_core.experiment.measured import measured_in

    return measured_in(store())


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _price(
    dataset: str, version: str, wishes: str, runs: tuple[tuple[int, str], ...], _plan: Any
) -> Any:
    """Return the estimate of a plan that was made of some wishes."""
    from rebal_core.experiment.estimate import estimate

    opened = store().dataset(dataset)
    return estimate(_plan, opened, _measured(runs).of_table(_plan.fingerprint))


def training_counts(dataset: str, protocol: Any) -> tuple[int, ...]:
    """Return the rows of each class in the training part of the fold that an export hands over.

    Raises
    ------
    UserError
        When the rows cannot be split so.
    """
    return _training_counts(dataset, version(dataset), repr(protocol), protocol)


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _training_counts(dataset: str, version: str, told: str, _protocol: Any) -> tuple[int, ...]:
    from rebal_core.preview import training_counts

    return training_counts(store().dataset(dataset), _protocol)


def default_split(dataset: str) -> str:
    """Return how the rows of a dataset are split where nobody says."""
    return _default_split(dataset, version(dataset))


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _default_split(dataset: str, version: str) -> str:
    from rebal_core.experiment.split_rule import default_split

    return default_split(store().dataset(dataset))[0]


def plan(dataset: str, wishes: str) -> tuple[Any, Any]:
    """Return the plan for some wishes and its estimate.

    The wishes are JSON of what ``make_plan`` takes, with the saved strategies that are meant.

    Raises
    ------
    UserError
        When such a plan cannot work.
    """
    opened = store().dataset(dataset)
    told = f"{version(dataset)}{opened.goal}"
    plan = _plan(dataset, told, wishes)
    return plan, _price(dataset, told, wishes, _runs_timed(), plan)


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _plan(dataset: str, version: str, wishes: str) -> Any:
    import json

    from rebal_core.experiment.planning import make_plan
    from rebal_core.strategies import Saved, SavedStrategy

    opened, asked = store().dataset(dataset), json.loads(wishes)
    saved = Saved(tuple(SavedStrategy(**one) for one in asked.pop("saved", ())))
    return make_plan(opened, **asked, known=saved.beside())


@st.cache_data(max_entries=KEEP, show_spinner=False)
def item_counts(dataset: str, column: str, label: str) -> Any:
    """Return how many rows of a class each item has."""
    from rebal_core.data.profile import item_counts

    return item_counts(store().dataset(dataset), column, label)


def behaviour(dataset: str, frame: str, *given: Any) -> Any:
    """Return what a function of ``data/behaviour.py`` or ``data/drift.py`` counts in a dataset.

    Parameters
    ----------
    frame : str
        Its name.
    given
        What it takes after the dataset.
    """
    return _behaviour(dataset, version(dataset), frame, given)


@st.cache_data(max_entries=KEEP, show_spinner=False)
def _behaviour(dataset: str, version: str, frame: str, given: tuple[Any, ...]) -> Any:
    from rebal_core.data import behaviour, drift

    count = getattr(drift, frame, None) or getattr(behaviour, frame)
    return count(store().dataset(dataset), *given)


def log_columns(dataset: str) -> Any:
    """Return which columns of a dataset look like user, item, time and event."""
    from rebal_core.data.log_columns import guess_log

    return guess_log(store().dataset(dataset).schema)
