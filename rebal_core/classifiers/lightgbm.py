"""LightGBM: gradient boosting with native categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax

from rebal_core import focal
from rebal_core.classifiers.base import CLASSIFIERS, DEPTH, FIXED, Classifier
from rebal_core.classifiers.boosted_trees import (
    BoostedTree,
    nothing,
    raised,
    read_trees,
    write_trees,
)
from rebal_core.classifiers.encode import encode
from rebal_core.classifiers.hist_gradient_boosting import too_small_or_too_many
from rebal_core.facts import TableFacts
from rebal_core.model import Explains, FitJob
from rebal_core.params import Number
from rebal_core.rows import Floats, Ints, TypedRows

FILE = "model.txt"
#: Processor seconds of trees x columns, and of the same x rows.
_COLUMN, _VALUE = 1e-4, 1e-8


@dataclass
class LightGBMModel:
    """Boosted trees, one a class and round; of two classes one, the second's.

    Parameters
    ----------
    seed : int
    n_estimators, learning_rate, num_leaves, min_child_samples, reg_lambda, max_depth,
    colsample_bytree
        As LightGBM calls them.
    n_classes : int
        K, known after the fit.
    classes_ : tuple of int
        Labels that the training rows hold.
    width_ : int
        Columns.
    focus_ : float
        Of the focal loss that it was trained by; its answers are put right in closed form.
    trees_ : list of BoostedTree
    """

    kind: ClassVar[str] = "lightgbm"
    explains: ClassVar[Explains] = "trees"

    seed: int = 0
    n_estimators: int = 100
    learning_rate: float = 0.1
    num_leaves: int = 31
    min_child_samples: int = 20
    reg_lambda: float = 1.0
    max_depth: int = 0
    colsample_bytree: float = 1.0
    n_classes: int = 0
    classes_: tuple[int, ...] = ()
    width_: int = 0
    focus_: float = 0.0
    trees_: list[BoostedTree] = field(default_factory=list, repr=False)
    booster_: Any = field(default=None, repr=False)

    @property
    def outputs(self) -> int:
        """Trees of a round."""
        return 1 if len(self.classes_) == 2 else len(self.classes_)

    def fit(self, job: FitJob) -> None:
        """Grow the trees; on one thread, so that the same seed grows the same."""
        import lightgbm

        rows, plan = job.rows, job.training
        known, y = np.unique(rows.y, return_inverse=True)
        matrix = encode(rows, "native")
        self.n_classes, self.classes_ = job.n_classes, tuple(known.tolist())
        self.width_, self.focus_ = matrix.shape[1], plan.focus
        first = self.width_ - rows.codes.shape[1]
        text = 0 if rows.text_dense is None else rows.text_dense.shape[1]
        data = lightgbm.Dataset(
            matrix,
            y,
            weight=job.weight,
            categorical_feature=list(range(first - text, self.width_ - text)),
            params={"verbosity": -1},
        )
        data.construct()
        offset = np.zeros(known.size) if not plan.offset else np.array(plan.offset)[known]
        mass = np.bincount(y, job.weight, minlength=known.size)
        # At first every row is answered with the class shares.
        start = focal.start(np.maximum(mass, 1e-12) / mass.sum(), plan.focus) - offset
        start = start[1:] - start[0] if self.outputs == 1 else start
        loss: dict[str, Any] = {"objective": "binary" if self.outputs == 1 else "multiclass"}
        own = bool(plan.focus or plan.offset)
        if own:
            loss["objective"] = _Objective(y, job.weight, start, offset, plan.focus).of_lightgbm
        if self.outputs > 1:
            loss["num_class"] = self.outputs
        if any(data.feature_num_bin(j) > 1 for j in range(self.width_)):
            grown = lightgbm.train({**self._settings(), **loss}, data, self.n_estimators)
            trees = read_trees(grown.model_to_string(), self.outputs, self.width_)
            self.trees_ = raised(trees, start) if own else trees
        else:  # no column can be split
            self.trees_ = raised([nothing()] * self.outputs, start)
        self._open()

    def _settings(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_child_samples,
            "lambda_l2": self.reg_lambda,
            "max_depth": self.max_depth or -1,
            "feature_fraction": self.colsample_bytree,
            "seed": self.seed % 2**31,
            "num_threads": 1,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }

    def _open(self) -> None:
        import lightgbm

        text = write_trees(self.trees_, self.outputs, self.width_)
        self.booster_ = lightgbm.Booster(model_str=text)

    def margins(self, matrix: Any) -> Floats:
        """Return the margins of the classes that were there, shape (n, C)."""
        if self.booster_ is None:
            raise ValueError("This model has not been fitted.")
        if matrix.shape[1] != self.width_:
            raise ValueError("rows of other columns")
        raw = self.booster_.predict(matrix, raw_score=True, num_threads=1)
        if self.outputs > 1:
            return np.asarray(raw.reshape(len(matrix), self.outputs))
        return np.column_stack([np.zeros(len(matrix)), raw])

    def predict_proba(self, rows: TypedRows) -> Floats:
        """Return probabilities over all K classes."""
        known = softmax(self.margins(encode(rows, "native")), axis=1)
        proba = np.zeros((len(rows), self.n_classes))
        proba[:, list(self.classes_)] = focal.recovered(known, self.focus_)
        return proba

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the trees as ``model.txt``, which any LightGBM reads."""
        text = write_trees(self.trees_, self.outputs, self.width_)
        (folder / FILE).write_text(text, encoding="ascii")
        return {
            "n_classes": self.n_classes,
            "classes_": list(self.classes_),
            "width_": self.width_,
            "focus_": self.focus_,
        }

    @classmethod
    def load(
        cls, folder: Path, about: Mapping[str, Any], trusted: tuple[str, ...]
    ) -> LightGBMModel:
        """Rebuild what :meth:`save` wrote; LightGBM reads what is written anew from it."""
        classes, width, focus = tuple(about["classes_"]), about["width_"], about["focus_"]
        if type(width) is not int or not 1 <= width < 2**24 or len(classes) < 2:
            raise ValueError("trees of no columns or classes")
        if type(focus) is not float or not 0 <= focus <= focal.MOST_FOCUS:
            raise ValueError("a focal loss that is none")
        model = cls(n_classes=about["n_classes"], classes_=classes, width_=width, focus_=focus)
        text = (folder / FILE).read_text(encoding="ascii")
        model.trees_ = read_trees(text, model.outputs, width)
        if not model.trees_:
            raise ValueError("boosting without rounds")
        model._open()
        return model


