"""Support vector machine with an RBF kernel: exact on small tables, by Nystroem above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from sklearn.svm import SVC

from rebal_core.classifiers.base import CLASSIFIERS, FIXED, Classifier
from rebal_core.classifiers.encode import Encoding
from rebal_core.classifiers.linear_svm import ITERATIONS, linear_machine
from rebal_core.classifiers.margins import Machine, MarginModel
from rebal_core.facts import TableFacts
from rebal_core.model import Explains
from rebal_core.params import Number
from rebal_core.rows import Floats, Ints
from rebal_core.wording import Text

#: Rows and classes up to which every row can be a support vector.
EXACT_ROWS, EXACT_CLASSES = 10_000, 30
#: Values of categories in whose indicators a distance can still be measured.
MOST_LEVELS = 2_000
#: What takes such a table.
_LIGHTER = {"classifier": "linear_svm", "classifier2": "lightgbm"}
#: Bytes of the solver for a nearness to a centre, and how many of them are too many.
_BYTES, _MOST_BYTES = 24, 4e9

#: Processor seconds: rows ^ 2 x columns (exact); rows x centres x (centres + outputs x 20).
_PAIR, _MAPPED = 2.2e-9, 5e-9


@dataclass
class RbfSVM(MarginModel):
    """Margins by nearness to support vectors, or to centres drawn from the rows.

    Of many classes the exact machine holds a margin for each pair; a class's is the mean of its
    own. Nystroem's has one of each class against all others.

    Parameters
    ----------
    C : float
        Weight of the rows against smoothness.
    gamma : float
        Times 1 / (columns x variance).
    centres : int
        Of Nystroem's map.
    max_iter : int

    References
    ----------
    Williams, Seeger (2001), Using the Nystroem method to speed up kernel machines, NeurIPS 13.
    """

    encoding: Encoding = "distances"
    explains: Explains = "permutation"
    C: float = 3.0
    gamma: float = 1.0
    centres: int = 300
    max_iter: int = 1000

    def train(self, matrix: Any, y: Ints, weight: Floats | None) -> Machine:
        """Choose by the number of rows; the folds of a fit follow the same rule."""
        matrix = matrix.astype(np.float64)
        gamma = float(self.gamma / (matrix.shape[1] * max(matrix.var(), 1e-9)))
        classes = int(y.max()) + 1
        if len(y) <= EXACT_ROWS and classes <= EXACT_CLASSES:
            return self._exact(matrix, y, weight, gamma)
        return self._mapped(matrix, y, weight, gamma)

    def _exact(self, matrix: Floats, y: Ints, weight: Floats | None, gamma: float) -> Machine:
        # An iteration of this solver moves two rows, one of the other's moves all.
        steps = self.max_iter * max(100, len(y) // 100)
        svc = SVC(C=self.C, gamma=gamma, cache_size=300, max_iter=steps)
        svc.fit(matrix, y, sample_weight=weight)
        classes = svc.classes_.size
        if classes == 2:
            weights = svc.dual_coef_.T
            return Machine(weights.copy(), svc.intercept_, svc.support_vectors_, gamma)
        owner = np.repeat(np.arange(classes), svc.n_support_)
        weights, intercept = np.zeros((len(owner), classes)), np.zeros(classes)
        for pair, (i, j) in enumerate(combinations(range(classes), 2)):
            # Of the vectors of class i row j - 1 tells the part against j, of those of j row i.
            part = np.where(owner == i, svc.dual_coef_[j - 1], 0.0)
            part = np.where(owner == j, svc.dual_coef_[i], part) / (classes - 1)
            bias = svc.intercept_[pair] / (classes - 1)
            weights[:, i] += part
            weights[:, j] -= part
            intercept[i] += bias
            intercept[j] -= bias
        return Machine(weights, intercept, svc.support_vectors_, gamma)

    def _mapped(self, matrix: Floats, y: Ints, weight: Floats | None, gamma: float) -> Machine:
        from sklearn.kernel_approximation import Nystroem

        near = Nystroem(gamma=gamma, n_components=min(self.centres, len(y)), random_state=self.seed)
        line = linear_machine(near.fit_transform(matrix), y, weight, self.C, self.max_iter)
        weights = near.normalization_.T @ line.coef_.T
        return Machine(weights, line.intercept_.astype(np.float64), near.components_, gamma)


def too_many_levels(facts: TableFacts) -> Text | None:
    """Tell when distances would be measured in the indicators of too many categories."""
    if facts.levels > MOST_LEVELS:
        return Text(
            "The categories have {levels:,} values, and distances between rows are measured in at "
            "most {most:,}; choose {classifier} or {classifier2}, or leave columns out.",
            {"levels": facts.levels, "most": MOST_LEVELS, **_LIGHTER},
        )
    return None


def _unsuitable(facts: TableFacts, left: int) -> Text | None:
    size = _BYTES * left * 300
    if size > _MOST_BYTES:
        return Text(
            "An RBF kernel takes about {size:.0f} GB for {left:,} rows; choose {classifier} or "
            "{classifier2}.",
            {"size": size / 1e9, "left": left, **_LIGHTER},
        )
    return too_many_levels(facts)


def _make(seed: int, **params: Any) -> RbfSVM:
    return RbfSVM(seed, **params)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    columns = facts.width + facts.levels
    if facts.rows <= EXACT_ROWS and facts.classes <= EXACT_CLASSES:
        return FIXED + _PAIR * facts.rows**2 * columns
    outputs = 1 if facts.classes == 2 else facts.classes
    centres: int = params["centres"]
    return FIXED + _MAPPED * facts.rows * centres * (centres + columns + 20 * outputs)


rbf_svm = CLASSIFIERS.add(
    Classifier(
        name="rbf_svm",
        label="SVM with RBF kernel",
        family="neighbours",
        aliases=("kernel_svm", "svm_rbf", "核支持向量机", "径向基支持向量机"),
        reference="Cortes & Vapnik (1995), Machine Learning 20, 273-297; Platt (1999); Williams & "
        "Seeger (2001), NeurIPS 13",
        about="A border of any shape, drawn by how near a row is to the telling ones. Exact up to "
        "10,000 rows, above by nearness to some of them.",
        make=_make,
        parameters=(
            Number(
                "C",
                "Freedom C",
                "How closely the border follows single rows: the smaller, the smoother.",
                3.0,
                1e-3,
                1e3,
            ),
            Number(
                "gamma",
                "Sharpness",
                "How fast nearness fades: the larger, the finer the patterns.",
                1.0,
                1e-3,
                1e3,
            ),
            Number(
                "centres",
                "Centres",
                "Rows to which nearness is measured above 10,000 rows.",
                300,
                10,
                2000,
            ),
            ITERATIONS,
        ),
        seconds=_seconds,
        explain="permutation",
        unsuitable=_unsuitable,
    )
)
