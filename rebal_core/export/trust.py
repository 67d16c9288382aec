"""Trees from a file are walked by compiled code that checks no index: so they are checked here."""

from __future__ import annotations

from typing import Any

import numpy as np

from rebal_core.classifiers import Model, SklearnModel


def refuse_bad_trees(model: Model) -> None:
    """Refuse trees whose links lead outside or in circles, or that ask for absent columns.

    Raises
    ------
    ValueError
    """
    if not isinstance(model, SklearnModel):
        return
    estimator = model.estimator
    width = int(getattr(estimator, "n_features_in_", 0))
    for tree in (e.tree_ for e in getattr(estimator, "estimators_", ())):
        leaf = tree.children_left < 0
        _check(tree.children_left, tree.children_right, tree.feature, leaf, width)
    for trees in getattr(estimator, "_predictors", ()):
        for tree in trees:
            nodes = tree.nodes
            leaf = nodes["is_leaf"].astype(bool)
            _check(nodes["left"], nodes["right"], nodes["feature_idx"], leaf, width)
            if (nodes["is_categorical"].astype(bool) & ~leaf).any():
                raise ValueError("a split by native categories, which our models never make")


def _check(left: Any, right: Any, feature: Any, leaf: Any, width: int) -> None:
    """Growers number children after their parent, so a link forward can make no circle."""
    place = np.arange(len(leaf))
    for child in (left.astype(np.int64), right.astype(np.int64)):
        if ((child <= place) | (child >= len(leaf)))[~leaf].any():
            raise ValueError("a tree with a broken link")
    if ((feature < 0) | (feature >= width))[~leaf].any():
        raise ValueError("a tree that asks for a column that is not there")
