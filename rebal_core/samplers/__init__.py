"""Samplers as recipes: which rows stay, which are copied, which lie between which parents."""

from rebal_core.samplers.base import ToCounts, counts_after
from rebal_core.samplers.chain import fold_of, run_steps
from rebal_core.samplers.enn import ENN
from rebal_core.samplers.neighbors import Graphs, nearest, space_of
from rebal_core.samplers.plain import RowSampler
from rebal_core.samplers.random import RandomOver, RandomUnder
from rebal_core.samplers.smote import SMOTE
from rebal_core.samplers.smote_enn import SMOTEENN

__all__ = [
    "ENN",
    "SMOTE",
    "SMOTEENN",
    "Graphs",
    "RandomOver",
    "RandomUnder",
    "RowSampler",
    "ToCounts",
    "counts_after",
    "fold_of",
    "nearest",
    "run_steps",
    "space_of",
]
