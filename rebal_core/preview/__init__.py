"""What a strategy does to the training rows of one fold, before anything is trained."""

from rebal_core.preview.effect import Effect, effect_of, rows_to_look_at
from rebal_core.preview.part import MOST_ROWS, TrainingPart, training_counts, training_part
from rebal_core.preview.picture import Picture, picture_of
from rebal_core.preview.plane import Plane
from rebal_core.preview.side_by_side import Panel, makers, panel, panel_seconds, rows_for

__all__ = [
    "MOST_ROWS",
    "Effect",
    "Panel",
    "Picture",
    "Plane",
    "TrainingPart",
    "effect_of",
    "makers",
    "panel",
    "panel_seconds",
    "picture_of",
    "rows_for",
    "rows_to_look_at",
    "training_counts",
    "training_part",
]
