"""What networks still find under attack, beside their verdicts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.components.texts import change, interval, plain, share
from app.components.words import arm_labels
from app.i18n import _
from rebal_core.evaluation import Evaluation
from rebal_core.evaluation.robustness import Robustness, robustness


def robustness_told(evaluation: Evaluation, arms: Sequence[str]) -> None:
    """Say below the table how the ticked networks stand an attack; nothing where none is one."""
    found = {arm: robustness(evaluation, arm) for arm in arms}
    told = {arm: one for arm, one in found.items() if one is not None and one.rows}
    if not told:
        return
    labels = arm_labels(evaluation)
    words = _(
        "Under attack: test rows of “{label}”, each number moved by up to {reach} standard "
        "deviations to where the model errs; all classes are taken for equally frequent. No "
        "verdict goes by it."
    ).format(
        label=plain(evaluation.classes[evaluation.focus], 40),
        reach=next(iter(told.values())).reach,
    )
    lines = [f"- {_line(plain(labels[arm]), one)}" for arm, one in told.items()]
    st.caption("\n".join([f":material/shield: {words}", "", *lines]))


def _line(arm: str, one: Robustness) -> str:
    """Return what one model finds of rows as they are and under attack."""
    parts = {"arm": arm, "clean": share(one.clean), "found": share(one.found.gain)}
    parts["even"] = share(one.even.gain)
    if one.gain is None or not np.isfinite(one.gain.gain):
        return _(
            "{arm}: {found} found, {clean} without attack; of all classes alike {even} told right."
        ).format(**parts)
    words = _(
        "{arm}: {found} found, {clean} without attack; of all classes alike {even} told right, "
        "{gain} against the untreated model, attacked by its own slope (95% interval {span})."
    )
    if not np.isfinite(one.gain_interval).all():  # such as the same gain in both of two folds
        words = _(
            "{arm}: {found} found, {clean} without attack; of all classes alike {even} told "
            "right, {gain} against the untreated model, attacked by its own slope (these folds "
            "give no interval)."
        )
    span = interval(*one.gain_interval, to=_("to"))
    return words.format(gain=change(one.gain.gain), span=span, **parts)
