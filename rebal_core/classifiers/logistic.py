"""Logistic regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.linear_model import LogisticRegression

from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier, SklearnModel
from rebal_core.facts import SOME_LETTERS, SOME_LEVELS, TableFacts
from rebal_core.params import Number
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


def _make(seed: int, **params: Any) -> SklearnModel:
    return SklearnModel(LogisticRegression(max_iter=1000, **params), "onehot", "linear")


def _unsuitable(facts: TableFacts, left: int) -> Text | None:
    size = 8 * len(facts.counts) * facts.texts * _TERMS
    if size > 2e9:
        return Text(
            "Logistic regression on text needs about {size:.0f} GB of coefficients for {classes} "
            "classes; choose random_forest or mlp.",
            {"size": size / 1e9, "classes": facts.classes},
        )
    return None


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    outputs = 1 if facts.classes == 2 else facts.classes
    numbers, levels = facts.numbers + facts.embeddings, SOME_LEVELS * facts.categories
    columns = numbers + (facts.levels or levels) + facts.categories
    if facts.texts or columns > _SPARSE_WIDTH:
        letters = facts.letters or SOME_LETTERS * facts.texts
        pieces = _PIECES * letters / (1 + letters / _REPEATING)
        a_row, a_value = _SPARSE
        filled = numbers + facts.categories + pieces
        return FIXED + facts.rows * outputs * (a_row + a_value * filled)
    if outputs == 1:
        return FIXED + _TWO * facts.rows * columns
    a_row, a_value = _MANY
    return FIXED + facts.rows * outputs * (a_row + a_value * columns)


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
        ),
        seconds=_seconds,
        explain="linear",
        unsuitable=_unsuitable,
    )
)
