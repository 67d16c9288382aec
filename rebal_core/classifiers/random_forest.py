"""Random forest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from rebal_core.classifiers.base import CLASSIFIERS, DEPTH, FIXED, Classifier, SklearnModel
from rebal_core.classifiers.encode import encode
from rebal_core.facts import TableFacts
from rebal_core.model import FitJob
from rebal_core.params import Choice, Number

#: Processor seconds of 100 trees: rows ^ 1.3 x sqrt(columns), and more with every class.
_GROW, _GROW_CLASS = 2.4e-6, 1 / 30

#: Parameter of every forest.
TREES = Number("n_estimators", "Trees", "Trees in the forest.", 100, 10, 1000)
LEAF = Number(
    "min_samples_leaf",
    "Smallest leaf",
    "Rows that a leaf of a tree must hold: more make smoother probabilities.",
    1,
    1,
    10_000,
)
COLUMNS = Choice(
    "max_features",
    "Columns a cut",
    "How many columns are looked at for each cut.",
    "sqrt",
    (("sqrt", "Square root of all"), ("log2", "Logarithm of all"), ("all", "All")),
)


def deepest(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as scikit-learn's trees take them, to which no limit is None."""
    named = {"max_depth": 0, "max_features": "all"}
    return {n: None if n in named and v == named[n] else v for n, v in params.items()}


@dataclass
class ForestModel(SklearnModel):
    """A forest with one tree more, which knows the class shares only.

    Trees with pure leaves answer 0 for a class that none of them met nearby, and one such row can
    cost more than all the others together: the log loss of a forest was above that of the class
    shares on tables that it ranks well. The further tree, a root without branches, takes the 0
    away and keeps the order of the rows of two classes.

    Parameters
    ----------
    balanced : bool
        True where every tree sees as many rows of each class, whatever their shares are.

    References
    ----------
    Provost, Domingos (2003), Machine Learning 52, 199-215: forests of probabilities want Laplace's
    correction.
    """

    balanced: bool = False

    def fit(self, job: FitJob) -> None:
        """Fit the forest and its further tree."""
        super().fit(job)
        rows, weight = job.rows, job.weight
        known, first = np.unique(rows.y, return_index=True)
        shares = np.ones(known.size) if self.balanced else np.bincount(rows.y, weight)[known]
        root = DecisionTreeClassifier(min_impurity_decrease=1.0)  # more than any split can give
        # Each class by a row of it, twice: one row a class would be warned of as a regression.
        matrix = encode(rows.take(np.repeat(first, 2)), self.encoding)
        root.fit(matrix, np.repeat(known, 2), sample_weight=np.repeat(shares, 2))
        self.estimator.estimators_.append(root)


def _make(seed: int, **params: Any) -> ForestModel:
    forest = RandomForestClassifier(n_jobs=1, random_state=seed, **deepest(params))
    return ForestModel(forest, "ordinal", "trees")


def grow_seconds(facts: TableFacts, trees: int = 100) -> float:
    """Return the processor seconds of growing a forest on a table of this size."""
    growing = _GROW * (1 + _GROW_CLASS * (facts.classes - 2)) * trees / 100
    return 5 * FIXED + growing * float(facts.rows**1.3 * facts.width**0.5)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    return grow_seconds(facts, params["n_estimators"])


random_forest = CLASSIFIERS.add(
    Classifier(
        name="random_forest",
        label="Random forest",
        family="trees",
        aliases=("rf", "forest", "随机森林"),
        reference="Breiman (2001), Machine Learning 45, 5-32",
        about="The average of many deep trees, each grown on a bootstrap of the rows. Needs no "
        "tuning; memorises copied rows.",
        make=_make,
        parameters=(TREES, LEAF, DEPTH, COLUMNS),
        later=("max_depth", "max_features"),
        seconds=_seconds,
        trusted=("sklearn.tree._tree.Tree",),
        explain="trees",
    )
)
