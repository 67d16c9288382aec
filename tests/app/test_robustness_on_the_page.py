"""How networks stand an attack, below the table of the Compare page."""

from dataclasses import replace

import pytest
import streamlit as st

from app.components.robust import robustness_told
from rebal_core.arm import Attacked
from rebal_core.evaluation.robustness import Robustness
from rebal_core.experiment.results import evaluation

#: Of ten rows of the class in each of three folds.
FOUND = {"threshold/logistic": ([8, 8, 7], [4, 3, 4]), "smote/logistic": ([8, 7, 7], [6, 6, 7])}


@pytest.fixture
def told(finished):
    """The finished run, as if some of its arms were networks."""
    e = evaluation(finished.store, finished.run)
    decisions = dict(e.decisions)
    for arm, found in FOUND.items():
        cells = (Attacked(0.1, (10, 10), (c, c), (f, f)) for c, f in zip(*found, strict=True))
        decisions[arm] = replace(decisions[arm], attacked=tuple(cells))
    return replace(e, decisions=decisions)


def test_it_is_said_of_ticked_networks_alone(told, monkeypatch):
    lines: list[str] = []
    monkeypatch.setattr(st, "caption", lines.append)
    robustness_told(told, ["random_under/logistic"])
    assert not lines
    robustness_told(told, ["random_under/logistic", "smote/logistic", "threshold/logistic"])
    (text,) = lines
    assert "“rare”, each number moved by up to 0.1 standard deviations" in text
    assert len(text.splitlines()) == 4
    assert (
        "63.3% found, 73.3% without attack; of all classes alike 63.3% told right, +0.267" in text
    )
    assert "by its own slope (95% interval" in text
    assert "36.7% found, 76.7% without attack; of all classes alike 36.7% told right." in text


def test_where_folds_give_no_interval_that_is_said(told, monkeypatch):
    """Two gains that are alike have no spread to tell one by."""
    lines: list[str] = []
    monkeypatch.setattr(st, "caption", lines.append)
    monkeypatch.setattr(Robustness, "gain_interval", (float("nan"), 1.0))
    robustness_told(told, ["smote/logistic"])
    (text,) = lines
    assert "+0.267 against the untreated model" in text
    assert "(these folds give no interval)." in text


def test_where_nothing_was_attacked_nothing_is_said(finished, run_page):
    app = run_page("compare")
    assert not any("Under attack" in c.value for c in app.caption)
