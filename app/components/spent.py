"""What decisions cost that go by known costs, beside those of the usual cut-off."""

from __future__ import annotations

import streamlit as st

from app.components.texts import number, plain
from app.components.words import arm_labels
from app.i18n import _
from rebal_core.evaluation import Evaluation


def spent_told(evaluation: Evaluation) -> None:
    """Say below the table what each arm saves that decides by costs; nothing where none does."""
    labels = arm_labels(evaluation)
    for arm, verdict in evaluation.verdicts.items():
        spent = evaluation.spent(arm)
        if spent is None:
            continue
        own, usual = spent
        words = (
            _(
                "{arm}: its decisions cost {own} in 1,000 rows, those of {reference} {usual}; "
                "it saves {saved}."
            )
            if own <= usual
            else _(
                "{arm}: its decisions cost {own} in 1,000 rows, those of {reference} {usual}; it "
                "loses {saved}."
            )
        )
        st.caption(
            words.format(
                arm=plain(labels[arm]),
                reference=plain(labels[str(verdict.reference)]),
                own=number(own, 1),
                usual=number(usual, 1),
                saved=number(abs(usual - own), 1),
            )
        )
