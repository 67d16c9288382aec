"""Boosting on many balanced draws, averaged."""

from rebal_core.ensembles import EasyEnsemble
from rebal_core.strategies.base import STRATEGIES, Strategy

easy_ensemble = STRATEGIES.add(
    Strategy(
        name="easy_ensemble",
        label="EasyEnsemble",
        family="ensemble",
        reference="Liu, Wu & Zhou (2009), Exploratory undersampling for class-imbalance learning, "
        "IEEE Trans. SMC B 39, 539-550",
        aliases=("easyensemble", "bag_of_boosted", "简易集成", "easy集成"),
        about="On each of many draws with equal rows of each class a few models are boosted, and "
        "all are averaged.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Holding forty models against one: what it wins may be the average alone. It is "
        "held against bagging here.",
        steps=(EasyEnsemble(),),
        rival="bagging",
        fast={"n_estimators": 3, "rounds": 2},
    )
)
