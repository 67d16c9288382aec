"""Every model looks harder at what those before got wrong: no remedy for imbalance."""

from rebal_core.ensembles import Boosting
from rebal_core.strategies.base import STRATEGIES, Strategy

boosting = STRATEGIES.add(
    Strategy(
        name="boosting",
        label="Boosting",
        family="ensemble",
        reference="Zhu et al. (2009), Multi-class AdaBoost, Statistics and Its Interface 2, "
        "349-360",
        aliases=("adaboost", "samme", "自适应提升", "adaboost提升"),
        about="Rows that a model gets wrong weigh more for the next, and the answers are averaged "
        "by how good each model is. No remedy for imbalance: what balanced boosting is held "
        "against.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="That it looked at rare rows: it looks at errors, whatever their class. And "
        "calling AdaBoost a way of oversampling.",
        steps=(Boosting(),),
        remedy=False,
        fast={"n_estimators": 3},
    )
)
