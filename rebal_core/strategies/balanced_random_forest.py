"""A forest whose trees each see as many rows of every class."""

from __future__ import annotations

from collections.abc import Callable

from rebal_core.classifiers import ForestModel
from rebal_core.classifiers.random_forest import TREES, grow_seconds
from rebal_core.facts import TableFacts
from rebal_core.model import Model
from rebal_core.samplers.random import too_few_to_cut
from rebal_core.step import Ensemble
from rebal_core.strategies.base import STRATEGIES, Strategy
from rebal_core.wording import Text

#: Seconds that drawing the rows of a hundred trees takes, for each anew.
_DRAWING = 1.0


class BalancedForest(Ensemble):
    """Builder of balanced random forests.

    Parameters
    ----------
    n_estimators : int
        Trees.
    """

    parameters = (TREES,)
    trusted = (
        "imblearn.ensemble._forest.BalancedRandomForestClassifier",
        "imblearn.pipeline.Pipeline",
        "imblearn.under_sampling._prototype_selection._random_under_sampler.RandomUnderSampler",
        "sklearn.tree._tree.Tree",
    )

    def __init__(self, n_estimators: int = 100) -> None:
        self.n_estimators = n_estimators

    def build(self, base: Callable[[int], Model], seed: int) -> ForestModel:
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
        return ForestModel(forest, "ordinal", "trees", balanced=True)

    def fit_seconds(self, facts: TableFacts, base: Callable[[TableFacts], float]) -> float:
        """Return the seconds of drawing and growing small trees."""
        drawn = facts.of_counts([min(facts.counts)] * facts.classes)
        return _DRAWING + grow_seconds(drawn, self.n_estimators)

    def limit(self, facts: TableFacts) -> Text | None:
        """Tell when a tree would see next to nothing."""
        return too_few_to_cut(facts)


balanced_random_forest = STRATEGIES.add(
    Strategy(
        name="balanced_random_forest",
        label="Balanced random forest",
        family="ensemble",
        reference="Chen, Liaw & Breiman (2004), Using random forest to learn imbalanced data",
        aliases=("brf", "平衡随机森林"),
        about="Every tree is grown on a draw with equal rows of each class.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Holding it against a single tree or a plain forest of another size: what it wins "
        "is then the average over trees.",
        steps=(BalancedForest(),),
        learner="random_forest",
    )
)
