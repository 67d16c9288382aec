"""Boosting on balanced draws."""

from rebal_core.ensembles import RUSBoost
from rebal_core.strategies.base import STRATEGIES, Strategy

rus_boost = STRATEGIES.add(
    Strategy(
        name="rus_boost",
        label="RUSBoost",
        family="ensemble",
        reference="Seiffert et al. (2010), RUSBoost, IEEE Trans. SMC A 40, 185-197",
        aliases=("rusboost", "under_boosting", "欠采样提升"),
        about="Boosting in which every model sees equal rows of each class, drawn anew, and is "
        "judged on all rows.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="One draw before all rounds, which is boosting on a small table; and judging a "
        "model on its draw, where it looks better than it is.",
        steps=(RUSBoost(),),
        rival="boosting",
        fast={"n_estimators": 3},
    )
)
