"""Are the made rows any good? Which arm's, judged by the engine when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import run_cache
from app.components.linked import asked, begin
from app.components.made_rows_panels import panels
from app.components.task import follow_job, start_job
from app.components.words import arm_labels, arm_marks, families
from app.i18n import _
from app.state import write_view
from rebal_core.evaluation import Evaluation
from rebal_core.strategies import strategy_of

#: Origins of rows that were nowhere before; a copy needs no judgement.
NEW = ("interpolated", "generated", "adversarial")


def made_rows(run: int, evaluation: Evaluation, arms: Sequence[str], focus: int | None) -> None:
    """Let the reader choose an arm that makes rows, and tell how good they are."""
    st.subheader(
        _("Are the made rows any good?"),
        anchor=False,
        help=_(
            "The rows that a remedy added in the fold that Export hands over, beside the real rows "
            "that they were made from, and judged by the real test rows of that fold."
        ),
    )
    makers = makers_of(evaluation)
    if not makers:
        st.caption(_("No arm of this run makes new rows; SMOTE, the copula and others do."))
        return
    arm = _pick(evaluation, makers)
    key, found = f"made_{run}_{arm}", run_cache.made_rows(run, arm)
    if found is None:
        if follow_job(key, _("Judging the made rows")):
            return
        found = run_cache.made_rows(run, arm)
    if found is not None:
        panels(found)
    elif st.button(_("Judge the made rows"), key=f"compare_judge_{arm}"):
        start_job(key, "synthetic", {"run": run, "arm": arm}, run_cache.run_dataset(run))
        st.rerun()


def makers_of(evaluation: Evaluation) -> list[str]:
    """Return the finished arms that add rows which were nowhere before, in their order."""
    return [
        arm.name
        for arm in evaluation.arms
        if arm.status == "done" and any(s.makes in NEW for s in strategy_of(arm.arm).samplers)
    ]


def preset_of(evaluation: Evaluation, makers: Sequence[str]) -> str:
    """Return the arm that helps most, else the first that learns classes, else the first."""
    known = {name: evaluation.verdicts[name] for name in makers if name in evaluation.verdicts}
    helping = [name for name, verdict in known.items() if verdict.code == "HELPS"]
    if helping:
        return max(helping, key=lambda name: known[name].vs_best.gain)
    kinds = families(evaluation)
    return next((name for name in makers if kinds[name] == "synthesis"), makers[0])


def _pick(evaluation: Evaluation, makers: list[str]) -> str:
    labels, preset = arm_labels(evaluation), preset_of(evaluation, makers)
    marks = arm_marks(a.arm for a in evaluation.arms)
    if "compare_made_arm" not in st.session_state:
        begin("compare_made_arm", next(iter(asked("made", makers)), preset))
    arm = st.selectbox(
        _("Arm"),
        makers,
        format_func=lambda name: f"{marks[name]} {labels[name]}",
        key="compare_made_arm",
        width=380,
    )
    write_view("made", [] if arm == preset else [arm])
    return str(arm)
