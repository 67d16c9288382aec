"""Logistic regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.linear_model import LogisticRegression

from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier, SklearnModel
from rebal_core.facts import SOME_LETTERS, SOME_LEVELS, TableFacts
from rebal_core.params import Choice, Number
from rebal_core.wording import Text

#: Half the customary penalty: with many classes that categories give away, 1 costs macro F1 .04.
_C = 2.0
#: Coefficients of text for one class: as many as the text encoder keeps.
_TERMS = 5_000

#: Processor seconds. Two classes: rows x columns. More: rows x classes, and the same x columns;
#: beside a second worker, with which such fits share the memory, they take 1.45 times as long.
_TWO = 1.7e-7
_MANY = 3.2e-6, 3.6e-8
#: Sparse, as text is and what is wider than this: rows x classes, and the same x filled columns.
_SPARSE_WIDTH, _SPARSE = 500, (5.5e-6, 1.2e-7)
#: A text of few letters has so many pieces a letter; the longer it is, the more it repeats itself.
_PIECES, _REPEATING = 2.5, 130.0

#: Those that penalise no intercept; liblinear does, so its answer is another.
_SOLVERS = (
    ("lbfgs", "L-BFGS"),
    ("newton-cg", "Newton, by conjugate gradients"),
    ("newton-cholesky", "Newton, by Cholesky"),
    ("sag", "SAG"),
    ("saga", "SAGA"),
)
#: How many times as long as L-BFGS the slow ones take.
_SLOWER = {"sag": 4.0, "saga": 6.0}


def _make(seed: int, **params: Any) -> SklearnModel:
    if params["l1_ratio"] > 0:  # the only solver of this kind of penalty
        params["solver"] = "saga"
    return SklearnModel(LogisticRegression(random_state=seed, **params), "onehot", "linear")


def too_many_coefficients(facts: TableFacts) -> Text | None:
    """Tell when one coefficient for each class and piece of text is more than fits."""
    size = 8 * len(facts.counts) * facts.texts * _TERMS
    if size > 2e9:
        return Text(
            "A linear model of text needs about {size:.0f} GB of coefficients for {classes} "
            "classes; choose {classifier} or {classifier2}.",
            {
                "size": size / 1e9,
                "classes": facts.classes,
                "classifier": "random_forest",
                "classifier2": "mlp",
            },
        )
    return None


def filled_columns(facts: TableFacts) -> float:
    """Return how many numbers other than 0 a row holds, about, once categories are written out."""
    numbers, levels = facts.numbers + facts.embeddings, SOME_LEVELS * facts.categories
    columns = numbers + (facts.levels or levels) + facts.categories
    if not facts.texts and columns <= _SPARSE_WIDTH:
        return columns
    letters = facts.letters or SOME_LETTERS * facts.texts
    return numbers + facts.categories + _PIECES * letters / (1 + letters / _REPEATING)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    outputs = 1 if facts.classes == 2 else facts.classes
    numbers, levels = facts.numbers + facts.embeddings, SOME_LEVELS * facts.categories
    columns = numbers + (facts.levels or levels) + facts.categories
    slower = _SLOWER.get("saga" if params["l1_ratio"] > 0 else params["solver"], 1.0)
    if facts.texts or columns > _SPARSE_WIDTH:
        a_row, a_value = _SPARSE
        return FIXED + slower * facts.rows * outputs * (a_row + a_value * filled_columns(facts))
    if outputs == 1:
        return FIXED + slower * _TWO * facts.rows * columns
    a_row, a_value = _MANY
    return FIXED + slower * facts.rows * outputs * (a_row + a_value * columns)


logistic = CLASSIFIERS.add(
    Classifier(
        name="logistic",
        label="Logistic regression",
        family="linear",
        aliases=("logistic_regression", "lr", "逻辑回归", "逻辑斯蒂回归"),
        reference="Cox (1958), JRSS B 20, 215-242",
        about="A weighted sum of the columns, turned into a probability. Well calibrated, fast, "
        "and the easiest to read.",
        make=_make,
        parameters=(
            Number(
                "C",
                "Freedom C",
                "How far coefficients may grow: the smaller, the stronger the penalty.",
                _C,
                1e-4,
                1e4,
            ),
            Number(
                "l1_ratio",
                "Part of L1",
                "0 makes all coefficients smaller, 1 makes many of them 0; above 0 SAGA solves it.",
                0.0,
                0.0,
                1.0,
            ),
            Choice("solver", "Solver", "All find the same model, given time.", "lbfgs", _SOLVERS),
            Number(
                "max_iter",
                "Most iterations",
                "Steps of the solver at most; a note tells when they did not suffice.",
                1000,
                1,
                1_000_000,
            ),
            Number("tol", "Tolerance", "The solver stops at steps so small.", 1e-4, 1e-12, 1.0),
        ),
        later=("l1_ratio", "solver", "max_iter", "tol"),
        seconds=_seconds,
        explain="linear",
        unsuitable=lambda facts, left: too_many_coefficients(facts),
    )
)
