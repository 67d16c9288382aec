"""A game of generator and critic on rows of a known density, as it was played once."""

from __future__ import annotations

import json
from importlib.resources import files

import pandas as pd
import streamlit as st

from app.components.charts import draw, is_dark, training_words
from app.components.legend import lines_of
from app.i18n import _
from rebal_core.figures import training
from rebal_core.figures.theme import palette


def rounds() -> pd.DataFrame:
    """Return what was told of each round, as ``benchmarks/game.py`` kept it."""
    return pd.DataFrame(json.loads((files("sample_data") / "game.json").read_text()))


def game() -> None:
    """Draw its losses, and what its rows were worth."""
    told, words, dark = rounds(), training_words(), is_dark()
    color = palette(dark).focus
    figures = {
        "losses": training.generator_losses(told, color=color, words=words, dark=dark),
        "worth": training.worth(told.drop(columns="shape"), color=color, words=words, dark=dark),
    }
    grid = st.grid(2, min_column_width=300, gap="medium")
    for name, figure in figures.items():
        with grid.cell():
            lines_of(figure)
            draw(figure, f"help_game_{name}")
    st.caption(_summary(told))


def _summary(told: pd.DataFrame) -> str:
    """Compare the round that was kept with that of the least loss."""
    rows = {row["epoch"]: row for row in told.to_dict("records")}
    best = rows[training.best_epoch(told)]
    least = min(rows.values(), key=lambda row: row["loss"])
    return _(
        "A real fit of cgan. The rare class lies in eight spots, and neither the generator nor the "
        "probe is told so. Epoch {best} is kept: {right:.0%} of its rows lie where real ones do, "
        "and their use is {use:.2f}. After epoch {least}, of the least loss, these are "
        "{right_then:.0%} and {use_then:.2f}."
    ).format(
        best=best["epoch"],
        right=best["right"],
        use=best["use"],
        least=least["epoch"],
        right_then=least["right"],
        use_then=least["use"],
    )
