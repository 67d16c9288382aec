"""A single decision tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier

from rebal_core.classifiers.base import CLASSIFIERS, DEPTH, FIXED, Classifier, SklearnModel
from rebal_core.classifiers.crossfit import FOLDS, folds_of
from rebal_core.classifiers.encode import encode
from rebal_core.classifiers.random_forest import deepest
from rebal_core.facts import TableFacts
from rebal_core.model import FitJob
from rebal_core.params import Number
from rebal_core.rows import Floats

#: Shrinkages that are tried where none is set.
_TRIED = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
#: Processor seconds, trees of the folds included, of rows ^ 1.5 x columns.
_GROW = 2e-8


@dataclass
class TreeModel(SklearnModel):
    """A tree whose answers are drawn towards those further up, the more the fewer rows they have.

    A pure leaf would answer 0 for a class that it never met, and one such row can cost more than
    all the others together.

    Parameters
    ----------
    shrinkage : float
        Rows at which a step down the tree counts half; 0 has it chosen on rows held back.

    References
    ----------
    Agarwal et al. (2022), Hierarchical shrinkage: improving the accuracy and interpretability of
    tree-based models, ICML.
    """

    shrinkage: float = 0.0

    def fit(self, job: FitJob) -> None:
        """Fit the tree and draw its answers together."""
        super().fit(job)
        tree = self.estimator.tree_
        tree.value[:, 0, :] = _drawn(tree, self.shrinkage or self._chosen(job))

    def _chosen(self, job: FitJob) -> float:
        """Return the shrinkage of the least log loss on folds that no tree has seen."""
        rows, weight = job.rows, job.weight
        matrix, mass = encode(rows, self.encoding), np.ones(len(rows)) if weight is None else weight
        fold, losses = folds_of(rows, rows.y, self.estimator.random_state), np.zeros(len(_TRIED))
        for held in range(FOLDS):
            taught, asked = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
            known, own = np.unique(rows.y[taught], return_inverse=True)
            asked = asked[np.isin(rows.y[asked], known)]
            if not asked.size:
                continue
            part = clone(self.estimator).fit(matrix[taught], own, sample_weight=mass[taught])
            leaves, label = part.apply(matrix[asked]), np.searchsorted(known, rows.y[asked])
            for place, tried in enumerate(_TRIED):
                p = _drawn(part.tree_, tried)[leaves, label]
                losses[place] -= mass[asked] @ np.log(np.maximum(p, 1e-15))
        return _TRIED[int(losses.argmin())]


def _drawn(tree: Any, shrinkage: float) -> Floats:
    """Return the class shares of each node, drawn towards those of the nodes above it."""
    shares = tree.value[:, 0, :] / tree.value[:, 0, :].sum(axis=1, keepdims=True)
    drawn = shares.copy()
    for node in np.flatnonzero(tree.children_left >= 0):  # a parent stands before its children
        counts = tree.n_node_samples[node] / (tree.n_node_samples[node] + shrinkage)
        for child in (tree.children_left[node], tree.children_right[node]):
            drawn[child] = drawn[node] + counts * (shares[child] - shares[node])
    return np.asarray(drawn)


def _make(seed: int, **params: Any) -> TreeModel:
    shrinkage = params.pop("shrinkage")
    tree = DecisionTreeClassifier(random_state=seed, **deepest(params))
    return TreeModel(tree, "ordinal", "trees", shrinkage=shrinkage)


def _seconds(facts: TableFacts, params: Mapping[str, Any]) -> float:
    return FIXED + _GROW * float(facts.rows**1.5 * facts.width)


decision_tree = CLASSIFIERS.add(
    Classifier(
        name="decision_tree",
        label="Decision tree",
        family="trees",
        aliases=("cart", "single_tree", "决策树"),
        reference="Breiman, Friedman, Olshen & Stone (1984), Classification and regression trees; "
        "Agarwal et al. (2022), Hierarchical shrinkage, ICML",
        about="One tree of questions, which can be read from root to leaf. Coarse, and changes "
        "much with few rows.",
        make=_make,
        parameters=(
            DEPTH,
            Number(
                "min_samples_leaf",
                "Smallest leaf",
                "Rows that a leaf of a tree must hold: more make smoother probabilities.",
                2,
                1,
                10_000,
            ),
            Number(
                "shrinkage",
                "Shrinkage",
                "Rows at which a question counts half: more make smoother probabilities. 0 has it "
                "chosen on rows held back.",
                0.0,
                0.0,
                1e4,
            ),
        ),
        seconds=_seconds,
        trusted=("sklearn.tree._tree.Tree",),
        explain="trees",
    )
)
