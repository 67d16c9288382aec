"""The registry of classifiers; each does its own encoding, after the sampler."""

from rebal_core.classifiers import (  # noqa: F401, I001  (the order is the order of the pickers)
    logistic,
    linear_svm,
    random_forest,
    extra_trees,
    hist_gradient_boosting,
    lightgbm,
    decision_tree,
    rbf_svm,
    knn,
    naive_bayes,
    torch_logistic,
    mlp,
    tabm,
    ft_transformer,
    tabicl,
    prior,
)
from rebal_core.classifiers.base import CLASSIFIERS, Classifier, SklearnModel
from rebal_core.classifiers.knn import NeighborsModel
from rebal_core.classifiers.lightgbm import LightGBMModel
from rebal_core.classifiers.margins import MarginModel, StoredMargins
from rebal_core.classifiers.naive_bayes import BayesModel
from rebal_core.classifiers.net import NetModel
from rebal_core.classifiers.random_forest import ForestModel
from rebal_core.classifiers.tabicl import TabICLModel
from rebal_core.model import Model

#: Models by the name under which a file tells them.
MODELS: dict[str, type[Model]] = {
    model.kind: model
    for model in (
        SklearnModel,
        NetModel,
        StoredMargins,
        NeighborsModel,
        BayesModel,
        LightGBMModel,
        TabICLModel,
    )
}

__all__ = [
    "CLASSIFIERS",
    "MODELS",
    "BayesModel",
    "Classifier",
    "ForestModel",
    "LightGBMModel",
    "MarginModel",
    "NeighborsModel",
    "NetModel",
    "SklearnModel",
    "TabICLModel",
]
