"""Extremely randomised trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.ensemble import ExtraTreesClassifier

from rebal_core.classifiers.base import CLASSIFIERS, DEPTH, Classifier
from rebal_core.classifiers.random_forest import (
    COLUMNS,
    LEAF,
    TREES,
    ForestModel,
    deepest,
    grow_seconds,
)
from rebal_core.facts import TableFacts

#: Cuts are drawn, not searched: so much of the time of a random forest.
_DRAWN = 0.6


def _make(seed: int, **params: Any) -> ForestModel:
    forest = ExtraTreesClassifier(n_jobs=1, random_state=seed, **deepest(params))
    return ForestModel(forest, "ordinal", "trees")


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    return _DRAWN * grow_seconds(facts, params["n_estimators"])


extra_trees = CLASSIFIERS.add(
    Classifier(
        name="extra_trees",
        label="Extra trees",
        family="trees",
        aliases=("et", "extremely_randomized_trees", "极端随机树", "极限树"),
        reference="Geurts, Ernst & Wehenkel (2006), Machine Learning 63, 3-42",
        about="A forest that cuts at random places, each tree on all rows. Faster than a random "
        "forest and smoother; memorises copied rows.",
        make=_make,
        parameters=(TREES, LEAF, DEPTH, COLUMNS),
        seconds=_seconds,
        trusted=("sklearn.tree._tree.Tree",),
        explain="trees",
    )
)
