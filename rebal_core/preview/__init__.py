"""What a strategy does to the training rows of one fold, before anything is trained."""

from rebal_core.preview.effect import Effect, effect_of, rows_to_look_at
from rebal_core.preview.part import MOST_ROWS, TrainingPart, training_counts, training_part
from rebal_core.preview.picture import Picture, picture_of
from rebal_core.preview.plane import Plane

__all__ = [
    "MOST_ROWS",
    "Effect",
    "Picture",
    "Plane",
    "TrainingPart",
    "effect_of",
    "picture_of",
    "rows_to_look_at",
    "training_counts",
    "training_part",
]
