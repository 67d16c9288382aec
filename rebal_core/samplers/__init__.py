"""Samplers as recipes: which rows stay, which are copied, which lie between which parents."""

from rebal_core.samplers.base import RowSampler, counts_after, materialise
from rebal_core.samplers.neighbors import Graphs, nearest, space_of
from rebal_core.samplers.random import RandomOver, RandomUnder
from rebal_core.samplers.smote import SMOTE
from rebal_core.samplers.smote_enn import SMOTEENN

__all__ = [
    "SMOTE",
    "SMOTEENN",
    "Graphs",
    "RandomOver",
    "RandomUnder",
    "RowSampler",
    "counts_after",
    "materialise",
    "nearest",
    "space_of",
]
