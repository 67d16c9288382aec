"""The dummy: class shares, whatever the row."""

from __future__ import annotations

from sklearn.dummy import DummyClassifier

from rebal_core.classifiers.base import CLASSIFIERS, Classifier, SklearnModel


def _make(seed: int) -> SklearnModel:
    return SklearnModel(DummyClassifier(strategy="prior"), "ordinal", "none")


prior = CLASSIFIERS.add(
    Classifier(
        name="prior",
        label="Class shares only",
        family="reference",
        aliases=("dummy", "先验概率"),
        reference="scikit-learn, DummyClassifier(strategy='prior')",
        about="Says the share of each class in the training rows, for every row. What a model "
        "must beat.",
        make=_make,
    )
)
