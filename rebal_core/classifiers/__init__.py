"""The registry of classifiers; each does its own encoding, after the sampler."""

from rebal_core.classifiers import (  # noqa: F401, I001  (the order is the order of the pickers)
    logistic,
    random_forest,
    hist_gradient_boosting,
    prior,
)
from rebal_core.classifiers.base import CLASSIFIERS, Classifier, Held, Model, Progress, SklearnModel

__all__ = ["CLASSIFIERS", "Classifier", "Held", "Model", "Progress", "SklearnModel"]
