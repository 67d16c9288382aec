"""How the probabilities of the arms were put right, and whose percentages not to trust."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from app.components.texts import bracketed, joined, number, plain
from app.components.words import arm_labels
from app.i18n import _, message
from rebal_core.decisions import REPAIRS
from rebal_core.decisions.repair import NAMES
from rebal_core.evaluation import Evaluation
from rebal_core.evaluation.repaired import ArmRepair


def repair_words(repair: str) -> str:
    """Return what a repair does, in words."""
    closed, _plus, name = repair.rpartition("+")
    if name in REPAIRS:
        return _(REPAIRS[name].after if closed else REPAIRS[name].label)
    plain = {
        "none": message("as the model says them"),
        "prior": message("the shift of the class shares undone"),
    }
    return _(plain[repair])


def repairs_told(evaluation: Evaluation) -> None:
    """Say below the table how many arms were repaired how, and which are not to be trusted."""
    labels = arm_labels(evaluation, short=True)
    done = [a.name for a in evaluation.arms if a.status == "done" and not a.dummy]
    repairs = {arm: evaluation.repair(arm) for arm in done}
    taken = Counter(repair.name for repair in repairs.values())
    strays = [
        bracketed(plain(labels[arm]), _ratios(evaluation, repair))
        for arm, repair in repairs.items()
        if not repair.trusted
    ]
    if strays:
        words = _(
            "Percentages not to be trusted, for predicted against observed (E/O) is outside 0.8 to "
            "1.25: {arms}."
        )
        st.caption(f":material/warning: {words.format(arms=joined(strays, strong=True))}")
    if taken:
        words = _("Probabilities were put right by what the other folds chose: {repairs}.")
        told = [
            _("{n} of {all} arms {repair}").format(
                n=taken[name], all=len(done), repair=repair_words(name)
            )
            for name in NAMES
            if taken[name]
        ]
        st.caption(words.format(repairs=joined(told, strong=True)))


def distrust(evaluation: Evaluation, arm: str) -> str | None:
    """Return why the percentages of an arm cannot be trusted; None where they can."""
    repair = evaluation.repair(arm)
    if repair.trusted:
        return None
    words = _(
        "its probabilities cannot be trusted: predicted against observed (E/O) is {ratios}, "
        "outside 0.8 to 1.25."
    )
    return words.format(ratios=_ratios(evaluation, repair))


def _ratios(evaluation: Evaluation, repair: ArmRepair) -> str:
    """Return E/O of the classes that it misses most: ``yes 1.41, maybe 0.72``."""
    return joined(
        f"{plain(evaluation.classes[k], 40)} {number(repair.ratios[k], 2)}"
        for k in repair.strays[:3]
    )
