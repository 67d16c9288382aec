"""Which arms have learned from rows without a label, too, and from how many."""

from __future__ import annotations

import streamlit as st

from app.components.texts import counted, joined, plain
from app.components.words import arm_labels
from rebal_core.evaluation import Evaluation
from rebal_core.strategies import takes_unlabelled


def unlabelled_told(evaluation: Evaluation) -> None:
    """Say below the table which arms had more rows to learn from; nothing where none had."""
    labels, rows = arm_labels(evaluation, short=True), evaluation.facts.get("unlabelled", 0)
    took = [a for a in evaluation.arms if a.status == "done" and takes_unlabelled(a.arm)]
    if not took or not rows:
        return
    words = counted(
        "Learned from 1 row without a label, too: {arms}. No other arm did.",
        "Learned from {n} rows without a label, too: {arms}. No other arm did.",
        rows,
        arms=joined((plain(labels[arm.name]) for arm in took), strong=True),
    )
    st.caption(words)