@dataclass
class _Objective:
    """Gradients of a loss as LightGBM asks for them."""

    y: Ints
    weight: Floats | None
    start: Floats
    offset: Floats
    focus: float

    def of_lightgbm(self, raw: Floats, _data: Any) -> tuple[Floats, Floats]:
        """Return gradient and Hessian at the trees' sums so far, of the shape that they have."""
        margins = raw.reshape(len(self.y), -1) + self.start
        if margins.shape[1] == 1:
            margins = np.hstack([np.zeros_like(margins), margins])
        gradient, hessian = focal.gradients(margins + self.offset, self.y, self.focus)
        # Where the loss is hollow, the part of it that never is: a Newton step must go down.
        p = softmax(margins + self.offset, axis=1)
        hessian = np.maximum(hessian, 1e-3 * p * (1 - p))
        if raw.ndim == 1:
            gradient, hessian = gradient[:, 1], hessian[:, 1]
        weight = np.ones(len(self.y)) if self.weight is None else self.weight
        weight = weight if raw.ndim == 1 else weight[:, None]
        return gradient * weight, hessian * weight


def _make(seed: int, **params: Any) -> LightGBMModel:
    return LightGBMModel(seed, **params)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    trees: int = params["n_estimators"] * (1 if facts.classes == 2 else facts.classes)
    return FIXED + trees * facts.width * (_COLUMN + _VALUE * facts.rows)


lightgbm = CLASSIFIERS.add(
    Classifier(
        name="lightgbm",
        label="LightGBM",
        family="trees",
        aliases=("lgbm", "lgb", "light_gbm", "轻量梯度提升"),
        reference="Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, "
        "NeurIPS 30",
        about="Gradient boosting that splits categories as such, several values at once. As strong "
        "on tables as histogram boosting, and often faster.",
        make=_make,
        # Without a penalty the leaves of a tiny class explode: they divide by p (1 - p).
        parameters=(
            Number("n_estimators", "Rounds", "Trees a class, one after the other.", 100, 1, 5000),
            Number(
                "learning_rate",
                "Learning rate",
                "How much each tree counts: the smaller, the more rounds it takes.",
                0.1,
                1e-4,
                1.0,
            ),
            Number("num_leaves", "Leaves of a tree", "More see finer patterns.", 31, 2, 10_000),
            Number(
                "min_child_samples",
                "Smallest leaf",
                "Rows that a leaf of a tree must hold: more make smoother probabilities.",
                20,
                1,
                10_000,
            ),
            Number(
                "reg_lambda",
                "Penalty of leaves",
                "Without one the leaves of tiny classes explode.",
                1.0,
                0.0,
                1e4,
            ),
            DEPTH,
            Number(
                "colsample_bytree",
                "Part of the columns",
                "Looked at for each tree, drawn anew; 1 is all.",
                1.0,
                0.01,
                1.0,
            ),
        ),
        seconds=_seconds,
        explain="trees",
        unsuitable=too_small_or_too_many,
    )
)
