"""The parts of a bundle that a stranger may have written are ours, and go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np

from rebal_core.classifiers import SklearnModel
from rebal_core.classifiers.encode import Encoding
from rebal_core.classifiers.sound_trees import refuse_bad_links
from rebal_core.data.preparing.preparation import Preparation
from rebal_core.data.reading.dates.layout import DateForm, is_sound
from rebal_core.data.reading.dates.times import BARE_FORMATS
from rebal_core.data.reading.forms import form_from
from rebal_core.decisions import FittedRepair
from rebal_core.ensembles import EnsembleModel, StackingModel
from rebal_core.model import Model
from rebal_core.rows import Floats
from rebal_core.schema import Fill, Kind, Role, Schema
from rebal_core.strategies import FittedArm, build_model


def refuse_unsound(fitted: FittedArm, schema: Schema, classes: Sequence[str], na: Any) -> None:
    """Refuse parts that no export of ours holds.

    Parameters
    ----------
    fitted : FittedArm
    schema : Schema
        Of the preparation.
    classes : sequence of str
        Labels by code.
    na : list of str
        Words for a missing value.

    Raises
    ------
    ValueError
    """
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ValueError("classes that are fewer than two, or doubled")
    if not isinstance(na, list) or not all(isinstance(word, str) for word in na):
        raise ValueError("words for a missing value that are none")
    for column in schema.columns:
        known = (column.kind in get_args(Kind), column.role in get_args(Role))
        if not all(known) or column.fill not in get_args(Fill):
            raise ValueError("a column of an unknown kind, role or fill")
    for shares in (fitted.prior_train, fitted.prior_fit):
        _refuse_shares(shares, len(classes))
    _refuse_model(fitted, len(classes))


def refuse_other_columns(preparation: Preparation) -> None:
    """Refuse encoders of other columns than the schema's, or of values that are no texts.

    Raises
    ------
    ValueError
    """
    categories, features = preparation.categories, preparation.schema.features
    if categories.names != tuple(c.name for c in features if c.kind == "category"):
        raise ValueError("categories of other columns")
    rates = preparation.schema.rates
    if tuple(rate.columns.names for rate in preparation.rates) != (rates.keys if rates else ()):
        raise ValueError("rates of other columns")
    if not len(categories.names) == len(categories.values) == len(categories.fills):
        raise ValueError("categories without values or fills")
    for values, fill in zip(categories.values, categories.fills, strict=True):
        if not all(isinstance(value, str) for value in values):
            raise ValueError("values of a category that are no texts")
        if fill not in range(-1, len(values)):
            raise ValueError("a fill that is no value of its category")


def refuse_bad_numbers(n_classes: int, cutoff: float, calibration: FittedRepair) -> None:
    """Refuse a cut-off and a calibration that no export of ours holds.

    Raises
    ------
    ValueError
    """
    if not np.isfinite(cutoff):
        raise ValueError("a cut-off that is no number")
    calibration.refuse_unsound(n_classes)
    if n_classes == 2 and not 0 <= cutoff <= 1:
        raise ValueError("a threshold that is no probability")


def _refuse_shares(shares: Floats, classes: int) -> None:
    if shares.shape != (classes,) or not (np.isfinite(shares) & (shares >= 0)).all():
        raise ValueError("class shares that are none")
    if abs(shares.sum() - 1) > 1e-6:
        raise ValueError("class shares that do not sum to 1")


def _refuse_model(fitted: FittedArm, classes: int) -> None:
    _refuse_one(fitted.model, build_model(fitted.arm, 0), classes)


def _refuse_one(model: Any, made: Any, classes: int) -> None:
    if model.n_classes != classes:
        raise ValueError("a model of other classes")
    if model.kind != made.kind:
        raise ValueError("a model of a foreign kind")
    if isinstance(model, EnsembleModel | StackingModel):
        if len(model.members) > len(made.members):
            raise ValueError("more models than were asked for")
        for member, unlearned in zip(model.members, made.members, strict=False):
            _refuse_one(member, unlearned, classes)
    if isinstance(model, EnsembleModel):
        return
    if isinstance(model, SklearnModel):
        refuse_strange_estimator(model, made)
        codes = np.asarray(model.estimator.classes_)  # absent where it was never fitted
        if codes.dtype.kind not in "iu":
            raise ValueError("a model of other classes")
        if model.encoding not in get_args(Encoding):
            raise ValueError("a model of an unknown encoding")
    else:
        codes = np.asarray(model.classes_)
    inside = codes.ndim == 1 and ((codes >= 0) & (codes < classes)).all()
    if not inside or len(np.unique(codes)) < max(1, len(codes)):
        raise ValueError("a model of other classes, or of one class twice")


def refuse_strange_forms(written: Any, decimal_commas: Any) -> None:
    """Refuse ways to write numbers and dates that no export of ours tells of.

    Raises
    ------
    ValueError
    """
    for form in map(form_from, written.values()):
        if isinstance(form, DateForm):
            sound = form.pattern in BARE_FORMATS or is_sound(form)
        else:
            sound = form.sound
        if not sound:
            raise ValueError("a form of numbers or dates that is none")
    if not isinstance(decimal_commas, list):
        raise ValueError("columns with decimal commas that are none")


def refuse_strange_estimator(model: Model, made: Any) -> None:
    """Refuse another type than the arm fits, and trees that are not sound.

    Parameters
    ----------
    model : Model
    made : Model
        What the arm makes, not fitted.

    Raises
    ------
    ValueError
    """
    if not isinstance(model, SklearnModel):
        return
    from sklearn.ensemble import BaseEnsemble, HistGradientBoostingClassifier
    from sklearn.tree import DecisionTreeClassifier

    estimator = model.estimator
    if type(estimator) is not type(made.estimator):
        raise ValueError("a model of a foreign type")
    if isinstance(estimator, BaseEnsemble):
        _refuse_bad_forest(estimator)
    elif isinstance(estimator, DecisionTreeClassifier):
        _refuse_bad_tree(estimator, int(estimator.n_features_in_), len(estimator.classes_))
    elif isinstance(estimator, HistGradientBoostingClassifier):
        _refuse_bad_boosting(estimator)
    _refuse_own_ways(estimator)


def _refuse_own_ways(estimator: Any) -> None:
    """Refuse an estimator that brings a method of its own in place of its type's."""
    if any(callable(getattr(type(estimator), name, None)) for name in vars(estimator)):
        raise ValueError("a model with ways of its own")


def _refuse_bad_forest(forest: Any) -> None:
    """Refuse trees of another forest; their nodes were looked at when they were built."""
    width, classes = int(forest.n_features_in_), len(forest.classes_)
    if type(forest.estimators_) is not list or not forest.estimators_:
        raise ValueError("a forest without trees")
    for one in forest.estimators_:
        _refuse_bad_tree(one, width, classes)


def _refuse_bad_tree(one: Any, width: int, classes: int) -> None:
    from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier
    from sklearn.tree._tree import Tree

    kinds = DecisionTreeClassifier, ExtraTreeClassifier
    if type(one) not in kinds or type(one.tree_) is not Tree:
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
