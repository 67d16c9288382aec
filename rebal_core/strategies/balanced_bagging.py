"""Every model sees a balanced bootstrap."""

from rebal_core.ensembles import BalancedBagging
from rebal_core.strategies.base import STRATEGIES, Strategy

balanced_bagging = STRATEGIES.add(
    Strategy(
        name="balanced_bagging",
        label="Balanced bagging",
        family="ensemble",
        reference="Hido, Kashima & Takahashi (2009), Roughly balanced bagging for imbalanced data, "
        "Statistical Analysis and Data Mining 2, 412-426",
        aliases=(
            "balanced_bagging_classifier",
            "roughly_balanced_bagging",
            "平衡装袋",
            "平衡bagging",
        ),
        about="Every model is fitted on a bootstrap with equal rows of each class, and the answers "
        "are averaged.",
        changes=("ranking", "probabilities"),
        probabilities="shifted",
        pitfall="Holding it against a single model: what it wins is then the average, not the "
        "balance. It is held against bagging here.",
        steps=(BalancedBagging(),),
        rival="bagging",
        fast={"n_estimators": 3},
    )
)
