"""Frames and reports by id, remembered between reruns; nothing here is drawn."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd
import streamlit as st

from app.i18n import _
from app.state import store
from rebal_core.store.rows import RunRow

#: Entries kept per function: a server is used by few people, and what is kept is small.
KEEP = 64


def version(dataset: str) -> str:
    """Return what changes when anything that a profile depends on changes."""
    opened = store().dataset(dataset)
    return f"{opened.fingerprint}{hash(opened.schema)}"


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
    return (time.time() - run.started) * (1 - run.fraction) / run.fraction
