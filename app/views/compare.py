"""Does it help, how sure, which classes, at which cut-off."""

import streamlit as st

from app.components.arms_filters import filters
from app.components.arms_table import arms_frame, arms_table, heading
from app.components.compare_more import more_views
from app.components.cutoff import cutoff_panels
from app.components.gains import gains
from app.components.judged import require_evaluation
from app.components.repairs import repairs_told
from app.components.robust import robustness_told
from app.components.spent import spent_told
from app.components.states import after_first_screen, require_run, waiting
from app.components.unlabelled import unlabelled_told
from app.components.unused import unused_columns
from app.components.verdict import failed_arms, not_finished, verdict_actions, verdict_card
from app.i18n import _

run = require_run()
if run.state != "done":
    not_finished(run)
with waiting(f"evaluation {run.run}", 110, 40, 420):
    evaluation = require_evaluation(run)
verdict_card(evaluation)
verdict_actions(run, evaluation)
if evaluation.scores:
    focus, against, classifiers = filters(evaluation)
    # Five columns on a laptop, two on half a screen, so that the chart fills its row there.
    grid = st.grid(5, min_column_width=241, gap="medium")
    with grid.cell(column_span=3):
        words, elsewhere = heading(evaluation, focus)
        st.subheader(
            words,
            anchor=False,
            help=_("Tick up to five arms: they are drawn in the panels below."),
        )
        if elsewhere:
            st.caption(elsewhere)
        frame = arms_frame(evaluation, focus, classifiers)
        arms = arms_table(run.run, evaluation, frame, focus, against)
        failed_arms(evaluation)
        repairs_told(evaluation)
        spent_told(evaluation)
        robustness_told(evaluation, arms)
        unlabelled_told(evaluation)
    with grid.cell(column_span=2):
        gains(evaluation)
    after_first_screen()
    # Of many classes, which of them gain comes before the cut-off of one.
    parts = [cutoff_panels, more_views]
    for part in parts if evaluation.binary else reversed(parts):
        part(run.run, evaluation, arms, focus)
unused_columns(evaluation.facts.get("unused", []))
