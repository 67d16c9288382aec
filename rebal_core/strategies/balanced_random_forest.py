"""A forest whose trees each see as many rows of every class."""

from __future__ import annotations

from sklearn.base import BaseEstimator

from rebal_core.classifiers import ForestModel
from rebal_core.strategies.base import (
    STRATEGIES,
    Param,
    Strategy,
    too_few_to_cut,
)


class BalancedForest(BaseEstimator):  # type: ignore[misc]
    """Builder of balanced random forests.

    Parameters
    ----------
    n_estimators : int
        Trees.
    """

    classifier = "random_forest"

    def __init__(self, n_estimators: int = 100) -> None:
        self.n_estimators = n_estimators

    def build(self, seed: int) -> ForestModel:
        """Return an unfitted model; a tree draws as many rows of each class as the rarest has."""
        from imblearn.ensemble import BalancedRandomForestClassifier  # a slow import

        forest = BalancedRandomForestClassifier(
            n_estimators=self.n_estimators,
            sampling_strategy="all",
            replacement=True,
            bootstrap=False,
            n_jobs=1,
            random_state=seed,
        )
        return ForestModel(forest, "ordinal", balanced=True)


balanced_random_forest = STRATEGIES.add(
    Strategy(
        name="balanced_random_forest",
        label="Balanced random forest",
        family="ensemble",
        reference="Chen, Liaw & Breiman (2004), Using random forest to learn imbalanced data",
        aliases=("brf", "平衡随机森林"),
        about="Every tree is grown on a draw with equal rows of each class. Shifts the "
        "probabilities, which is undone in closed form.",
        ensemble=BalancedForest(),
        parameters=(Param("n_estimators", 100, 10, 1000, "Trees in the forest."),),
        limit=too_few_to_cut,
    )
)
