"""Scores by how many rows are made, or by whatever amount was set in several ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.components.charts import draw, is_dark
from app.components.words import arm_label, metric_label
from app.i18n import _
from rebal_core.evaluation import Evaluation
from rebal_core.evaluation.amounts import by_amount
from rebal_core.figures.amounts import amount_curve
from rebal_core.strategies import STRATEGIES


def amounts(run: int, evaluation: Evaluation, arms: Sequence[str], focus: int | None) -> None:
    """Draw a figure for each remedy of which several amounts were compared, of all its models."""
    known = {told.name: told.arm for told in evaluation.arms}
    score = metric_label(evaluation.protocol.metric)
    grid = st.grid(2, min_column_width=380, gap="medium")
    frame = by_amount(evaluation)
    for kind, name in frame[["kind", "parameter"]].drop_duplicates().to_numpy().tolist():
        lines = frame[(frame["kind"] == kind) & (frame["parameter"] == name)]
        amounts = lines[lines["amount"] > 0].drop_duplicates("classifier")
        labels = {}
        for classifier, arm in zip(amounts["classifier"], amounts["arm"], strict=True):
            rest = tuple(pair for pair in known[arm].params if pair[0] != name)
            label = arm_label(replace(known[arm], params=rest), evaluation.classes)
            remedy, _dot, labels[classifier] = label.rpartition(" · ")
        parameter = STRATEGIES[known[arm].strategy].parameters[name]
        with grid.cell():
            st.markdown(f"**{remedy}**")
            figure = amount_curve(
                lines, amount=_(parameter.label), score=score, labels=labels, dark=is_dark()
            )
            draw(figure, f"compare_amounts_{kind}_{name}")
    st.caption(_("At 0 stands the untreated model. Bars are 95 % intervals of the score itself."))
