"""The same model on many bootstraps, averaged: no remedy for imbalance."""

from rebal_core.ensembles import Bagging
from rebal_core.strategies.base import STRATEGIES, Strategy

bagging = STRATEGIES.add(
    Strategy(
        name="bagging",
        label="Bagging",
        family="ensemble",
        reference="Breiman (1996), Bagging predictors, Machine Learning 24, 123-140",
        aliases=("bootstrap_aggregating", "bagged", "装袋", "自助聚合", "袋装法"),
        about="The model is fitted on many bootstraps of the rows, and the answers are averaged. "
        "No remedy for imbalance: what balanced ensembles are held against, because they average "
        "too.",
        pitfall="Drawing without replacement, or fitting every model on all rows: without a "
        "bootstrap there is nothing to average. And taking the gain of the average for a gain of "
        "balancing.",
        steps=(Bagging(),),
        remedy=False,
        fast={"n_estimators": 3},
    )
)
