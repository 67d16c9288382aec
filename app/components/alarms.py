"""What makes the numbers of a run look too good, and the two clicks that answer it."""

from __future__ import annotations

import streamlit as st

from app import run_cache
from app.components.states import told
from app.components.texts import in_a_row, plain
from app.components.words import arm_labels, tell
from app.i18n import _
from app.state import look_at, store
from rebal_core.codes import ALARMS
from rebal_core.evaluation import Evaluation
from rebal_core.experiment.client import submit
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.results import trust
from rebal_core.store.rows import RunRow


def alarm_boxes(run: RunRow, evaluation: Evaluation) -> None:
    """Draw a box for each alarm; one that speaks of a column offers to trust or to drop it."""
    labels = arm_labels(evaluation)
    for place, alarm in enumerate(evaluation.alarms):
        title = ALARMS[alarm.code].render(_)
        words = plain(in_a_row(tell(alarm.texts, labels)), 800)
        with st.container(border=True):
            st.markdown(f":material/warning: **{title}**  \n{words}")
            if alarm.open and alarm.column is not None:
                _answers(run, alarm.column, place)


def _answers(run: RunRow, column: str, place: int) -> None:
    with st.container(horizontal=True):
        if st.button(_("It is known before"), key=f"compare_trust_{place}"):
            with told():
                trust(store(), run.run, column)
                run_cache.forget_evaluations()
                st.rerun()
        words = _("Leave it out and run again")
        if st.button(words, key=f"compare_drop_{place}", type="tertiary"):
            with told():
                plan = Plan.from_dict(run.plan).without(column)
                look_at(dataset=run.dataset, run=submit(store(), plan))
                st.switch_page("views/run.py")
