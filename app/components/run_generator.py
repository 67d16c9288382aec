"""How a generator learns to make rows, on the Run page: its losses, and what its rows are worth."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.components.charts import draw, is_dark, training_words
from app.components.legend import lines_of
from app.i18n import _
from rebal_core.figures import training


def generator_curves(epochs: pd.DataFrame, others: Sequence[pd.DataFrame], color: str) -> None:
    """Draw what a generator has told.

    Parameters
    ----------
    epochs : DataFrame
        Of the fold that is looked at, see :func:`rebal_core.experiment.epochs.epochs_of`.
    others : sequence of DataFrame
        Of the other folds.
    color : str
        Of the arm.
    """
    words, dark = training_words(), is_dark()
    if training.latest(epochs, "use") is not None:
        figure = training.worth(epochs, others, color=color, words=words, dark=dark)
        lines_of(figure)
        draw(figure, "run_worth")
        st.caption(
            _(
                "Use: how well a fast classifier that learns from made rows finds their classes "
                "among real rows set aside (average precision). Shape: how alike made and real "
                "columns are. Both are 1 at best; the epoch of the greatest sum is kept."
            )
        )
    figure = training.generator_losses(epochs, color=color, words=words, dark=dark)
    lines_of(figure)
    draw(figure, "run_generator_losses")
    st.caption(_("These losses need not fall for the rows to be good; use and shape tell that."))
