"""Linear support vector machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.svm import LinearSVC

from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier
from rebal_core.classifiers.logistic import filled_columns, too_many_coefficients
from rebal_core.classifiers.margins import Machine, MarginModel
from rebal_core.facts import TableFacts
from rebal_core.params import Number
from rebal_core.rows import Floats, Ints

#: Processor seconds of rows x outputs, and of the same x filled columns, all folds together.
_ROW, _VALUE = 2e-6, 1e-7

ITERATIONS = Number(
    "max_iter",
    "Most iterations",
    "Steps of the solver at most; a note tells when they did not suffice.",
    1000,
    10,
    1_000_000,
)


@dataclass
class LinearSVM(MarginModel):
    """A line for each class against all others, by the squared hinge loss.

    Parameters
    ----------
    C : float
        Weight of the rows against the penalty of the coefficients.
    max_iter : int
    """

    C: float = 0.1
    max_iter: int = 1000

    def train(self, matrix: Any, y: Ints, weight: Floats | None) -> Machine:
        """Solve the primal problem."""
        line = linear_machine(matrix, y, weight, self.C, self.max_iter)
        return Machine(line.coef_.T.astype(np.float64), line.intercept_.astype(np.float64))


def linear_machine(
    matrix: Any, y: Ints, weight: Floats | None, c: float, max_iter: int
) -> LinearSVC:
    """Return fitted lines; the primal problem is solved without any random numbers."""
    line = LinearSVC(C=c, dual=False, tol=1e-4, max_iter=max_iter)
    return line.fit(matrix, y, sample_weight=weight)


def _make(seed: int, **params: Any) -> LinearSVM:
    return LinearSVM(seed, **params)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    outputs = 1 if facts.classes == 2 else facts.classes
    return FIXED + facts.rows * outputs * (_ROW + _VALUE * filled_columns(facts))


linear_svm = CLASSIFIERS.add(
    Classifier(
        name="linear_svm",
        label="Linear SVM",
        family="linear",
        aliases=("svm", "svc", "linear_svc", "支持向量机", "线性支持向量机"),
        reference="Cortes & Vapnik (1995), Machine Learning 20, 273-297; Platt (1999)",
        about="The line that keeps the classes apart by the widest margin. Its margins become "
        "probabilities by sigmoids fitted on rows held back from it.",
        make=_make,
        parameters=(
            Number(
                "C",
                "Freedom C",
                "How far coefficients may grow: the smaller, the stronger the penalty.",
                0.1,
                1e-4,
                1e4,
            ),
            ITERATIONS,
        ),
        seconds=_seconds,
        explain="linear",
        unsuitable=lambda facts, left: too_many_coefficients(facts),
    )
)
