"""How the networks of a ranking learn: while they do, and afterwards."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from app.components.charts import draw, is_dark, training_words
from app.components.legend import lines_of
from app.components.lists_words import arm_name, families
from app.i18n import _
from app.state import store
from rebal_core.experiment.files import OWN_EPOCH
from rebal_core.experiment.ranked import Ranked
from rebal_core.figures import training
from rebal_core.figures.theme import family_style
from rebal_core.store.rows import RunRow


def live_training(run: RunRow) -> None:
    """Draw how the network learns that is at work, or was last."""
    told = store().events(run.run)
    if OWN_EPOCH not in told:
        return
    told = told[told["epoch"] > 0]
    last = told[told["fit"] == told["fit"].max()]
    arm = str(last["arm"].iloc[-1])
    epochs = last.assign(epoch=last[OWN_EPOCH].astype(int))
    _curves(arm_name(arm), epochs, family_style("ranking").color(is_dark()))


def training_told(ranked: Ranked) -> None:
    """Draw how the network of an arm has learned, where the arms have any."""
    stories = {a["arm"]: a["epochs"] for a in ranked.report["arms"] if a.get("epochs")}
    if not stories:
        return
    st.subheader(_("How networks learn"), anchor=False)
    arm = next(iter(stories))
    if len(stories) > 1:
        arm = st.selectbox(
            _("Arm"),
            list(stories),
            format_func=arm_name,
            key="lists_learner",
            label_visibility="collapsed",
        )
    color = family_style(families(ranked)[arm]).color(is_dark())
    _curves(arm_name(arm), pd.DataFrame(stories[arm]), color)


def _curves(name: str, epochs: pd.DataFrame, color: str) -> None:
    """Draw losses beside what the lists are worth on events set aside to stop by."""
    parts = [name, _("epoch {n}").format(n=int(epochs["epoch"].iloc[-1]))]
    best = training.best_epoch(epochs)
    if best is not None:
        parts.append(_("best {n}").format(n=best))
    st.caption(" · ".join(parts))
    held = training.is_held(epochs)
    if not held:
        epochs = epochs.assign(loss=epochs["training_loss"])
    words, dark = training_words(), is_dark()
    words = replace(
        words,
        held=_("loss on events set aside"),
        other=_("loss in training"),
    )
    left, right = st.columns(2)
    with left:
        figure = training.losses(epochs, color=color, same=False, words=words, dark=dark)
        lines_of(figure)
        draw(figure, "lists_losses")
    if held:
        with right:
            st.caption(_("NDCG@10 of events set aside to stop by"))
            draw(training.of_all(epochs, "ndcg", words=words, dark=dark), "lists_learned")
