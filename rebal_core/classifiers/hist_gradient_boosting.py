"""Histogram gradient boosting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier

from rebal_core.classifiers import binning
from rebal_core.classifiers.base import CLASSIFIERS, DEPTH, FIXED, Classifier, SklearnModel
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
    depth = params.pop("max_depth") or None
    model = HistGradientBoostingClassifier(
        early_stopping=False, random_state=seed, max_depth=depth, **params
    )
    return SklearnModel(model, "ordinal", "trees")


def too_small_or_too_many(facts: TableFacts, left: int) -> Text | None:
    """Tell when boosting finds nothing to split, or has a tree for each of too many classes."""
    if len(facts.counts) > _MAX_CLASSES:
        return Text(
            "Boosting grows one tree a class in every round; {classes} classes are too many (at "
            "most {most}). Choose {classifier}, {classifier2} or {classifier3}.",
            {
                "classes": facts.classes,
                "most": _MAX_CLASSES,
                "classifier": "logistic",
                "classifier2": "random_forest",
                "classifier3": "mlp",
            },
        )
    if left < 2 * _SMALLEST_LEAF:
        return Text(
            "Boosting cannot split the {left} rows that are left to learn from in a training part "
            "(it needs {least}, twice its smallest leaf); choose {classifier} or {classifier2}.",
            {
                "left": left,
                "least": 2 * _SMALLEST_LEAF,
                "classifier": "logistic",
                "classifier2": "random_forest",
            },
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
            DEPTH,
            Number(
                "max_features",
                "Part of the columns",
                "Looked at for each cut, drawn anew; 1 is all.",
                1.0,
                0.01,
                1.0,
            ),
        ),
        later=("max_depth", "max_features"),
        seconds=_seconds,
        trusted=(
            "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
            "sklearn.tree._tree.Tree",
        ),
        explain="trees",
        unsuitable=too_small_or_too_many,
    )
)
