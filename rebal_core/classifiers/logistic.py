"""Logistic regression."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import LogisticRegression

from rebal_core.classifiers.base import CLASSIFIERS, Classifier, Facts, SklearnModel

#: Half the customary penalty: with many classes that categories give away, 1 costs macro F1 .04.
_C = 2.0
#: Coefficients of text for one class: as many as the text encoder keeps.
_TERMS = 5_000


def _make(seed: int, **params: Any) -> SklearnModel:
    return SklearnModel(LogisticRegression(max_iter=1000, **params), "onehot")


def _unsuitable(facts: Facts, left: int) -> str | None:
    size = 8 * len(facts.counts) * facts.texts * _TERMS
    if size > 2e9:
        return (
            f"Logistic regression on text needs about {size / 1e9:.0f} GB of coefficients for "
            f"{len(facts.counts)} classes; choose random_forest or mlp."
        )
    return None


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
        defaults=(("C", _C),),
        explain="linear",
        unsuitable=_unsuitable,
    )
)
