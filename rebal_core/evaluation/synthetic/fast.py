"""The fast classifier by which made rows are judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.model_selection import StratifiedKFold

from rebal_core.classifiers import CLASSIFIERS
from rebal_core.facts import TableFacts
from rebal_core.model import FitJob, Model
from rebal_core.rows import Floats, Ints, TypedRows
from rebal_core.seeding import generator

#: The classifier, and the one that stands in for it where there are too few rows or too many
#: classes. Both are penalised: without a penalty every remedy looks like a cure.
FAST, SIMPLE = "hist_gradient_boosting", "logistic"
#: What is set of each: half the usual rounds serve to compare.
SETTINGS: dict[str, dict[str, Any]] = {FAST: {"max_iter": 50}, SIMPLE: {}}
#: Folds of a cross-fit; a class of fewer rows has as many as it has rows.
FOLDS = 5


def classifier_for(y: Ints, n_classes: int) -> str:
    """Return the name of the classifier that can serve so many rows and classes."""
    counts = tuple(np.bincount(y, minlength=n_classes).tolist())
    facts = TableFacts(len(y), counts, 0, 0, 0, 0)
    return SIMPLE if CLASSIFIERS[FAST].reason(facts, len(y)) else FAST


def fitted(name: str, rows: TypedRows, n_classes: int, seed: int) -> Model:
    """Return the classifier of this name, fitted on rows."""
    model = CLASSIFIERS[name].build(SETTINGS[name], seed)
    model.fit(FitJob(rows=rows, weight=rows.weight, n_classes=n_classes))
    return model


def folds_by_class(y: Ints, seed: int) -> list[tuple[Ints, Ints]]:
    """Return training and test positions of each fold; none where a class has a single row."""
    counts = np.unique(y, return_counts=True)[1]
    folds = min(FOLDS, int(counts.min())) if counts.size > 1 else 0
    if folds < 2:
        return []
    cut = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return [(train, test) for train, test in cut.split(np.zeros((len(y), 1)), y)]


def called(proba: Floats, y: Ints) -> Ints:
    """Return the class whose probability is raised most above its share among the rows ``y``.

    The most probable class would nearly always be the largest; this is the decision that would be
    right if all classes were equally frequent.
    """
    shares = np.bincount(y, minlength=proba.shape[1]) / max(1, len(y))
    raised = np.divide(proba, shares, out=np.zeros_like(proba), where=shares > 0)
    return np.asarray(raised.argmax(axis=1), dtype=np.int64)


def some(rows: TypedRows, size: int, seed: int) -> TypedRows:
    """Return so many random ones of the rows, in their order; all where there are no more."""
    if len(rows) <= size:
        return rows
    chosen = generator(seed, "some").permutation(len(rows))[:size]
    return rows.take(np.sort(chosen).astype(np.int64))


def joined(one: TypedRows, two: TypedRows) -> TypedRows:
    """Return the rows of two parts of a table, one behind the other."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(one, name), getattr(two, name)])
        for name in ("numbers", "codes", "y", "text_dense")
        if getattr(one, name) is not None
    }
    text = None if one.text is None else sp.vstack([one.text, two.text], format="csr")
    weight = None
    if one.weight is not None and two.weight is not None:
        weight = np.concatenate([one.weight, two.weight])
    return replace(one, **arrays, text=text, weight=weight, unseen=())
