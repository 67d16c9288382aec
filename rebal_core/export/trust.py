"""An estimator from a file is one of ours, with nothing of its own, before it is asked anything."""

from __future__ import annotations

from typing import Any

import numpy as np

from rebal_core.classifiers import SklearnModel
from rebal_core.classifiers.sound_trees import refuse_bad_links
from rebal_core.model import Model


def refuse_strange_estimator(model: Model) -> None:
    """Refuse other types than our classifiers and strategies fit, and trees that are not sound.

    Raises
    ------
    ValueError
    """
    if not isinstance(model, SklearnModel):
        return
    from imblearn.ensemble import BalancedRandomForestClassifier
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    estimator = model.estimator
    kind = type(estimator)
    if kind in (RandomForestClassifier, BalancedRandomForestClassifier):
        _refuse_bad_forest(estimator)
    elif kind is HistGradientBoostingClassifier:
        _refuse_bad_boosting(estimator)
    elif kind not in (LogisticRegression, DummyClassifier):
        raise ValueError("a model of a foreign type")
    _refuse_own_ways(estimator)


def _refuse_own_ways(estimator: Any) -> None:
    """Refuse an estimator that brings a method of its own in place of its type's."""
    if any(callable(getattr(type(estimator), name, None)) for name in vars(estimator)):
        raise ValueError("a model with ways of its own")


def _refuse_bad_forest(forest: Any) -> None:
    """Refuse trees of another forest; their nodes were looked at when they were built."""
    from sklearn.tree import DecisionTreeClassifier
    from sklearn.tree._tree import Tree

    width, classes = int(forest.n_features_in_), len(forest.classes_)
    if type(forest.estimators_) is not list or not forest.estimators_:
        raise ValueError("a forest without trees")
    for one in forest.estimators_:
        if type(one) is not DecisionTreeClassifier or type(one.tree_) is not Tree:
            raise ValueError("a tree of a foreign type")
        _refuse_own_ways(one)
        if (one.tree_.n_features, one.tree_.max_n_classes) != (width, classes):
            raise ValueError("a tree of another forest")


def _refuse_bad_boosting(estimator: Any) -> None:
    from sklearn._loss.loss import HalfBinomialLoss, HalfMultinomialLoss
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    rounds = estimator._predictors
    if type(rounds) is not list or not all(type(trees) is list for trees in rounds):
        raise ValueError("boosting without rounds")
    if type(estimator._loss) not in (HalfBinomialLoss, HalfMultinomialLoss):
        raise ValueError("boosting by a foreign loss")
    if estimator._preprocessor is not None or np.any(estimator._bin_mapper.is_categorical_):
        raise ValueError("boosting on native categories, which our models never use")
    width = int(estimator.n_features_in_)
    for tree in (tree for trees in rounds for tree in trees):
        if type(tree) is not TreePredictor or type(tree.nodes) is not np.ndarray:
            raise ValueError("a tree of a foreign type")
        _refuse_own_ways(tree)
        nodes = tree.nodes
        if nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1:
            raise ValueError("a tree of other nodes")
        leaf = nodes["is_leaf"].astype(bool)
        refuse_bad_links(nodes["left"], nodes["right"], nodes["feature_idx"], leaf, width)
        if (nodes["is_categorical"].astype(bool) & ~leaf).any():
            raise ValueError("a split by native categories, which our models never make")
