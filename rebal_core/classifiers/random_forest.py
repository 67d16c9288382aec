"""Random forest."""

from __future__ import annotations

from typing import Any

from sklearn.ensemble import RandomForestClassifier

from rebal_core.classifiers.base import CLASSIFIERS, Classifier, SklearnModel


def _make(seed: int, **params: Any) -> SklearnModel:
    return SklearnModel(RandomForestClassifier(n_jobs=1, random_state=seed, **params), "ordinal")


random_forest = CLASSIFIERS.add(
    Classifier(
        name="random_forest",
        label="Random forest",
        family="trees",
        aliases=("rf", "forest", "随机森林"),
        reference="Breiman (2001), Machine Learning 45, 5-32",
        about="The average of many deep trees, each grown on a bootstrap of the rows. Needs no "
        "tuning; memorises copied rows.",
        make=_make,
        defaults=(("n_estimators", 100), ("min_samples_leaf", 1)),
        explain="trees",
    )
)
