"""Histogram gradient boosting."""

from __future__ import annotations

from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier

from rebal_core.classifiers import binning
from rebal_core.classifiers.base import CLASSIFIERS, Classifier, Facts, SklearnModel

_MAX_CLASSES = 200
_SMALLEST_LEAF = 20

binning.install()


def _make(seed: int, **params: Any) -> SklearnModel:
    # Early stopping would hold out copies after oversampling and real rows without: unequal arms.
    model = HistGradientBoostingClassifier(early_stopping=False, random_state=seed, **params)
    return SklearnModel(model, "ordinal")


def _unsuitable(facts: Facts, left: int) -> str | None:
    if len(facts.counts) > _MAX_CLASSES:
        return (
            f"Boosting grows one tree a class in every round; {len(facts.counts)} classes are "
            f"too many (at most {_MAX_CLASSES}). Choose logistic, random_forest or mlp."
        )
    if left < 2 * _SMALLEST_LEAF:
        return (
            f"Boosting cannot split the {left} rows that are left to learn from in a training part "
            f"(it needs {2 * _SMALLEST_LEAF}, twice its smallest leaf); choose logistic or "
            "random_forest."
        )
    return None


hist_gradient_boosting = CLASSIFIERS.add(
    Classifier(
        name="hist_gradient_boosting",
        label="Gradient boosting",
        family="trees",
        aliases=("hgb", "boosting", "gradient_boosting", "gbdt", "梯度提升", "梯度提升树"),
        reference="Ke et al. (2017), LightGBM, NeurIPS 30; Friedman (2001), Ann. Stat. 29",
        about="Small trees added one after the other, each mending the errors so far. Usually the "
        "strongest on tables.",
        make=_make,
        # Without a penalty the leaves of a tiny class explode: they divide by p (1 - p).
        defaults=(
            ("max_iter", 100),
            ("learning_rate", 0.1),
            ("max_leaf_nodes", 31),
            ("min_samples_leaf", _SMALLEST_LEAF),
            ("l2_regularization", 1.0),
        ),
        explain="trees",
        unsuitable=_unsuitable,
    )
)
