"""The registry of classifiers; each does its own encoding, after the sampler."""

from rebal_core.classifiers import (  # noqa: F401, I001  (the order is the order of the pickers)
    logistic,
    random_forest,
    hist_gradient_boosting,
    mlp,
    prior,
)
from rebal_core.classifiers.base import CLASSIFIERS, Classifier, SklearnModel
from rebal_core.classifiers.mlp import MLPModel
from rebal_core.classifiers.random_forest import ForestModel

__all__ = [
    "CLASSIFIERS",
    "Classifier",
    "ForestModel",
    "MLPModel",
    "SklearnModel",
]
