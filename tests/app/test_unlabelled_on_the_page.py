"""Which arms had rows without a label to learn from, below the table of the Compare page."""

from dataclasses import replace

import pytest
import streamlit as st

from app.components.unlabelled import unlabelled_told
from rebal_core.arm import Arm
from rebal_core.experiment.results import evaluation


@pytest.mark.parametrize(("rows", "words"), [(1, "1 row without"), (1234, "1,234 rows without")])
def test_arms_are_named_that_learned_from_more_rows_and_from_how_many(
    finished, monkeypatch, rows, words
):
    e = evaluation(finished.store, finished.run)
    lines: list[str] = []
    monkeypatch.setattr(st, "caption", lines.append)
    more = {**e.facts, "unlabelled": rows}
    unlabelled_told(replace(e, facts=more))
    assert not lines, "no arm learns from such rows"
    arms = [
        replace(a, arm=Arm("consistency", "mlp")) if a.name == "smote/logistic" else a
        for a in e.arms
    ]
    taught = replace(e, arms=tuple(arms))
    unlabelled_told(replace(taught, facts={**e.facts, "unlabelled": 0}))
    assert not lines, "there are none"
    unlabelled_told(replace(taught, facts=more))
    (text,) = lines
    assert words in text
    assert "Consistency" in text
    assert "SMOTE" not in text
