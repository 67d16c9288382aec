"""The gain of each arm over its own untreated model, with its interval."""

from __future__ import annotations

import streamlit as st

from app.components.charts import compare_words, draw, is_dark
from app.components.texts import plain
from app.components.words import arm_labels, families, gain_digits, metric_label
from app.i18n import _
from rebal_core.evaluation import Evaluation
from rebal_core.figures.compare import forest


def gains(evaluation: Evaluation) -> None:
    """Draw the gains, and say what each is a gain over: an arm has two of them on this page."""
    words = _("Gain in {metric}, 95% interval")
    st.subheader(
        words.format(metric=metric_label(evaluation.protocol.metric)),
        anchor=False,
        help=_("The intervals allow for all arms that were tried."),
    )
    best = evaluation.run.best_untreated
    if best is not None:
        words = _(
            "Each arm against the untreated model of its own kind; “vs best” in the table is "
            "against the best untreated model, {arm}."
        )
        st.caption(words.format(arm=plain(arm_labels(evaluation, short=True)[best])))
    margins = [v.margin for v in evaluation.verdicts.values()]
    figure = forest(
        evaluation.differences(),
        families(evaluation),
        margin=max(margins, default=evaluation.protocol.margin),
        labels=arm_labels(evaluation, short=True),
        best=evaluation.run.best_remedy,
        digits=gain_digits(evaluation.protocol.metric),
        words=compare_words(),
        dark=is_dark(),
    )
    draw(figure, "compare_forest")
