"""How the probabilities of the arms were put right, and whose percentages not to trust."""

from __future__ import annotations

import streamlit as st

from app.components.texts import number, plain
from app.components.words import arm_labels
from app.i18n import _, message
from rebal_core.evaluation import Evaluation

#: What each repair does, in words.
REPAIRS = {
    "none": message("as the model says them"),
    "prior": message("the shift of the class shares undone"),
    "sigmoid": message("recalibrated by a sigmoid"),
    "temperature": message("recalibrated by a temperature"),
    "intercepts": message("recalibrated by a temperature and an intercept a class"),
    "prior+sigmoid": message("class shares undone, then recalibrated by a sigmoid"),
    "prior+temperature": message("class shares undone, then recalibrated by a temperature"),
    "prior+intercepts": message(
        "class shares undone, then recalibrated by a temperature and an intercept a class"
    ),
}


def repairs_told(evaluation: Evaluation) -> None:
    """Say below the table which arm was repaired how, and which one is not to be trusted."""
    labels = arm_labels(evaluation, short=True)
    together: dict[str, list[str]] = {}
    for arm in evaluation.arms:
        if arm.status != "done" or arm.dummy:
            continue
        together.setdefault(evaluation.repair(arm.name).name, []).append(labels[arm.name])
        warning = distrust(evaluation, arm.name)
        if warning:
            st.caption(f":material/warning: {plain(labels[arm.name])}: {warning}")
    parts = [
        f"{_(REPAIRS[name])} ({plain(', '.join(arms), 500)})"
        for name, arms in sorted(together.items(), key=lambda item: list(REPAIRS).index(item[0]))
    ]
    if parts:
        words = _("Probabilities, put right by what the other folds chose: {repairs}.")
        st.caption(words.format(repairs=" · ".join(parts)))


def distrust(evaluation: Evaluation, arm: str) -> str | None:
    """Return why the percentages of an arm cannot be trusted; None where they can."""
    repair = evaluation.repair(arm)
    if repair.trusted:
        return None
    ratios = [
        f"{plain(evaluation.classes[k], 40)} {number(repair.ratios[k], 2)}"
        for k in repair.strays[:3]
    ]
    words = _(
        "its probabilities cannot be trusted: predicted against observed (E/O) is {ratios}, "
        "outside 0.8 to 1.25."
    )
    return words.format(ratios=", ".join(ratios))
