"""Samplers as recipes: which rows stay, which are copied, which lie between which parents."""

from rebal_core.samplers.base import ToCounts, counts_after
from rebal_core.samplers.border import ADASYN, BorderlineSMOTE
from rebal_core.samplers.chain import fold_of, run_steps
from rebal_core.samplers.enn import ENN
from rebal_core.samplers.kmeans_smote import KMeansSMOTE
from rebal_core.samplers.nearness import Near, seen_by
from rebal_core.samplers.neighbors import Graphs
from rebal_core.samplers.over import OverSampler
from rebal_core.samplers.plain import RowSampler
from rebal_core.samplers.random import RandomOver, RandomUnder
from rebal_core.samplers.searching import nearest
from rebal_core.samplers.smooth import MGS, ROSE
from rebal_core.samplers.smote import SMOTE
from rebal_core.samplers.smote_enn import SMOTEENN
from rebal_core.samplers.spaces import space_of
from rebal_core.samplers.svm_smote import SVMSMOTE

__all__ = [
    "ADASYN",
    "ENN",
    "MGS",
    "ROSE",
    "SMOTE",
    "SMOTEENN",
    "SVMSMOTE",
    "BorderlineSMOTE",
    "Graphs",
    "KMeansSMOTE",
    "Near",
    "OverSampler",
    "RandomOver",
    "RandomUnder",
    "RowSampler",
    "ToCounts",
    "counts_after",
    "fold_of",
    "nearest",
    "run_steps",
    "seen_by",
    "space_of",
]
