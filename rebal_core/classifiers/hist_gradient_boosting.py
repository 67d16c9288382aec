"""Histogram gradient boosting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier

from rebal_core.classifiers import binning
from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier, SklearnModel
from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.wording import Text

_MAX_CLASSES = 200
_SMALLEST_LEAF = 20

#: Processor seconds of trees x columns (all 256 bins of each are searched at every node), and the
#: same x rows. Fewer rows than the last make fewer nodes.
_COLUMN, _VALUE, _ROWS = 2e-4, 8e-9, 1_200

binning.install()


def _make(seed: int, **params: Any) -> SklearnModel:
    # Early stopping would hold out copies after oversampling and real rows without: unequal arms.
    model = HistGradientBoostingClassifier(early_stopping=False, random_state=seed, **params)
    return SklearnModel(model, "ordinal", "trees")


def _unsuitable(facts: TableFacts, left: int) -> Text | None:
    if len(facts.counts) > _MAX_CLASSES:
        return Text(
            "Boosting grows one tree a class in every round; {classes} classes are too many (at "
            "most {most}). Choose logistic, random_forest or mlp.",
            {"classes": facts.classes, "most": _MAX_CLASSES},
        )
    if left < 2 * _SMALLEST_LEAF:
        return Text(
            "Boosting cannot split the {left} rows that are left to learn from in a training part "
            "(it needs {least}, twice its smallest leaf); choose logistic or random_forest.",
            {"left": left, "least": 2 * _SMALLEST_LEAF},
        )
    return None


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    trees: int = params["max_iter"] * (1 if facts.classes == 2 else facts.classes)
    a_column = _COLUMN * min(1.0, facts.rows / _ROWS)
    return FIXED + trees * facts.width * (a_column + _VALUE * facts.rows)


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
        parameters=(
            Number("max_iter", "Rounds", "Trees a class, one after the other.", 100, 1, 5000),
            Number(
                "learning_rate",
                "Learning rate",
                "How much each tree counts: the smaller, the more rounds it takes.",
                0.1,
                1e-4,
                1.0,
            ),
            Number("max_leaf_nodes", "Leaves of a tree", "More see finer patterns.", 31, 2, 10_000),
            Number(
                "min_samples_leaf",
                "Smallest leaf",
                "Rows that a leaf of a tree must hold: more make smoother probabilities.",
                _SMALLEST_LEAF,
                1,
                10_000,
            ),
            Number(
                "l2_regularization",
                "Penalty of leaves",
                "Without one the leaves of tiny classes explode.",
                1.0,
                0.0,
                1e4,
            ),
        ),
        seconds=_seconds,
        trusted=(
            "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
            "sklearn.tree._tree.Tree",
        ),
        explain="trees",
        unsuitable=_unsuitable,
    )
)
